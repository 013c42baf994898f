import type { LogEvent } from '@chat/schemas'
import type { Place } from './place.ts'
import type { Table } from './table.ts'

/** One row for each user whom another one ever blocked. */
export interface StoredBlock {
  readonly user_id: number
  readonly blocked_id: number
  readonly partition: number
  /** When it was last said, ms since the epoch. */
  readonly since: number
  /** When it was taken back; null: it holds. */
  readonly until: number | null
  /** Of the event that made it so. */
  readonly pos: number
}

export const blocks: Table<StoredBlock> = {
  name: 'blocks',
  key: ['user_id', 'blocked_id'],
  columns: {
    user_id: 'integer',
    blocked_id: 'integer',
    partition: 'integer',
    since: 'bigint',
    until: 'bigint?',
    pos: 'bigint',
  },
}

export const projectBlock = (event: LogEvent, { partition, pos }: Place): StoredBlock | undefined => {
  if (event.type !== 'UserBlocked' && event.type !== 'UserUnblocked') return undefined
  const { actor, user, at } = event
  const until = event.type === 'UserBlocked' ? null : at
  return { user_id: actor, blocked_id: user, partition, since: at, until, pos }
}
