import type { UserId } from '../decision.ts'
import type { Pins } from '../message-acts.ts'

export interface Member {
  readonly role: 'owner' | 'admin' | 'member'
  /** `seq` that began the present stay. */
  readonly joinedSeq: number
}

export interface Group {
  readonly kind: 'group'
  readonly isPublic: boolean
  readonly isOpen: boolean
  readonly members: ReadonlyMap<UserId, Member>
  /** Of a private group: who ever left it. They know that it exists. */
  readonly formerMembers: ReadonlySet<UserId>
  readonly pins: Pins
  readonly lastSeq: number
  /** `at` of its last event, ms. */
  readonly lastAtMs: number
}

/** Most members of a group. */
export const groupMembersMax = 10_000
