import type { HistoryEvent } from '../history.ts'
import { type CheckOptions, type Facts, factsOf } from './facts.ts'
import { acceptedOnce } from './i01-accepted-once.ts'
import { shownOnce } from './i02-shown-once.ts'
import { dense } from './i03-dense.ts'
import { agreement } from './i04-agreement.ts'
import { fromNowhere } from './i05-from-nowhere.ts'
import { cursors } from './i06-cursors.ts'
import { readModelsEqualFold } from './i07-read-models.ts'
import { unansweredAtMostOnce } from './i08-unanswered.ts'
import { causesFirst } from './i09-causes.ts'
import { presenceRight } from './i10-presence.ts'
import { recovery } from './i11-recovery.ts'
import { isMeasured, returnsToStart } from './i12-return.ts'
import type { Invariant, Violation } from './violation.ts'

export type { CheckOptions } from './facts.ts'
export type { Invariant, Violation } from './violation.ts'

const invariants: Readonly<Record<Invariant, (facts: Facts) => readonly Violation[] | Promise<readonly Violation[]>>> =
  {
    I1: acceptedOnce,
    I2: shownOnce,
    I3: dense,
    I4: agreement,
    I5: fromNowhere,
    I6: cursors,
    I7: readModelsEqualFold,
    I8: unansweredAtMostOnce,
    I9: causesFirst,
    I10: presenceRight,
    I11: recovery,
    I12: returnsToStart,
  }

/**
 * Everything in this history that must never happen, some of each kind. A function of the history alone: no clock, no I/O; it is
 * asynchronous because the read models' twin in memory is. Throws for a history that proves nothing: without a beginning, or with a
 * dump that is not complete.
 */
export const check = async (
  history: readonly HistoryEvent[],
  options: CheckOptions = {},
): Promise<readonly Violation[]> => {
  const facts = factsOf(history, options)
  const violations: Violation[] = []
  for (const invariant of Object.values(invariants)) violations.push(...(await invariant(facts)))
  return violations
}

/** Which invariants this history says anything about: a run that dumps nothing proves nothing of I7. */
export const fedInvariants = (history: readonly HistoryEvent[]): ReadonlySet<Invariant> => {
  const { dumped } = factsOf(history)
  const kinds = new Set(history.map((line) => line.what))
  const hasLog = dumped.has('log')
  const fed: Readonly<Record<Invariant, boolean>> = {
    I1: hasLog && dumped.has('devices') && dumped.has('histories') && kinds.has('answered'),
    I2: kinds.has('shown'),
    I3: hasLog && dumped.has('devices') && kinds.has('paged'),
    I4: hasLog && dumped.has('devices') && dumped.has('histories'),
    I5: hasLog && dumped.has('devices') && kinds.has('pushed'),
    I6: hasLog && dumped.has('histories'),
    I7: hasLog && dumped.has('rows'),
    I8: hasLog,
    I9: hasLog && kinds.has('shown'),
    I10: kinds.has('presenceSeen'),
    I11: kinds.has('probed'),
    I12: isMeasured(history),
  }
  return new Set((Object.keys(fed) as Invariant[]).filter((invariant) => fed[invariant]))
}
