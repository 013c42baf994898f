import { type ClientEvent, hasPlace, type LogEvent, toClientEvent } from '@chat/schemas'
import type { Place } from './place.ts'
import { searchWordsOf } from './search-words.ts'
import { storable, type Table } from './table.ts'

/** What was there before the event: messages of everybody, and of its author. */
interface Prior {
  readonly conversation: { readonly messages: number } | undefined
  readonly ownMessages: number
}

/**
 * One row per visible event of every type, messages in their present state. `ordinal` counts the messages of the conversation up to
 * and including this event, `own_ordinal` those of this message's author (null: not a message): the difference between two
 * places is what was posted between them, by all or by one, whatever lies between.
 */
export interface StoredEvent {
  readonly conversation: string
  readonly seq: number
  readonly type: string
  readonly actor: number
  /** ms since the epoch. */
  readonly at: number
  /** JSON. Text, because jsonb refuses \u0000 and reorders what a client wrote. */
  readonly data: string
  readonly pos: number
  readonly ordinal: number
  readonly own_ordinal: number | null
  /** The seq of the message that it is about; null: none. */
  readonly about: number | null
  /** What its text is found by, with spaces between; null: it has no text, or none with a word. */
  readonly words: string | null
}

export const events: Table<StoredEvent> = {
  name: 'events_read',
  key: ['conversation', 'seq'],
  columns: {
    conversation: 'text',
    seq: 'integer',
    type: 'text',
    actor: 'integer',
    at: 'bigint',
    data: 'text',
    pos: 'bigint',
    ordinal: 'integer',
    own_ordinal: 'integer?',
    about: 'integer?',
    words: 'text?',
  },
}

export const projectEvent = (event: LogEvent, place: Place, prior: Prior): StoredEvent | undefined => {
  const visible = toClientEvent(event)
  // What has no place is in no history: the lists say what it changed.
  if (visible === undefined || !hasPlace(visible)) return undefined
  const isMessage = event.type === 'MessagePosted'
  const messagesBefore = event.type === 'GroupCreated' ? 0 : (prior.conversation?.messages ?? 0)
  return {
    conversation: visible.conversation,
    seq: visible.seq,
    type: visible.type,
    actor: visible.actor,
    at: event.at,
    data: storable(JSON.stringify(visible.data)),
    pos: place.pos,
    ordinal: messagesBefore + (isMessage ? 1 : 0),
    own_ordinal: isMessage ? prior.ownMessages + 1 : null,
    about: 'message' in event ? event.message : null,
    words: storedWordsOf(visible.data),
  }
}

/** The text of what an event's `body` says; undefined: it has none. */
export const bodyTextOf = ({ body }: Readonly<Record<string, unknown>>): string | undefined => {
  if (typeof body !== 'object' || body === null || !('kind' in body) || body.kind !== 'text') return undefined
  return 'text' in body && typeof body.text === 'string' ? body.text : undefined
}

const storedWordsOf = (data: ClientEvent['data']): string | null => {
  const text = bodyTextOf(data)
  return text === undefined ? null : searchWordsOf(text).join(' ') || null
}

export const toClient = (stored: StoredEvent): ClientEvent => ({
  conversation: stored.conversation,
  seq: stored.seq,
  type: stored.type,
  actor: stored.actor,
  at: new Date(stored.at).toISOString(),
  data: JSON.parse(stored.data) as Readonly<Record<string, unknown>>,
})

/** What the event takes in a page, bytes; at least. */
export const bytesOf = (stored: StoredEvent): number => Buffer.byteLength(stored.data) + envelopeBytes

/** The rest of an event's JSON: conversation, seq, type, actor, at and the names of them. */
const envelopeBytes = 160
