import { type LogEvent, parseConversation } from '@chat/schemas'
import type { Place } from './place.ts'
import { storable, type Table } from './table.ts'

/** Whose number: users and groups are counted each for themselves. */
export type AliasKind = 'user' | 'group'

/** Numbers of one call. */
export const aliasesAskedMax = 1_000

/** Old numbers of those who were imported, each valid in one dialect. An alias never changes, but one that is not there yet may come. */
export interface AliasReads {
  /** Old numbers → ids. Absent: nobody has it. At most `aliasesAskedMax` a call. */
  idsOfOld(dialect: string, kind: AliasKind, oldIds: readonly number[]): Promise<ReadonlyMap<number, number>>
  /** Ids → old numbers. Absent: he has none in that dialect. At most `aliasesAskedMax` a call. */
  oldIdsOf(dialect: string, kind: AliasKind, ids: readonly number[]): Promise<ReadonlyMap<number, number>>
}

/**
 * The number that an imported user or group had on the server he was moved from: one row for each and dialect. Two that claim the same
 * number may be of different partitions: both have a row, and the one with the least id has the number, in whatever order they came.
 */
export interface StoredAlias {
  readonly dialect: string
  readonly kind: AliasKind
  readonly id: number
  readonly old_id: number
  readonly partition: number
  readonly pos: number
}

export const aliases: Table<StoredAlias> = {
  name: 'dialect_ids',
  key: ['dialect', 'kind', 'id'],
  columns: { dialect: 'text', kind: 'text', id: 'integer', old_id: 'integer', partition: 'integer', pos: 'bigint' },
}

export const projectAlias = (event: LogEvent, { partition, pos }: Place): StoredAlias | undefined => {
  if (event.type !== 'UserImported' && event.type !== 'GroupImported') return undefined
  const { dialect, oldId: old_id } = event
  const owner =
    event.type === 'UserImported'
      ? ({ kind: 'user', id: event.userId } as const)
      : ({ kind: 'group', id: groupOf(event.conversation) } as const)
  return { dialect: storable(dialect), ...owner, old_id, partition, pos }
}

const groupOf = (conversation: string): number => {
  const id = parseConversation(conversation)
  if (id?.kind !== 'group') throw new Error(`${conversation} is no group`)
  return id.groupId
}
