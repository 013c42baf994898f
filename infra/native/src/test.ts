import { join } from 'node:path'
import { systemClock } from '@chat/runtime/system'
import { definedOf } from './environment.ts'
import { runTests } from './run-tests.ts'
import { describeCounts, parseTestArgs } from './test-plan.ts'

const repoDir = join(import.meta.dirname, '..', '..', '..')
const say = (line: string) => process.stdout.write(`${line}\n`)
const stopping = new AbortController()
const onSignal = (name: NodeJS.Signals) => {
  // The second one does not wait: what is left then is ended by the next run.
  if (stopping.signal.aborted) process.exit(130)
  say(`${name}: stopping the tests and their stack`)
  stopping.abort()
}
process.on('SIGINT', onSignal).on('SIGTERM', onSignal).on('SIGHUP', onSignal)
process.stdout.on('error', () => stopping.abort()) // Nobody reads any more.

try {
  const request = parseTestArgs(process.argv.slice(2))
  const counts = await runTests(request, {
    repoDir,
    env: definedOf(process.env),
    clock: systemClock,
    signal: stopping.signal,
    say,
  })
  say(describeCounts(counts))
  process.exitCode = counts.failed > 0 ? 1 : 0
} catch (error) {
  say(error instanceof Error ? error.message : String(error))
  say(describeCounts({ passed: 0, failed: 1, skipped: 0 }))
  process.exitCode = 1
}
