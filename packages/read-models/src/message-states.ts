import { type LogEvent, toClientEvent } from '@chat/schemas'
import { storable, type Table } from './table.ts'

/**
 * One row for each message that was edited or deleted: what is so now, beside its event, which stays as it was posted. Of a deleted one
 * nothing is kept but that.
 */
export interface StoredMessageState {
  readonly conversation: string
  /** Of the message. */
  readonly seq: number
  readonly author: number
  /** The seq of the newest edit. */
  readonly edited_seq: number | null
  /** JSON of the fields of `data` that it replaced; null: deleted. */
  readonly content: string | null
  /** The seq of the deletion; null: it is there. */
  readonly deleted_seq: number | null
}

export const messageStates: Table<StoredMessageState> = {
  name: 'message_states',
  key: ['conversation', 'seq'],
  columns: {
    conversation: 'text',
    seq: 'integer',
    author: 'integer',
    edited_seq: 'integer?',
    content: 'text?',
    deleted_seq: 'integer?',
  },
}

/** What an edit gives a message: the fields of `messagePosted` that it replaces. */
export const contentOf = (editedData: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => {
  const { seq: _message, ...content } = editedData
  return content
}

export const projectMessageState = (event: LogEvent): StoredMessageState | undefined => {
  if (event.type !== 'MessageEdited' && event.type !== 'MessageDeleted') return undefined
  const { conversation, message: seq } = event
  if (event.type === 'MessageDeleted') {
    const { author, seq: deleted } = event
    return { conversation, seq, author, edited_seq: null, content: null, deleted_seq: deleted }
  }
  const content = storable(JSON.stringify(contentOf(toClientEvent(event)?.data ?? {})))
  return { conversation, seq, author: event.actor, edited_seq: event.seq, content, deleted_seq: null }
}
