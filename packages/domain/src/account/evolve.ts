import type { LogEvent, UserRegistered } from '@chat/schemas'
import { type AccountHappening, invariant, unexpected } from '../decision.ts'
import type { Account } from './state.ts'

/** What happens to an account that exists. */
export type AccountEvent = Extract<LogEvent, { readonly type: Exclude<AccountHappening['type'], 'UserRegistered'> }>

export const begin = (account: Account | undefined, event: UserRegistered, pos: number): Account => {
  invariant(account === undefined, 'a name is claimed once')
  const { userId, clientMsgId } = event
  return { userId, clientMsgId, pos, isOperator: false, isSuspended: false, noticeAtMs: 0 }
}

export const evolve = (account: Account, event: AccountEvent): Account => {
  switch (event.type) {
    case 'ProfileChanged':
    case 'UserImported':
      return account
    case 'UserSuspended':
      return { ...account, isSuspended: true }
    case 'UserReinstated':
      return { ...account, isSuspended: false }
    case 'OperatorGranted':
      return { ...account, isOperator: true }
    case 'OperatorRevoked':
      return { ...account, isOperator: false }
    case 'NoticeBroadcast':
      return { ...account, noticeAtMs: event.at }
    default:
      return unexpected(event)
  }
}

/** Whose account an event is about. */
export const subjectOf = (event: AccountEvent): number =>
  event.type === 'NoticeBroadcast' ? event.actor : event.userId
