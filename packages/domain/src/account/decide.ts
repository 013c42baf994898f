import type {
  BroadcastNotice,
  ChangeProfile,
  GrantOperator,
  ImportUser,
  RegisterUser,
  ReinstateUser,
  RevokeOperator,
  SuspendUser,
} from '@chat/schemas'
import { type Aliases, doubtOfAlias } from '../alias.ts'
import { type AccountHappening, accepted, type Decision, rejected, unexpected } from '../decision.ts'
import { accountKey } from '../window.ts'
import { type Account, noticeEveryMs } from './state.ts'

/** What is asked of an account that exists. */
export type AccountCommand =
  | ChangeProfile
  | SuspendUser
  | ReinstateUser
  | GrantOperator
  | RevokeOperator
  | ImportUser
  | BroadcastNotice

/** `account`: who has the name; `nextId`: the id a new account gets, undefined when the partition has none left. */
export const decideRegistration = (
  command: RegisterUser,
  account: Account | undefined,
  nextId: number | undefined,
): Decision<AccountHappening> => {
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

/**
 * `atMs`: when the command was put on the log. What changes nothing is accepted and said again. That whoever suspends and reinstates is
 * an operator is not known here but where his own account is: his connector has made sure.
 */
export const decide = (
  command: AccountCommand,
  account: Account | undefined,
  atMs: number,
  aliases: Aliases,
): Decision<AccountHappening> => {
  if (account === undefined) return rejected('no_such_user')
  const { userId } = account
  switch (command.type) {
    case 'ChangeProfile': {
      const { displayName, about, keyId } = command
      return accepted({ type: 'ProfileChanged', userId, displayName, about, keyId })
    }
    case 'SuspendUser':
      if (command.actor === userId) return rejected('forbidden')
      return accepted({ type: 'UserSuspended', userId, reason: command.reason, keyId: command.keyId })
    case 'ReinstateUser':
      if (command.actor === userId) return rejected('forbidden')
      return accepted({ type: 'UserReinstated', userId, reason: command.reason, keyId: command.keyId })
    case 'GrantOperator':
      return accepted({ type: 'OperatorGranted', userId, by: command.by })
    case 'RevokeOperator':
      return accepted({ type: 'OperatorRevoked', userId, by: command.by })
    case 'ImportUser': {
      const { by, dialect, oldId } = command
      const doubt = doubtOfAlias(command, accountKey(userId), aliases)
      return doubt ?? accepted({ type: 'UserImported', userId, by, dialect, oldId })
    }
    case 'BroadcastNotice':
      if (!account.isOperator) return rejected('not_found')
      if (atMs - account.noticeAtMs < noticeEveryMs) return rejected('too_many')
      return accepted({ type: 'NoticeBroadcast', text: command.text, keyId: command.keyId })
    default:
      return unexpected(command)
  }
}

/** Whether it is the account's owner who asks: while he is suspended he is refused. */
export const isByOwner = (command: AccountCommand): boolean =>
  command.type === 'ChangeProfile' || command.type === 'BroadcastNotice'
