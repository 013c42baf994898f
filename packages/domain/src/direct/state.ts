import type { UserId } from '../decision.ts'

/** The conversation of two users, or of one with himself (lo = hi). It exists from its first message. */
export interface Direct {
  readonly kind: 'direct'
  readonly lo: UserId
  readonly hi: UserId
  readonly lastSeq: number
  /** `at` of its last event, ms. */
  readonly lastAtMs: number
}

export const emptyDirect = (lo: UserId, hi: UserId): Direct => ({ kind: 'direct', lo, hi, lastSeq: 0, lastAtMs: 0 })

export const isParty = (direct: Direct, user: UserId): boolean => user === direct.lo || user === direct.hi
