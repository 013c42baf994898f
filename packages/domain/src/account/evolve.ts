import type { UserRegistered } from '@chat/schemas'
import { invariant } from '../decision.ts'
import type { Account } from './state.ts'

export const evolve = (account: Account | undefined, event: UserRegistered, pos: number): Account => {
  invariant(account === undefined, 'a name is claimed once')
  return { userId: event.userId, clientMsgId: event.clientMsgId, pos }
}
