import { join } from 'node:path'
import { exitCodeOf } from '@chat/runtime'
import { systemClock } from '@chat/runtime/system'
import { parseCommand, runCommand } from './commands.ts'
import { definedOf } from './environment.ts'
import { createStack } from './stack.ts'

const dataDir = join(import.meta.dirname, '..', '..', '..', '.chat')
process.stdout.on('error', () => {}) // The reader went away, as `head` does: the work is finished all the same.
const print = (line: string) => process.stdout.write(`${line}\n`)

const run = async (): Promise<number> => {
  const command = parseCommand(process.argv.slice(2))
  const stackOf = (brokers: 1 | 3 | undefined) =>
    createStack({
      dir: join(dataDir, 'stack'),
      cacheDir: join(dataDir, 'cache'),
      brokers,
      ports: 'preferred',
      envPath: join(dataDir, 'stack.env'),
      env: definedOf(process.env),
      clock: systemClock,
      say: print,
    })
  return runCommand(command, stackOf, print)
}

process.exitCode = await exitCodeOf(run())
