import type { Verdict } from '../arena/arena.ts'

/** Of a run in which nothing went wrong. */
export const greenVerdict: Verdict = {
  accepted: 1_000,
  perSecond: 210,
  refused: new Map(),
  violations: [],
  fed: new Set(['I1', 'I2']),
  falls: [],
}
