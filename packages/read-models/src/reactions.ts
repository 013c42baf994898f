import type { LogEvent } from '@chat/schemas'
import type { Table } from './table.ts'

/** One row for each user, message and emoji that he ever put there. */
export interface StoredReaction {
  readonly conversation: string
  /** The seq of the message. */
  readonly message: number
  readonly emoji: string
  readonly user_id: number
  /** The seq of the newest event that put it there; null: it was taken back. */
  readonly seq: number | null
}

export const reactions: Table<StoredReaction> = {
  name: 'reactions',
  key: ['conversation', 'message', 'emoji', 'user_id'],
  columns: { conversation: 'text', message: 'integer', emoji: 'text', user_id: 'integer', seq: 'integer?' },
}

/** What a message shows of one emoji: how many put it there, and who of them. */
export interface ReactionCount {
  readonly emoji: string
  readonly count: number
  readonly users: readonly number[]
}

export const projectReaction = (event: LogEvent): StoredReaction | undefined => {
  if (event.type !== 'ReactionAdded' && event.type !== 'ReactionRemoved') return undefined
  const { conversation, message, emoji, actor: user_id } = event
  return { conversation, message, emoji, user_id, seq: event.type === 'ReactionAdded' ? event.seq : null }
}
