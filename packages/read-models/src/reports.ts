import type { LogEvent } from '@chat/schemas'
import type { Place } from './place.ts'
import { storableText, type Table } from './table.ts'

/** One row for each message and user who told operators of it: what he said last. */
export interface StoredReport {
  readonly conversation: string
  /** The seq of the message. */
  readonly message: number
  readonly user_id: number
  /** Of the message. */
  readonly author: number
  readonly reason: string
  /** ms since the epoch. */
  readonly at: number
  readonly partition: number
  readonly pos: number
}

export const reports: Table<StoredReport> = {
  name: 'reports',
  key: ['conversation', 'message', 'user_id'],
  columns: {
    conversation: 'text',
    message: 'integer',
    user_id: 'integer',
    author: 'integer',
    reason: 'text',
    at: 'bigint',
    partition: 'integer',
    pos: 'bigint',
  },
}

export const projectReport = (event: LogEvent, { partition, pos }: Place): StoredReport | undefined => {
  if (event.type !== 'MessageReported') return undefined
  const { conversation, message, actor: user_id, author, at } = event
  return { conversation, message, user_id, author, reason: storableText(event.reason), at, partition, pos }
}
