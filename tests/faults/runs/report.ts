import type { Verdict } from '../arena/arena.ts'
import type { Recovery } from '../arena/strike.ts'

/** `  connector killed (connector-1)      1.8 s of 10 s`. */
export const recoveryRow = ({ fault, ms, budgetMs }: Recovery): string => {
  const late = ms > budgetMs ? '  OVER THE BUDGET' : ''
  return `  ${fault.padEnd(58)} ${seconds(ms).padStart(7)} of ${seconds(budgetMs)}${late}`
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`

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

/** Some of each invariant: one that is broken everywhere hides no other. */
export const violationLines = ({ violations }: Verdict): readonly string[] => {
  const told = new Map<string, number>()
  return violations.flatMap(({ invariant, detail }) => {
    const count = (told.get(invariant) ?? 0) + 1
    told.set(invariant, count)
    return count > toldOfEachMax ? [] : [`  ${invariant}: ${detail}`]
  })
}

/** The history has them all. */
const toldOfEachMax = 8
