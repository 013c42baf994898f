import type { UserId } from '../decision.ts'

/** A registered account, under its normalised name: the name is claimed for ever. */
export interface Account {
  readonly userId: UserId
  /** Of the registration: the same one repeated is answered with the same id. */
  readonly clientMsgId: string
  readonly pos: number
  readonly isOperator: boolean
  /** He can do nothing. What he wrote elsewhere is refused by connectors; here the writer of the account does it itself. */
  readonly isSuspended: boolean
  /** When he broadcast his last notice, ms; 0: never. */
  readonly noticeAtMs: number
}

/** Between two notices of one operator, ms: everybody who is connected gets each of them. */
export const noticeEveryMs = 10_000
