import type { Command, CreateGroup, LogEvent, RegisterUser } from '@chat/schemas'
import { decide as decideAccount } from './account/decide.ts'
import { decide as decideConversation, type Known, screen, stamp } from './conversation.ts'
import type { ConversationCommand } from './conversation-command.ts'
import { type Decision, type Happening, invariant, rejected } from './decision.ts'
import { decideCreation } from './group/creation.ts'
import { findConversation, type Head, type Tables, type Wire, windowKey } from './partition.ts'
import type { Policy } from './policy.ts'
import { refusalKey } from './refusal.ts'
import { emptyWindow, windowAt } from './window.ts'

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
      return createGroup(command, view, isTooOld)
    default:
      return converse(command, view, isTooOld)
  }
}

const register = (command: RegisterUser, view: View, isTooOld: boolean): Decision => {
  const decision = decideAccount(command, view.tables.accounts.get(command.normalisedName), nextIdOf(view))
  return decision.outcome === 'accepted' && isTooOld ? rejected('timeout') : decision
}

const createGroup = (command: CreateGroup, view: View, isTooOld: boolean): Decision => {
  const refusal = screen(command, knownOf(undefined, command, view), isTooOld, view.wire.groupConversation)
  if (refusal !== undefined) return refusal
  const { normalisedName } = command
  const isNameTaken = normalisedName !== null && view.tables.groupNames.get(normalisedName) !== undefined
  return decideCreation(command, isNameTaken, nextIdOf(view))
}

const converse = (command: ConversationCommand, view: View, isTooOld: boolean): Decision => {
  const refusal = screen(command, knownOf(command.conversation, command, view), isTooOld, view.wire.groupConversation)
  if (refusal !== undefined) return refusal
  const { tables, wire, policy, atMs } = view
  return decideConversation(command, findConversation(tables, command.conversation, wire), {
    deletions: tables.deletions,
    policy,
    atMs,
  })
}

const nextIdOf = ({ head, wire }: View): number | undefined => (head.nextId <= wire.idMax ? head.nextId : undefined)

const knownOf = (
  conversation: string | undefined,
  { actor, device, clientMsgId }: ConversationCommand | CreateGroup,
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
  if (happening.type === 'UserRegistered') {
    const { device, clientMsgId } = command
    return { ...happening, actor: happening.userId, device, at: atMs, clientMsgId }
  }
  invariant(command.type !== 'RegisterUser', 'a registration is no conversation')
  const conversation = conversationOf(happening, command, wire)
  return stamp(happening, command, conversation, findConversation(tables, conversation, wire), atMs)
}

const conversationOf = (happening: Happening, command: ConversationCommand | CreateGroup, wire: Wire): string => {
  if (command.type !== 'CreateGroup') return command.conversation
  invariant(happening.type === 'GroupCreated', 'a group begins with its creation')
  return wire.groupConversation(happening.groupId)
}
