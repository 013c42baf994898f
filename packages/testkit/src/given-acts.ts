import type {
  AddReaction,
  Command,
  DeleteMessage,
  EditMessage,
  MessageDeleted,
  MessageEdited,
  MessagePinned,
  MessageReported,
  PinMessage,
  ReactionAdded,
  RemoveMessage,
  RemoveReaction,
  ReportMessage,
  ReportResolved,
  ResolveReport,
  UnpinMessage,
} from '@chat/schemas'
import {
  at,
  bodyOf,
  type CommandOptions,
  common,
  device,
  type GivenCommand,
  lying,
  nextMessageId,
  type Options,
  reply,
} from './given.ts'

/** Commands about a message, as a connector sends them that saw everything: the message is the actor's own unless `author` says otherwise. */
const about = (actor: number, conversation: string, message: number) => ({
  ...{ conversation, actor, device, clientMsgId: nextMessageId(), message },
  ...{ author: actor, postedAt: at(0), asOf: 1_000_000_000, ...reply },
})

type Given<C extends Command> = (
  actor: number,
  conversation: string,
  message: number,
  options?: CommandOptions<C>,
) => GivenCommand

export const editMessage: Given<EditMessage> = (actor, conversation, message, options = {}) =>
  lying<EditMessage>(
    {
      ...{ type: 'EditMessage', ...about(actor, conversation, message), windowMs: 0 },
      ...{ body: bodyOf('better'), keyId: null, mentions: [] },
    },
    options,
  )
export const deleteMessage: Given<DeleteMessage> = (actor, conversation, message, options = {}) =>
  lying<DeleteMessage>({ type: 'DeleteMessage', ...about(actor, conversation, message) }, options)
export const addReaction: Given<AddReaction> = (actor, conversation, message, options = {}) =>
  lying<AddReaction>({ type: 'AddReaction', ...about(actor, conversation, message), emoji: '👍' }, options)
export const removeReaction: Given<RemoveReaction> = (actor, conversation, message, options = {}) =>
  lying<RemoveReaction>({ type: 'RemoveReaction', ...about(actor, conversation, message), emoji: '👍' }, options)
export const pinMessage: Given<PinMessage> = (actor, conversation, message, options = {}) =>
  lying<PinMessage>({ type: 'PinMessage', ...about(actor, conversation, message) }, options)
export const unpinMessage: Given<UnpinMessage> = (actor, conversation, message, options = {}) =>
  lying<UnpinMessage>({ type: 'UnpinMessage', ...about(actor, conversation, message) }, options)
export const reportMessage: Given<ReportMessage> = (actor, conversation, message, options = {}) =>
  lying<ReportMessage>(
    { type: 'ReportMessage', ...about(actor, conversation, message), reason: Buffer.from('spam'), keyId: null },
    options,
  )
/** By an operator. */
export const removeMessage: Given<RemoveMessage> = (actor, conversation, message, options = {}) =>
  lying<RemoveMessage>({ type: 'RemoveMessage', ...about(actor, conversation, message) }, options)

/** What such commands came to, at `seq`. */
type Told<E extends { readonly type: string }> = (
  actor: number,
  conversation: string,
  seq: number,
  message: number,
  options?: Options<E>,
) => E

export const messageEdited: Told<MessageEdited> = (actor, conversation, seq, message, options = {}) => ({
  ...{ type: 'MessageEdited', ...common(), conversation, seq, actor, message },
  ...{ body: bodyOf('better'), keyId: null, mentions: [], ...options },
})
export const messageDeleted: Told<MessageDeleted> = (actor, conversation, seq, message, options = {}) => ({
  ...{ type: 'MessageDeleted', ...common(), conversation, seq, actor, message, author: actor, ...options },
})
export const messagePinned: Told<MessagePinned> = (actor, conversation, seq, message, options = {}) => ({
  ...{ type: 'MessagePinned', ...common(), conversation, seq, actor, message, ...options },
})
export const reactionAdded: Told<ReactionAdded> = (actor, conversation, seq, message, options = {}) => ({
  ...{ type: 'ReactionAdded', ...common(), conversation, seq, actor, message, emoji: '👍', ...options },
})
/** Of a message of the one whose id follows. */
export const messageReported = (
  actor: number,
  conversation: string,
  message: number,
  options: Options<MessageReported> = {},
): MessageReported => ({
  ...{ type: 'MessageReported', ...common(), conversation, seq: null, actor, message, author: actor + 1 },
  ...{ reason: Buffer.from('spam'), keyId: null, ...options },
})
/** By an operator, of the report at a place. */
export const resolveReport = (
  actor: number,
  conversation: string,
  of: Pick<ResolveReport, 'message' | 'user' | 'report'>,
  options: CommandOptions<ResolveReport> = {},
): GivenCommand =>
  lying<ResolveReport>(
    { type: 'ResolveReport', conversation, actor, device, clientMsgId: nextMessageId(), ...of, ...reply },
    options,
  )
export const reportResolved = (
  actor: number,
  conversation: string,
  options: Pick<ReportResolved, 'message' | 'user' | 'report'> & Options<ReportResolved>,
): ReportResolved => ({ type: 'ReportResolved', ...common(), conversation, seq: null, actor, ...options })
