import type { Clock } from '@chat/runtime'
import { type Arena, openArena, type Verdict } from '../arena/arena.ts'
import type { Recovery } from '../arena/strike.ts'
import type { Scenario } from '../scenarios/index.ts'
import { type Evidence, openEvidence, reasonOf } from './evidence.ts'
import type { Ledger } from './ledger.ts'
import { isGreen, recoveryRow, verdictLine, violationLines } from './report.ts'

export interface ScenarioRun {
  /** Scenarios that did not do what they should, and histories that broke an invariant. */
  readonly failures: readonly string[]
  readonly recoveries: readonly Recovery[]
}

export interface RunOptions {
  readonly clock: Clock
  readonly say: (line: string) => void
  readonly perSecond: number
  readonly brokers: number
  readonly keepsAll?: boolean
  /** Gets a line for each system. */
  readonly ledger?: Ledger | undefined
}

/** Between two scenarios the system is left in peace, so that one does not meet what the other left, ms. */
const breathMs = 1_000

/**
 * Runs these one after the other, those that can share a system on one. A scenario that fails ends its system: the next ones get a new
 * one. Each history is checked at the end of its system.
 */
export const runScenarios = async (list: readonly Scenario[], options: RunOptions): Promise<ScenarioRun> => {
  const failures: string[] = []
  const recoveries: Recovery[] = []
  const shared = list.filter(({ needs }) => needs.isAlone !== true)
  const batches = [
    ...(shared.length === 0 ? [] : [shared]),
    ...list.filter(({ needs }) => needs.isAlone).map((one) => [one]),
  ]
  for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
    const outcome = await runBatch(batch, options)
    failures.push(...outcome.failures)
    recoveries.push(...outcome.recoveries)
    if (outcome.left.length > 0) batches.unshift([...outcome.left])
  }
  return { failures, recoveries }
}

const runBatch = async (batch: readonly Scenario[], options: RunOptions) => {
  const { clock, say, perSecond, brokers, ledger } = options
  const names = batch.map(({ name }) => name)
  const evidence = openEvidence(names.length === 1 ? (names[0] ?? '') : 'scenarios', { scenarios: names, brokers })
  const recoveries: Recovery[] = []
  const left = [...batch]
  let arena: Arena | undefined
  let verdict: Verdict | undefined
  let failure: string | undefined
  try {
    const { historyPath } = evidence
    arena = await openArena({ clock, label: names.join(' '), perSecond, historyPath, isMeasured: true })
    for (let scenario = left.shift(); scenario !== undefined; scenario = left.shift()) {
      failure = scenario.name
      recoveries.push(...(await runOne(scenario, arena, say)))
      await new Promise<void>((resolve) => clock.after(breathMs, resolve))
    }
    failure = undefined
    if (batch.every(({ isUnchecked }) => isUnchecked === true)) evidence.discard()
    else {
      verdict = await arena.finish()
      failure = judge(names, verdict, evidence, arena, options)
    }
  } catch (error) {
    failure ??= names.join(' ')
    // Without a system none of them can be run.
    if (arena === undefined) left.length = 0
    evidence.keep(arena?.site, reasonOf(error))
    say(`FAILED ${failure}: ${reasonOf(error)}\n${leftIn(evidence)}`)
  }
  const scenarios = names.slice(0, names.length - left.length)
  const unchecked = failure === undefined || verdict !== undefined ? [] : scenarios.slice(0, -1)
  if (unchecked.length > 0) say(`without an end their history was not checked: ${unchecked.join(', ')}`)
  ledger?.add({ of: { scenarios }, brokers, faults: arena?.faults() ?? 0, recoveries, verdict, failure })
  await arena?.close()
  return { failures: failure === undefined ? [] : [failure, ...unchecked], recoveries, left }
}

const runOne = async (scenario: Scenario, arena: Arena, say: RunOptions['say']): Promise<readonly Recovery[]> => {
  say(`${scenario.name}: ${scenario.what}`)
  const recoveries = await scenario.run(arena)
  for (const recovery of recoveries) say(recoveryRow(recovery))
  return recoveries
}

/** Says what came out; the name of the failure, if it is one. */
export const judge = (
  names: readonly string[],
  verdict: Verdict,
  evidence: Evidence,
  arena: Arena,
  { say, keepsAll }: Pick<RunOptions, 'say' | 'keepsAll'>,
): string | undefined => {
  say(verdictLine(verdict))
  for (const line of violationLines(verdict)) say(line)
  if (isGreen(verdict) && keepsAll !== true) {
    evidence.discard()
    return undefined
  }
  evidence.keep(arena.site, [verdictLine(verdict), ...violationLines(verdict)].join('\n'))
  say(leftIn(evidence))
  if (isGreen(verdict)) return undefined
  return `the history of ${names.join(' ')}`
}

export const leftIn = ({ dir }: Evidence): string =>
  `  what it left is in ${dir}\n  \`npm run faults -- replay ${dir}/script.json\` repeats it`
