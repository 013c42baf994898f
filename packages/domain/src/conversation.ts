import type { ImportGroup } from '@chat/schemas'
import { type Aliases, doubtOfAlias } from './alias.ts'
import type { Circumstances, ConversationCommand, ConversationEvent, Creation } from './conversation-command.ts'
import {
  accepted,
  type ConversationHappening,
  type Decision,
  invariant,
  type Rejected,
  type Repeated,
  rejected,
  unexpected,
} from './decision.ts'
import { decide as decideDirect } from './direct/decide.ts'
import { evolve as evolveDirect } from './direct/evolve.ts'
import { isRelationCommand, isRelationEvent } from './direct/relation.ts'
import type { Direct } from './direct/state.ts'
import { decide as decideGroup } from './group/decide.ts'
import { evolve as evolveGroup } from './group/evolve.ts'
import type { Group } from './group/state.ts'
import { removeMessage, resolveReport } from './message-acts.ts'
import { isPlaceless } from './placeless.ts'
import type { LastingCode } from './refusal.ts'
import { closeRoom, decide as decideRoom } from './room/decide.ts'
import { begin as beginRoom, evolve as evolveRoom, isRoom } from './room/evolve.ts'
import type { Room } from './room/state.ts'
import { noNumber, type Place, parseMessageId, sight, type Window } from './window.ts'

/** An event of the log did not fit it: it takes no writes until a build that can read it replays the log. */
export interface Halted {
  readonly kind: 'halted'
  readonly lastSeq: number
  readonly lastAtMs: number
}

export type Conversation = Direct | Group | Room | Halted
/** What was decided before of a device's commands to a conversation. */
export interface Known {
  readonly window: Window
  /** What this very command was refused with. */
  readonly refused: LastingCode | undefined
}

/**
 * What is the same for every writing command, before its own rules: repeats, forgotten ids, age, and the order a device asked for
 * with `after`. undefined: nothing speaks against it.
 */
export const screen = (
  command: ConversationCommand | Creation,
  known: Known,
  isTooOld: boolean,
  groupConversation: (groupId: number) => string,
): Repeated | Rejected | undefined => {
  const refusal = screenId(command.clientMsgId, known, isTooOld, (place) => repeated(command, place, groupConversation))
  if (refusal !== undefined) return refusal
  if (command.type === 'PostMessage' && command.after !== null && !isAccepted(command.after, known.window))
    return rejected('out_of_order') // [G4]
  return undefined
}

/** The part of it that asks nothing but the command's id. */
export const screenId = (
  clientMsgId: string,
  { window, refused }: Known,
  isTooOld: boolean,
  repeat: (place: Place) => Repeated,
): Repeated | Rejected | undefined => {
  const id = parseMessageId(clientMsgId)
  if (id === undefined) return rejected('invalid')
  const sighting = sight(window, id)
  if (sighting.kind === 'repeated') return repeat(sighting.place) // [G2]
  if (refused !== undefined) return rejected(refused) // [G11]
  if (sighting.kind === 'too_late') return rejected('too_late') // [G2]
  return isTooOld ? rejected('timeout') : undefined
}

const repeated = (
  command: ConversationCommand | Creation,
  { number, pos }: Place,
  groupConversation: (groupId: number) => string,
): Repeated =>
  isCreation(command)
    ? { outcome: 'repeated', conversation: groupConversation(number), seq: 1, pos, id: number }
    : {
        outcome: 'repeated',
        conversation: command.conversation,
        seq: number === noNumber ? null : number,
        pos,
        id: null,
      }

export const isCreation = (command: { readonly type: string } | Creation): command is Creation =>
  command.type === 'CreateGroup' || command.type === 'CreateRoom'

const isAccepted = (clientMsgId: string, window: Window): boolean => {
  const id = parseMessageId(clientMsgId)
  return id !== undefined && sight(window, id).kind === 'repeated'
}

export const decide = (
  command: ConversationCommand,
  conversation: Conversation | undefined,
  circumstances: Circumstances,
): Decision<ConversationHappening> => {
  if (conversation === undefined) return rejected('no_such_conversation')
  if (conversation.kind === 'halted') return rejected('internal')
  if (command.type === 'RemoveMessage') return removeMessage(command, conversation, circumstances.deletions)
  if (command.type === 'ResolveReport') return resolveReport(command, conversation)
  if (command.type === 'ImportGroup')
    return conversation.kind === 'group' ? importGroup(command, circumstances) : rejected('no_such_conversation')
  if (command.type === 'CloseRoom')
    return conversation.kind === 'room' ? closeRoom(conversation) : rejected('no_such_conversation')
  switch (conversation.kind) {
    case 'direct':
      return decideDirect(command, conversation, circumstances)
    case 'group':
      return isRelationCommand(command) ? rejected('forbidden') : decideGroup(command, conversation, circumstances)
    case 'room':
      return isRelationCommand(command) ? rejected('forbidden') : decideRoom(command, conversation, circumstances)
    default:
      return unexpected(conversation)
  }
}

const importGroup = (command: ImportGroup, aliases: Aliases): Decision<ConversationHappening> => {
  const { conversation, by, dialect, oldId } = command
  return doubtOfAlias(command, conversation, aliases) ?? accepted({ type: 'GroupImported', by, dialect, oldId })
}

/** The event of a happening: who and when, and the next place of the conversation, unless not every member may see it. [G3] */
export const stamp = (
  happening: ConversationHappening,
  command: ConversationCommand | Creation,
  conversation: string,
  before: Conversation | undefined,
  commandAtMs: number,
): ConversationEvent => {
  const { actor, device, clientMsgId } = command
  const at = Math.max(commandAtMs, before?.lastAtMs ?? 0)
  const envelope = { conversation, actor, device, clientMsgId, at }
  if (isPlaceless(happening)) return { ...happening, ...envelope, seq: null }
  return { ...happening, ...envelope, seq: (before?.lastSeq ?? 0) + 1 }
}

export const evolve = (conversation: Conversation | undefined, event: ConversationEvent): Conversation => {
  if (event.seq !== null) invariant(event.seq === (conversation?.lastSeq ?? 0) + 1, 'seq grows by one') // [G3]
  if (conversation?.kind === 'direct') return evolveDirect(conversation, event)
  invariant(conversation?.kind !== 'halted', 'a halted conversation takes no event')
  invariant(!isRelationEvent(event), `a group has no ${event.type}`)
  if (conversation?.kind === 'room') return evolveRoom(conversation, event)
  return conversation === undefined && isRoom(event) ? beginRoom(event) : evolveGroup(conversation, event)
}

/** After an event of the log that does not fit. */
export const halt = (event: ConversationEvent, before: Conversation | undefined): Halted => ({
  kind: 'halted',
  lastSeq: event.seq ?? before?.lastSeq ?? 0,
  lastAtMs: event.at,
})
