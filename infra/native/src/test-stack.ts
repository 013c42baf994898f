import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '@chat/runtime'
import { type Identity, identify, isAlive } from './identity.ts'
import type { BrokerCount } from './layout.ts'
import { createStack, type Stack } from './stack.ts'

export interface TestStackOptions {
  /** `.chat` of the clone. */
  readonly dataDir: string
  readonly brokers: BrokerCount
  readonly env: Readonly<Record<string, string>>
  readonly clock: Clock
  readonly say: (line: string) => void
}

export interface TestStack {
  readonly stack: Stack
  readonly dir: string
  /** Stops it and removes its data. The logs of a failed run are kept in `.chat/test/logs`. */
  remove(options: { readonly areLogsKept: boolean }): Promise<void>
}

/**
 * A stack on free ports in a folder of this process, so that tests never meet a stack that runs, nor each other. What test runs
 * that were killed left behind is ended first.
 */
export const createTestStack = async (options: TestStackOptions): Promise<TestStack> => {
  const testDir = join(options.dataDir, 'test')
  await endLeftovers(testDir, options)
  const dir = newFolder(testDir)
  const stack = stackIn(dir, options)
  return {
    stack,
    dir,
    remove: async ({ areLogsKept }) => {
      await stack.down()
      const logs = join(testDir, 'logs')
      if (areLogsKept && existsSync(join(dir, 'log'))) {
        rmSync(logs, { recursive: true, force: true })
        cpSync(join(dir, 'log'), logs, { recursive: true })
        options.say(`the logs of the servers are in ${logs}`)
      }
      await stack.down({ isWipe: true })
    },
  }
}

const stackIn = (dir: string, { dataDir, brokers, env, clock, say }: TestStackOptions): Stack =>
  createStack({
    dir,
    cacheDir: join(dataDir, 'cache'),
    brokers,
    ports: 'free',
    envPath: join(dir, 'stack.env'),
    env,
    clock,
    say,
  })

const ownerFile = 'owner.json'

/** Several stacks of one process differ in the number at the end. */
const newFolder = (testDir: string): string => {
  for (let number = 1; ; number++) {
    const dir = join(testDir, `${process.pid}-${number}`)
    if (existsSync(dir)) continue
    mkdirSync(dir, { recursive: true })
    writeFileSync(join(dir, ownerFile), JSON.stringify(identify(process.pid)))
    return dir
  }
}

const endLeftovers = async (testDir: string, options: TestStackOptions): Promise<void> => {
  mkdirSync(testDir, { recursive: true })
  for (const name of readdirSync(testDir).filter((entry) => /^\d+-\d+$/.test(entry))) {
    const dir = join(testDir, name)
    const ownerPath = join(dir, ownerFile)
    const owner = existsSync(ownerPath) ? (JSON.parse(readFileSync(ownerPath, 'utf8')) as Identity) : undefined
    if (owner !== undefined && isAlive(owner)) continue
    options.say(`removing what an earlier test run left in ${dir}`)
    await stackIn(dir, options).down({ isWipe: true })
  }
}
