import { readFileSync } from 'node:fs'
import { exitCodeOf, isFault } from '@chat/runtime'
import { systemClock as clock } from '@chat/runtime/system'
import { type Scenario, scenarioNamed, scenarios } from '../scenarios/index.ts'
import { type Keeping, type NemesisArguments, parseCommand } from './arguments.ts'
import { type Ledger, openLedger } from './ledger.ts'
import type { Round } from './nemesis-plan.ts'
import { runNemesis } from './run-nemesis.ts'
import { runScenarios } from './run-scenarios.ts'
import { openOwnStack } from './stack.ts'

/**
 * `npm run faults -- …`: breaks the real system on purpose, on a stack of its own. Exits with 1 when it did not hold, 2 when it was
 * called wrongly.
 */
const say = (line: string) => void process.stdout.write(`${line}\n`)

/** On two cores that also run all servers. */
const scenarioPerSecond = 120
const nemesisPerSecond = 280

const list = () => {
  for (const { name, what, isShort, needs } of scenarios)
    say(`${name.padEnd(28)} ${isShort ? 'short' : 'long '}  ${needs.brokers === 3 ? '3 brokers: ' : ''}${what}`)
  return 0
}

const onStack = async (brokers: 1 | 3, run: () => Promise<number>): Promise<number> => {
  const stack = await openOwnStack({ brokers, clock, say })
  let code = 1
  try {
    code = await run()
  } finally {
    await stack.remove({ areLogsKept: code !== 0 })
  }
  return code
}

const chosen = (names: readonly string[]): readonly Scenario[] => {
  if (names.length === 1 && names[0] === 'all') return scenarios
  if (names.length === 1 && names[0] === 'short') return scenarios.filter(({ isShort }) => isShort)
  return names.map(scenarioNamed)
}

/** Those that do not say how many brokers they need run on `asked`, 1 unless told. */
const run = async (names: readonly string[], asked: 1 | 3 | undefined, keeping: Keeping): Promise<number> => {
  const { keepsAll } = keeping
  const ledger = ledgerFor(keeping)
  const failures: string[] = []
  for (const brokers of [1, 3] as const) {
    const group = chosen(names).filter(({ needs }) => (needs.brokers ?? asked ?? 1) === brokers)
    if (group.length === 0) continue
    await onStack(brokers, async () => {
      const outcome = await runScenarios(group, { clock, say, perSecond: scenarioPerSecond, brokers, keepsAll, ledger })
      failures.push(...outcome.failures)
      return outcome.failures.length
    })
  }
  say(failures.length === 0 ? 'all scenarios held' : `did not hold: ${failures.join(', ')}`)
  return failures.length === 0 ? 0 : 1
}

const nemesis = (args: NemesisArguments & { readonly rounds?: readonly Round[] }) => {
  const { seed, minutes, brokers, rounds, keeping } = args
  const ledger = ledgerFor(keeping)
  return onStack(brokers, async () => {
    say(`nemesis of seed ${seed}`)
    const options = { clock, say, perSecond: nemesisPerSecond, seed, minutes, brokers, keepsAll: keeping.keepsAll }
    const outcome = await runNemesis({ ...options, ...(rounds === undefined ? {} : { rounds }) })
    const { faults, failure } = outcome
    say(`seed ${seed}: ${faults} faults on ${brokers} broker${brokers === 1 ? '' : 's'}`)
    ledger?.add({ of: { seed, minutes }, brokers, ...outcome })
    return failure === undefined ? 0 : 1
  })
}

/** Opened before anything is done: what is committed meanwhile is not what ran. */
const ledgerFor = ({ isInLedger }: Keeping): Ledger | undefined => (isInLedger ? openLedger() : undefined)

type Script =
  | { readonly scenarios: readonly string[]; readonly brokers: 1 | 3 }
  | { readonly seed: number; readonly brokers: 1 | 3; readonly minutes: number; readonly rounds: readonly Round[] }

const replay = (path: string): Promise<number> => {
  const script = JSON.parse(readFileSync(path, 'utf8')) as Script
  const keeping = { keepsAll: true, isInLedger: false }
  if ('scenarios' in script) return run(script.scenarios, script.brokers, keeping)
  return nemesis({ ...script, keeping })
}

const main = async (): Promise<number> => {
  const command = parseCommand(process.argv.slice(2), Math.floor(Date.now() / 1_000))
  switch (command.command) {
    case 'list':
      return list()
    case 'run':
      return run(command.names, command.brokers, command.keeping)
    case 'nemesis':
      return nemesis(command.nemesis)
    case 'replay':
      return replay(command.path)
  }
}

/** What broke the harness is wanted with its place in the code. */
const tellWhere = (error: unknown): number => {
  if (isFault(error, 'usage') || isFault(error, 'help')) throw error
  say(error instanceof Error ? (error.stack ?? error.message) : String(error))
  return 1
}

process.exit(await exitCodeOf(main().catch(tellWhere)))
