import { type ChatEvent, isMessage, type MessageBody } from './event.ts'
import type { Outbox, OutboxEntry } from './outbox.ts'
import type { Timeline } from './timeline.ts'

/** A message as it is shown: at its place in the log, or behind all of them while it is on its way. */
export type Message = LoggedMessage | PendingMessage

export interface LoggedMessage extends Shown {
  readonly state: 'logged'
  readonly seq: number
  readonly at: string
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
): readonly Message[] => {
  const logged = timeline.events.flatMap((event) => loggedMessage(event))
  const pending = outbox.entries.filter((entry) => entry.conversation === conversation)
  return [...logged, ...pending.map((entry) => pendingMessage(entry, me))]
}

const loggedMessage = (event: ChatEvent): readonly LoggedMessage[] => {
  if (!isMessage(event)) return []
  const { conversation, seq, actor, at, data } = event
  return [{ conversation, seq, actor, at, ...data, state: 'logged' }]
}

const pendingMessage = (entry: OutboxEntry, actor: number): PendingMessage => {
  const { conversation, clientMsgId, body, replyTo, state } = entry
  const shown = { conversation, actor, clientMsgId, body, ...(replyTo === undefined ? {} : { replyTo }) }
  if (state.kind === 'failed') return { ...shown, state: 'failed', code: state.code }
  return { ...shown, state: state.kind === 'accepted' ? 'accepted' : 'sending' }
}
