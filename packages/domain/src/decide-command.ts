import type { Command, LogEvent, RegisterUser } from '@chat/schemas'
import { type AccountCommand, decide as decideAccount, decideRegistration, isByOwner } from './account/decide.ts'
import type { Aliases } from './alias.ts'
import { decide as decideConversation, isCreation, type Known, screen, screenId, stamp } from './conversation.ts'
import type { ConversationCommand, Creation } from './conversation-command.ts'
import {
  type AccountHappening,
  type Decision,
  type Happening,
  invariant,
  type Repeated,
  rejected,
  unexpected,
} from './decision.ts'
import { decideCreation } from './group/creation.ts'
import { findConversation, type Head, type Tables, type Wire, windowKey } from './partition.ts'
import type { Policy } from './policy.ts'
import { refusalKey } from './refusal.ts'
import { createRoom } from './room/decide.ts'
import { accountKey, emptyWindow, type Place, windowAt } from './window.ts'

/** What a command is decided against: the state, or a draft over it. */
export interface View {
  readonly tables: Tables
  readonly head: Head
  readonly wire: Wire
  readonly policy: Policy
  /** LogAppendTime of the command, ms. */
  readonly atMs: number
}

/** Finds the one aggregate that a command touches and asks it. `isTooOld`: its sender stopped waiting long ago. */
export const decideCommand = (command: Command, view: View, isTooOld: boolean): Decision => {
  switch (command.type) {
    case 'RegisterUser':
      return register(command, view, isTooOld)
    case 'CreateGroup':
    case 'CreateRoom':
      return create(command, view, isTooOld)
    case 'ChangeProfile':
    case 'SuspendUser':
    case 'ReinstateUser':
    case 'GrantOperator':
    case 'RevokeOperator':
    case 'ImportUser':
    case 'BroadcastNotice':
      return administer(command, view, isTooOld)
    default:
      return converse(command, view, isTooOld)
  }
}

const register = (command: RegisterUser, view: View, isTooOld: boolean): Decision => {
  const decision = decideRegistration(command, view.tables.accounts.get(command.normalisedName), nextIdOf(view))
  return decision.outcome === 'accepted' && isTooOld ? rejected('timeout') : decision
}

const administer = (command: AccountCommand, view: View, isTooOld: boolean): Decision => {
  const { accounts } = view.tables
  const name = nameOf(command, view)
  const account = name === undefined ? undefined : accounts.get(name)
  if (account === undefined) return rejected('no_such_user')
  const known = knownOf(accountKey(account.userId), command, view)
  // A refusal that he heard while he was suspended holds for its repetition.
  if (account.isSuspended && isByOwner(command)) return rejected('suspended')
  return (
    screenId(command.clientMsgId, known, isTooOld, repeatedOfAccount) ??
    decideAccount(command, account, view.atMs, aliasesOf(view))
  )
}

/** The normalised name of the account that a command is about; undefined: there is none. */
const nameOf = (command: AccountCommand, { tables }: View): string | undefined => {
  switch (command.type) {
    case 'GrantOperator':
    case 'RevokeOperator':
    case 'ImportUser':
      return command.normalisedName
    case 'SuspendUser':
    case 'ReinstateUser':
      return tables.accountNames.get(String(command.user))
    case 'ChangeProfile':
    case 'BroadcastNotice':
      return tables.accountNames.get(String(command.actor))
    default:
      return unexpected(command)
  }
}

const repeatedOfAccount = ({ pos }: Place): Repeated => ({
  outcome: 'repeated',
  conversation: null,
  seq: null,
  pos,
  id: null,
})

const create = (command: Creation, view: View, isTooOld: boolean): Decision => {
  const refusal = screen(command, knownOf(undefined, command, view), isTooOld, view.wire.groupConversation)
  if (refusal !== undefined) return refusal
  const { normalisedName } = command
  const isNameTaken = normalisedName !== null && view.tables.groupNames.get(normalisedName) !== undefined
  const nextId = nextIdOf(view)
  return command.type === 'CreateRoom'
    ? createRoom(command, isNameTaken, nextId)
    : decideCreation(command, isNameTaken, nextId)
}

const converse = (command: ConversationCommand, view: View, isTooOld: boolean): Decision => {
  const refusal = screen(command, knownOf(command.conversation, command, view), isTooOld, view.wire.groupConversation)
  if (refusal !== undefined) return refusal
  const { tables, wire, policy, atMs } = view
  return decideConversation(command, findConversation(tables, command.conversation, wire), {
    deletions: tables.deletions,
    ...aliasesOf(view),
    policy,
    atMs,
  })
}

/** Before its first event a log gives no id. */
const aliasesOf = ({ tables, head }: View): Aliases => ({ aliases: tables.aliases, firstId: head.opened?.firstId ?? 0 })

const nextIdOf = ({ head, wire }: View): number | undefined => (head.nextId <= wire.idMax ? head.nextId : undefined)

const knownOf = (
  conversation: string | undefined,
  { actor, device, clientMsgId }: ConversationCommand | Creation | AccountCommand,
  { tables, head }: View,
): Known => {
  const key = windowKey(conversation, actor, device)
  const window = windowAt(tables.windows.get(key) ?? emptyWindow, head.logTimeMs)
  return { window, refused: tables.refusals.get(refusalKey(key, clientMsgId)) }
}

/** Where and when it happened, and who did it: the event that goes on the log. */
export const stampEvent = (
  happening: Happening,
  command: Command,
  atMs: number,
  { tables, wire }: Pick<View, 'tables' | 'wire'>,
): LogEvent => {
  if (isOfAccount(happening)) {
    const { device, clientMsgId } = command
    const actor = happening.type === 'UserRegistered' ? happening.userId : actorOf(command)
    return { ...happening, actor, device, at: atMs, clientMsgId }
  }
  invariant(!isForAccount(command), 'what is asked of an account happens to no conversation')
  const conversation = conversationOf(happening, command, wire)
  return stamp(happening, command, conversation, findConversation(tables, conversation, wire), atMs)
}

const isOfAccount = (happening: Happening): happening is AccountHappening => {
  switch (happening.type) {
    case 'UserRegistered':
    case 'ProfileChanged':
    case 'UserSuspended':
    case 'UserReinstated':
    case 'OperatorGranted':
    case 'OperatorRevoked':
    case 'UserImported':
    case 'NoticeBroadcast':
      return true
    default:
      return false
  }
}

const isForAccount = (command: Command): command is AccountCommand | RegisterUser =>
  !('conversation' in command) && !isCreation(command)

const actorOf = (command: Command): number => {
  invariant(command.type !== 'RegisterUser', 'whoever registers has no id yet')
  return command.actor
}

const conversationOf = (happening: Happening, command: ConversationCommand | Creation, wire: Wire): string => {
  if (!isCreation(command)) return command.conversation
  invariant(happening.type === 'GroupCreated', 'a group begins with its creation')
  return wire.groupConversation(happening.groupId)
}
