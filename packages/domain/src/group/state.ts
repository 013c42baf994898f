import type { UserId } from '../decision.ts'
import type { Pins } from '../message-acts.ts'

export type Role = 'owner' | 'admin' | 'member'
export type JoinPolicy = 'open' | 'request' | 'invite'

export interface Member {
  readonly role: Role
  /** `seq` that began the present stay. */
  readonly joinedSeq: number
  /** He may not write before this, ms; 0: he may. */
  readonly mutedUntilMs: number
}

/** A set that is copied when it changes; members only when the membership does, so that a message costs the same in every group. */
export interface Group {
  readonly kind: 'group'
  readonly isPublic: boolean
  readonly joinPolicy: JoinPolicy
  /** Only admins and owners post. */
  readonly isForAdmins: boolean
  /** Only reading and leaving remain. */
  readonly isClosed: boolean
  readonly members: ReadonlyMap<UserId, Member>
  /** Of a private group: who was ever a member, invited or banned, and is none of it now. They know that it exists. */
  readonly acquainted: ReadonlySet<UserId>
  readonly invited: ReadonlySet<UserId>
  /** Who asked to become a member. */
  readonly requested: ReadonlySet<UserId>
  readonly banned: ReadonlySet<UserId>
  readonly pins: Pins
  readonly lastSeq: number
  /** `at` of its last event, ms. */
  readonly lastAtMs: number
}

/** Most members of a group. */
export const groupMembersMax = 10_000
/** Open invitations and requests of a group, together. */
export const groupOpenMax = 1_000
export const groupBansMax = 10_000

/** One for all groups: most have nobody of a kind, and an idle group costs little. */
export const noUsers: ReadonlySet<UserId> = new Set()

export const isRole = (text: string): text is Role => text === 'owner' || text === 'admin' || text === 'member'

/** What a text of the log means; whatever is not known lets in the fewest. */
export const joinPolicyOf = (text: string): JoinPolicy => (text === 'open' || text === 'request' ? text : 'invite')
