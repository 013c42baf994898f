import type { UserId } from '../decision.ts'

/** A registered account, under its normalised name: the name is claimed for ever. */
export interface Account {
  readonly userId: UserId
  /** Of the registration: the same one repeated is answered with the same id. */
  readonly clientMsgId: string
  readonly pos: number
}
