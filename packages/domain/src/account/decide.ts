import type { RegisterUser, UserRegistered } from '@chat/schemas'
import { accepted, type Decision, rejected } from '../decision.ts'
import type { Account } from './state.ts'

type Happening = Omit<UserRegistered, 'actor' | 'device' | 'at' | 'clientMsgId'>

/** `account`: who has the name; `nextId`: the id a new account gets, undefined when the partition has none left. */
export const decide = (
  command: RegisterUser,
  account: Account | undefined,
  nextId: number | undefined,
): Decision<Happening> => {
  if (account?.clientMsgId === command.clientMsgId)
    return { outcome: 'repeated', conversation: null, seq: null, pos: account.pos, id: account.userId }
  if (account !== undefined) return rejected('name_taken')
  if (nextId === undefined) return rejected('unavailable')
  return accepted({
    type: 'UserRegistered',
    userId: nextId,
    name: command.name,
    normalisedName: command.normalisedName,
    registrationId: command.registrationId,
    displayName: command.displayName,
    keyId: command.keyId,
  })
}
