import { consume } from './consume.ts'
import { readSettings } from './settings.ts'
import { openTally } from './tally.ts'

/** Counts until SIGTERM or SIGINT; started again, it goes on where it was. */
const settings = readSettings(process.env)
const tally = openTally(settings.file, settings.topic)
const { promise: ended, resolve: end, reject: fail } = Promise.withResolvers<void>()
process.once('SIGTERM', () => end()).once('SIGINT', () => end())
try {
  const consuming = await consume(settings, tally, fail)
  process.stdout.write(`counting ${settings.topic} into ${settings.file}\n`)
  await ended
  await consuming.stop()
  process.exitCode = 0
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
tally.close()
process.exit()
