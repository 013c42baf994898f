import { aliases, type StoredAlias } from './aliases.ts'
import { blocks, type StoredBlock } from './blocks.ts'
import { conversations, type StoredConversation } from './conversations.ts'
import { events, type StoredEvent } from './events.ts'
import { friendships, type StoredFriendship } from './friendships.ts'
import type { ParkedEvent } from './index.ts'
import { memberships, type StoredStay } from './memberships.ts'
import { messageStates, type StoredMessageState } from './message-states.ts'
import { type StoredWordCount, wordsByHour } from './popular-words.ts'
import { reactions, type StoredReaction } from './reactions.ts'
import { receipts, type StoredReceipt } from './receipts.ts'
import { resolutions, type StoredResolution } from './report-resolutions.ts'
import { reports, type StoredReport } from './reports.ts'
import { type StoredStanding, standings } from './standings.ts'
import { columnsOf, keyOf, type Table } from './table.ts'
import { type StoredUser, users } from './users.ts'

/** Every row of every read model. */
export interface Dump {
  readonly users: readonly StoredUser[]
  readonly conversations: readonly StoredConversation[]
  readonly memberships: readonly StoredStay[]
  readonly standings: readonly StoredStanding[]
  readonly events_read: readonly StoredEvent[]
  readonly message_states: readonly StoredMessageState[]
  readonly reactions: readonly StoredReaction[]
  readonly words_by_hour: readonly StoredWordCount[]
  readonly receipts: readonly StoredReceipt[]
  readonly friendships: readonly StoredFriendship[]
  readonly blocks: readonly StoredBlock[]
  readonly reports: readonly StoredReport[]
  readonly report_resolutions: readonly StoredResolution[]
  readonly dialect_ids: readonly StoredAlias[]
  readonly parked: readonly ParkedEvent[]
}

const parked: Table<ParkedEvent> = {
  name: 'parked',
  key: ['partition', 'pos'],
  columns: { aggregate: 'text', partition: 'integer', pos: 'bigint', reason: 'text' },
}

export const tables = {
  users,
  conversations,
  memberships,
  standings,
  events_read: events,
  message_states: messageStates,
  reactions,
  receipts,
  friendships,
  blocks,
  reports,
  report_resolutions: resolutions,
  dialect_ids: aliases,
  words_by_hour: wordsByHour,
  parked,
} as const

/** One line a row, `table key column=value …`, in an order that depends on the rows alone: two stores are equal if these are. */
export const linesOf = (dump: Dump): readonly string[] => [
  ...tableLines(users, dump.users),
  ...tableLines(conversations, dump.conversations),
  ...tableLines(memberships, dump.memberships),
  ...tableLines(standings, dump.standings),
  ...tableLines(events, dump.events_read),
  ...tableLines(messageStates, dump.message_states),
  ...tableLines(reactions, dump.reactions),
  ...tableLines(wordsByHour, dump.words_by_hour),
  ...tableLines(receipts, dump.receipts),
  ...tableLines(friendships, dump.friendships),
  ...tableLines(blocks, dump.blocks),
  ...tableLines(reports, dump.reports),
  ...tableLines(resolutions, dump.report_resolutions),
  ...tableLines(aliases, dump.dialect_ids),
  ...tableLines(parked, dump.parked),
]

const tableLines = <Row>(table: Table<Row>, rows: readonly Row[]): readonly string[] =>
  rows
    .map((row) => {
      const values = columnsOf(table).map((column) => `${column}=${JSON.stringify(row[column])}`)
      return `${table.name} ${keyOf(table, row)} ${values.join(' ')}`
    })
    .sort()

/** Rows of one that the other has not or has otherwise; empty: equal. At most `max` lines. */
export const differencesOf = (a: Dump, b: Dump, max = 20): readonly string[] => {
  const [ours, theirs] = [new Set(linesOf(a)), new Set(linesOf(b))]
  const only = (these: ReadonlySet<string>, those: ReadonlySet<string>, sign: string) =>
    [...these].filter((line) => !those.has(line)).map((line) => `${sign} ${line}`)
  return [...only(ours, theirs, '<'), ...only(theirs, ours, '>')].slice(0, max)
}
