import type { UserId } from '../decision.ts'
import { noPins, type Pins } from '../message-acts.ts'

/** `requestedByLo`: the one with the lower id asked, and the other one did not answer yet. */
const friendships = ['none', 'requestedByLo', 'requestedByHi', 'friends'] as const
export type Friendship = (typeof friendships)[number]

export const isFriendship = (text: string): text is Friendship => friendships.some((known) => known === text)

/** The conversation of two users, or of one with himself (lo = hi). It exists from its first event. */
export interface Direct {
  readonly kind: 'direct'
  readonly lo: UserId
  readonly hi: UserId
  readonly pins: Pins
  readonly lastSeq: number
  /** `at` of its last event, ms. */
  readonly lastAtMs: number
  readonly friendship: Friendship
  /** The one with the lower id lets the other one write no more. */
  readonly isBlockedByLo: boolean
  readonly isBlockedByHi: boolean
}

export const emptyDirect = (lo: UserId, hi: UserId): Direct => ({
  kind: 'direct',
  lo,
  hi,
  pins: noPins,
  lastSeq: 0,
  lastAtMs: 0,
  friendship: 'none',
  isBlockedByLo: false,
  isBlockedByHi: false,
})

export const isParty = (direct: Direct, user: UserId): boolean => user === direct.lo || user === direct.hi

export const otherOf = (direct: Direct, user: UserId): UserId => (user === direct.lo ? direct.hi : direct.lo)

/** Either of them by the other: then neither writes. */
export const isBlocked = (direct: Direct): boolean => direct.isBlockedByLo || direct.isBlockedByHi

/** Who asked to be friends and has no answer yet. */
export const requesterOf = (direct: Direct): UserId | undefined => {
  if (direct.friendship === 'requestedByLo') return direct.lo
  return direct.friendship === 'requestedByHi' ? direct.hi : undefined
}
