import { type ChatEvent, isMessage, type MessageBody, type MessagePosted } from './event.ts'
import type { Cursor } from './exchange.ts'
import type { Outbox, OutboxEntry } from './outbox.ts'
import type { Timeline } from './timeline.ts'

/** A message as it is shown: at its place in the log, or behind all of them while it is on its way. */
export type Message = LoggedMessage | DeletedMessage | PendingMessage

export interface LoggedMessage extends Shown, Logged {
  readonly state: 'logged'
  readonly mentions?: readonly number[]
  /** The seq of its newest edit. */
  readonly editedSeq?: number
  /** By emoji: who put it there, in order. Of what is held: the run of the conversation. */
  readonly reactions?: Readonly<Record<string, readonly number[]>>
}

/** It has no body any more. */
export interface DeletedMessage extends Omit<Shown, 'body'>, Logged {
  readonly state: 'deleted'
}

interface Logged {
  readonly seq: number
  readonly at: string
  /** Whom it reached, and who has read it, but for its author, as far as receipts say. */
  readonly deliveredTo?: readonly number[]
  readonly readBy?: readonly number[]
}

/** `sending`: not answered yet, `accepted`: in the log, its place not shown yet, `failed`: refused, with the code. */
export interface PendingMessage extends Shown {
  readonly state: 'sending' | 'accepted' | 'failed'
  readonly code?: string
}

interface Shown {
  readonly conversation: string
  readonly actor: number
  readonly clientMsgId: string
  readonly body: MessageBody
  readonly replyTo?: number
}

/** The messages of a conversation: those of the log by seq, then the own ones of the outbox, which has only those that have no place yet. */
export const messagesOf = (
  timeline: Timeline,
  outbox: Outbox,
  conversation: string,
  me: number,
  receipts: readonly Cursor[] = [],
): readonly Message[] => {
  const logged = [...loggedMessages(timeline.events)].map((message) => withReceipts(message, receipts))
  const pending = outbox.entries.filter((entry) => entry.conversation === conversation)
  return [...logged, ...pending.map((entry) => pendingMessage(entry, me))]
}

/** Everything that became of a message lies behind it in the run, so that applying it once more to what a page gave changes nothing. */
const loggedMessages = (events: readonly ChatEvent[]): Iterable<LoggedMessage | DeletedMessage> => {
  const shown = new Map<unknown, LoggedMessage | DeletedMessage>()
  for (const event of events) {
    if (isMessage(event)) shown.set(event.seq, loggedMessage(event))
    else {
      const message = shown.get(event.data.seq)
      if (message?.state === 'logged') shown.set(message.seq, changed(message, event))
    }
  }
  return shown.values()
}

const withReceipts = <M extends LoggedMessage | DeletedMessage>(message: M, receipts: readonly Cursor[]): M => {
  const beyond = (cursor: 'deliveredSeq' | 'readSeq') =>
    receipts.flatMap((each) => (each.user !== message.actor && each[cursor] >= message.seq ? each.user : []))
  const [deliveredTo, readBy] = [beyond('deliveredSeq'), beyond('readSeq')]
  if (!deliveredTo.length) return message
  return { ...message, deliveredTo, ...(readBy.length && { readBy }) }
}

const loggedMessage = ({ conversation, seq, actor, at, data }: MessagePosted): LoggedMessage | DeletedMessage => {
  const { clientMsgId, body, replyTo, mentions, editedSeq, deleted } = data
  const placed = { conversation, seq, actor, at, clientMsgId, ...(replyTo && { replyTo }) }
  if (deleted) return { ...placed, state: 'deleted' }
  return { ...placed, body, ...(mentions && { mentions }), ...(editedSeq && { editedSeq }), state: 'logged' }
}

const changed = (message: LoggedMessage, { type, seq, actor, data }: ChatEvent): LoggedMessage | DeletedMessage => {
  const { body, mentions, editedSeq = 0, reactions, ...rest } = message
  if (type === 'messageDeleted') return { ...rest, state: 'deleted' }
  if (type === 'messageEdited' && seq > editedSeq && data.body) {
    const edit = data as { readonly body: MessageBody; readonly mentions?: readonly number[] }
    return { ...rest, ...(reactions && { reactions }), ...edit, seq: message.seq, editedSeq: seq }
  }
  const emoji = String((data as { readonly emoji?: unknown }).emoji)
  const others = (reactions?.[emoji] ?? []).filter((user) => user !== actor)
  if (type === 'reactionAdded') return { ...message, reactions: { ...reactions, [emoji]: [...others, actor] } }
  if (type !== 'reactionRemoved' || !reactions) return message
  const { [emoji]: _, ...left } = reactions
  return { ...message, reactions: others.length ? { ...left, [emoji]: others } : left }
}

const pendingMessage = (entry: OutboxEntry, actor: number): PendingMessage => {
  const { conversation, clientMsgId, body, replyTo, state } = entry
  const shown = { conversation, actor, clientMsgId, body, ...(replyTo === undefined ? {} : { replyTo }) }
  if (state.kind === 'failed') return { ...shown, state: 'failed', code: state.code }
  return { ...shown, state: state.kind === 'accepted' ? 'accepted' : 'sending' }
}
