import type {
  AddReaction,
  DeleteMessage,
  EditMessage,
  MessageDeleted,
  MessageEdited,
  MessagePinned,
  MessageUnpinned,
  PinMessage,
  ReactionAdded,
  ReactionRemoved,
  RemoveMessage,
  RemoveReaction,
  ReportMessage,
  ResolveReport,
  UnpinMessage,
} from '@chat/schemas'
import {
  accepted,
  type ConversationHappening,
  type Decision,
  type RejectionCode,
  rejected,
  type UserId,
  unexpected,
} from './decision.ts'
import { membersNamed } from './message.ts'
import type { NewestEntries } from './newest-table.ts'

/** A command about a message that is there. */
export type MessageAct = EditMessage | DeleteMessage | AddReaction | RemoveReaction | PinMessage | UnpinMessage
/** What such a command comes to. */
export type MessageActEvent =
  | MessageEdited
  | MessageDeleted
  | ReactionAdded
  | ReactionRemoved
  | MessagePinned
  | MessageUnpinned

/** Seqs of the pinned messages of a conversation, in the order they were pinned. */
export type Pins = readonly number[]
export const noPins: Pins = []
/** Most pinned messages of a conversation: they are part of its state and of every look at it. */
export const pinsMax = 50

/**
 * The newest deletions of a partition that are remembered, by `deletionKey`, with their positions. A read model that a connector looks
 * into is seconds behind at most: so many messages are deleted in a partition in minutes, at the rate one device may have.
 */
export const deletionsMax = 4096
export type Deletions = NewestEntries<number>

export const deletionKey = (conversation: string, message: number): string => [conversation, message].join('|')

/** What the conversation says of who asks; that he may act there at all was decided before. */
export interface Seat {
  readonly members: { has(user: UserId): boolean }
  readonly lastSeq: number
  readonly pins: Pins
  /** He may delete what others wrote. */
  readonly isModerator: boolean
}

/** `atMs`: the command's time. */
export const actOnMessage = (
  command: MessageAct,
  seat: Seat,
  deletions: Deletions,
  atMs: number,
): Decision<ConversationHappening> => {
  const { message, author } = command
  const doubt = doubtOf(command, seat, deletions)
  if (doubt !== undefined || author === null) return rejected(doubt ?? 'no_such_message')
  switch (command.type) {
    case 'EditMessage':
      return edit(command, author, seat, atMs)
    case 'DeleteMessage':
      if (author !== command.actor && !seat.isModerator) return rejected('forbidden')
      return accepted({ type: 'MessageDeleted', message, author })
    case 'AddReaction':
      return accepted({ type: 'ReactionAdded', message, emoji: command.emoji })
    case 'RemoveReaction':
      return accepted({ type: 'ReactionRemoved', message, emoji: command.emoji })
    case 'PinMessage':
      if (seat.pins.length >= pinsMax && !seat.pins.includes(message)) return rejected('too_many')
      return accepted({ type: 'MessagePinned', message })
    case 'UnpinMessage':
      return accepted({ type: 'MessageUnpinned', message })
    default:
      return unexpected(command)
  }
}

/** Whoever may see a message may tell operators of it. */
export const reportMessage = (
  command: ReportMessage,
  conversation: Pick<Seat, 'lastSeq'>,
  deletions: Deletions,
): Decision<ConversationHappening> => {
  const { message, author, reason, keyId } = command
  const doubt = doubtOf(command, conversation, deletions)
  if (doubt !== undefined || author === null) return rejected(doubt ?? 'no_such_message')
  return accepted({ type: 'MessageReported', message, author, reason, keyId })
}

/** An operator is done with what was told of a message, whatever became of that. Reports are no part of the state: his connector found it. */
export const resolveReport = (
  { message, user, report }: ResolveReport,
  { lastSeq }: Pick<Seat, 'lastSeq'>,
): Decision<ConversationHappening> =>
  isPlace(message, lastSeq) ? accepted({ type: 'ReportResolved', message, user, report }) : rejected('not_found')

/** An operator asks: he is no member, and no role, block or end of the conversation is in his way. */
export const removeMessage = (
  command: RemoveMessage,
  conversation: Pick<Seat, 'lastSeq'>,
  deletions: Deletions,
): Decision<ConversationHappening> => {
  const { message, author } = command
  const doubt = doubtOf(command, conversation, deletions)
  if (doubt !== undefined || author === null) return rejected(doubt ?? 'no_such_message')
  return accepted({ type: 'MessageDeleted', message, author })
}

/**
 * Author and time of a message never change, so the connector's word for them holds. A deletion since it looked is found here, or it may
 * have been forgotten: then nobody knows, and the connector must look again.
 */
const doubtOf = (
  { conversation, message, author, asOf }: MessageAct | RemoveMessage | ReportMessage,
  { lastSeq }: Pick<Seat, 'lastSeq'>,
  deletions: Deletions,
): RejectionCode | undefined => {
  if (author === null || !isPlace(message, lastSeq) || deletions.get(deletionKey(conversation, message)) !== undefined)
    return 'no_such_message'
  const rememberedSince = deletions.oldestOfFull()
  return rememberedSince !== undefined && asOf < rememberedSince ? 'unavailable' : undefined
}

const isPlace = (message: number, lastSeq: number): boolean =>
  Number.isInteger(message) && message >= 1 && message <= lastSeq

const edit = (
  command: EditMessage,
  author: UserId,
  { members }: Seat,
  atMs: number,
): Decision<ConversationHappening> => {
  const { message, body, keyId, windowMs, postedAt } = command
  if (author !== command.actor) return rejected('forbidden')
  if (windowMs > 0 && atMs - postedAt > windowMs) return rejected('too_late')
  return accepted({ type: 'MessageEdited', message, body, keyId, mentions: membersNamed(command.mentions, members) })
}

export const pinsAfter = (pins: Pins, event: { readonly type: string } | MessageActEvent): Pins => {
  if (!('message' in event)) return pins
  const { type, message } = event
  const isPinned = pins.includes(message)
  if (type === 'MessagePinned') return isPinned ? pins : [...pins, message]
  const isToGo = isPinned && (type === 'MessageUnpinned' || type === 'MessageDeleted')
  return isToGo ? pins.filter((pinned) => pinned !== message) : pins
}
