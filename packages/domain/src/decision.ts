import type { LogEvent } from '@chat/schemas'

export type UserId = number

/** Why a command is refused: codes of the protocol that the log may hold. */
export type RejectionCode =
  | 'already_friends'
  | 'already_member'
  | 'banned'
  | 'blocked'
  | 'forbidden'
  | 'internal'
  | 'invalid'
  | 'muted'
  | 'name_taken'
  | 'no_such_conversation'
  | 'no_such_message'
  | 'no_such_user'
  | 'not_found'
  | 'not_friend'
  | 'not_member'
  | 'out_of_order'
  | 'suspended'
  | 'timeout'
  | 'too_large'
  | 'too_late'
  | 'too_many'
  | 'unavailable'

/** Given around the decision, the same way for every command: see conversation.ts and partition.ts. */
type Envelope = 'conversation' | 'seq' | 'actor' | 'device' | 'at' | 'clientMsgId'
type Bare<E> = E extends LogEvent ? Omit<E, Envelope> : never

/** What happened, without where and when. */
export type Happening = Bare<Exclude<LogEvent, { readonly type: 'CommandsRebased' | 'CommandsRejected' | 'LogOpened' }>>
export type ConversationHappening = Bare<Extract<LogEvent, { readonly conversation: string }>>
export type AccountHappening = Exclude<Happening, ConversationHappening>

export interface Accepted<H extends Happening = Happening> {
  readonly outcome: 'accepted'
  readonly happenings: readonly H[]
}
/** The same command was accepted before: its outcome once more, without a second effect. */
export interface Repeated {
  readonly outcome: 'repeated'
  readonly conversation: string | null
  readonly seq: number | null
  readonly pos: number
  /** The id given to a user or group. */
  readonly id: number | null
}
export interface Rejected {
  readonly outcome: 'rejected'
  readonly code: RejectionCode
}
export type Decision<H extends Happening = Happening> = Accepted<H> | Repeated | Rejected

export const accepted = <H extends Happening>(...happenings: readonly H[]): Accepted<H> => ({
  outcome: 'accepted',
  happenings,
})
export const rejected = (code: RejectionCode): Rejected => ({ outcome: 'rejected', code })

/** An invariant of the log: whoever throws here is contained by the partition. */
export function invariant(condition: unknown, sentence: string): asserts condition {
  if (!condition) throw new Error(sentence)
}

export const unexpected = (value: never): never => {
  throw new Error(`unexpected value: ${JSON.stringify(value)}`)
}
