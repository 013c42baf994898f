import type { Verdict } from '../arena/arena.ts'
import type { Recovery } from '../arena/strike.ts'

/** `  connector killed (connector-1)      1.8 s of 10 s`. */
export const recoveryRow = ({ fault, ms, budgetMs }: Recovery): string => {
  const late = ms > budgetMs ? '  OVER THE BUDGET' : ''
  return `  ${fault.padEnd(58)} ${seconds(ms).padStart(7)} of ${seconds(budgetMs)}${late}`
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`

/** 0.5: the median. Undefined of nothing. */
const quantile = (values: readonly number[], part: number): number | undefined => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]
}

export const isGreen = (verdict: Verdict): boolean =>
  verdict.violations.length === 0 && verdict.refused.size === 0 && verdict.accepted > 0

/** What to say of a run in one line. */
export const verdictLine = (verdict: Verdict): string => {
  const { accepted, perSecond, violations, fed, refused, falls } = verdict
  const broken = new Set(violations.map(({ invariant }) => invariant))
  const told = [...fed].map((invariant) => (broken.has(invariant) ? `${invariant} BROKEN` : invariant)).join(' ')
  const refusals = [...refused].map(([code, count]) => `, ${count} refused ${code}`).join('')
  const fallen = falls.length === 0 ? '' : `, ended by themselves: ${falls.join(' ')}`
  return `${accepted} messages accepted, ${perSecond}/s${refusals}${fallen}; checked: ${told}`
}

export const violationLines = ({ violations }: Verdict): readonly string[] =>
  violations.slice(0, violationsToldMax).map(({ invariant, detail }) => `  ${invariant}: ${detail}`)

/** The history has them all. */
const violationsToldMax = 20

/** One line of the ledger. */
export const ledgerLine = (run: {
  readonly at: string
  readonly commit: string
  readonly seed: number
  readonly brokers: number
  readonly minutes: number
  readonly faults: number
  readonly recoveries: readonly Recovery[]
  readonly verdict: Verdict
}): string => {
  const { recoveries, verdict, ...rest } = run
  const broken = new Set(verdict.violations.map(({ invariant }) => invariant))
  const times = recoveries.map(({ ms }) => ms)
  return `${JSON.stringify({
    ...rest,
    accepted: verdict.accepted,
    perSecond: verdict.perSecond,
    invariants: Object.fromEntries([...verdict.fed].map((name) => [name, broken.has(name) ? 'broken' : 'ok'])),
    recoveryMs: { p50: quantile(times, 0.5) ?? null, p99: quantile(times, 0.99) ?? null },
    overBudget: recoveries.filter(({ ms, budgetMs }) => ms > budgetMs).length,
  })}\n`
}
