import { tables } from '../dump.ts'
import type { FoldedRows } from '../fold.ts'
import type { EventBatch, ParkedEvent, ProjectionOffset, Source } from '../index.ts'
import { overtaken } from '../overtaken.ts'
import type { StoredReceipt } from '../receipts.ts'
import { columnsOf, type Table } from '../table.ts'
import type { Parameter, Session } from './database.ts'

/** Rows are sent as one array a column, in parameters from `first` on; `condition` is added to the `from` clause. */
const upsertOf = <Row>(table: Table<Row>, schema: string, first = 1, condition = ''): string => {
  const columns = columnsOf(table)
  const arrays = columns.map((column, index) => `$${first + index}::${table.columns[column].replace('?', '')}[]`)
  const rest = columns.filter((column) => !table.key.includes(column))
  return `insert into ${schema}.${table.name} (${columns.join(', ')}) select u.* from unnest(${arrays.join(', ')}) u${condition}
    on conflict (${table.key.join(', ')}) do update set ${rest.map((column) => `${column} = excluded.${column}`).join(', ')}`
}

const arraysOf = <Row>(table: Table<Row>, rows: readonly Row[]): readonly Parameter[] =>
  columnsOf(table).map((column) => rows.map((row) => row[column] as string | number | null))

export interface Writer {
  writeEvents(session: Session, rows: FoldedRows): Promise<void>
  writeReceipts(session: Session, rows: readonly StoredReceipt[]): Promise<void>
  /**
   * Compare-and-set: throws Fault `projection_overtaken` when the stored next offset is not `from`. [G8] Resolves with the identity of
   * the table, which a rebuild's switch changes.
   */
  moveOffset(session: Session, source: Source, partition: number, from: number, to: ProjectionOffset): Promise<number>
  /**
   * Both for events in one statement, which is a transaction of its own: one round trip instead of six. false: the stored next offset
   * is not `from`, or the table is not `table`; nothing was written. [G8]
   */
  moveAndWrite(
    session: Session,
    batch: Pick<EventBatch, 'partition' | 'from' | 'to'>,
    table: number,
    rows: FoldedRows,
  ): Promise<boolean>
}

export const createWriter = (schema: string): Writer => {
  const write = async <Row>(session: Session, table: Table<Row>, rows: readonly Row[]): Promise<void> => {
    for (let from = 0; from < rows.length; from += rowsPerStatement) {
      const part = rows.slice(from, from + rowsPerStatement)
      await session.run(upsertOf(table, schema), arraysOf(table, part))
    }
  }
  return {
    writeEvents: async (session, rows) => {
      await write(session, tables.users, [...rows.users.values()])
      await write(session, tables.conversations, [...rows.conversations.values()])
      await write(session, tables.memberships, [...rows.memberships.values()])
      await write(session, tables.standings, [...rows.standings.values()])
      await write(session, tables.events_read, rows.events_read)
      await write(session, tables.friendships, [...rows.friendships.values()])
      await write(session, tables.blocks, [...rows.blocks.values()])
      await write(session, tables.message_states, [...rows.message_states.values()])
      await write(session, tables.reactions, [...rows.reactions.values()])
      await write(session, tables.reports, [...rows.reports.values()])
      await write(session, tables.report_resolutions, [...rows.report_resolutions.values()])
      await write(session, tables.dialect_ids, [...rows.dialect_ids.values()])
      await write(session, tables.words_by_hour, [...rows.words_by_hour.values()])
      await write<ParkedEvent>(session, tables.parked, rows.parked)
    },
    writeReceipts: (session, rows) => write(session, tables.receipts, rows),
    moveOffset: async (session, source, partition, from, to) => {
      const parameters = [source, partition, to.nextOffset, to.lastPos, to.chain, from]
      const [moved] = await session.rows<{ tableoid: number }>(moveOf(schema, from), parameters)
      if (moved === undefined) throw overtaken(source, partition, from)
      return moved.tableoid
    },
    moveAndWrite: async (session, { partition, from, to }, table, rows) => {
      const parameters: Parameter[] = ['events', partition, to.nextOffset, to.lastPos, to.chain, from, table]
      const parts = [`moved as (${compareAndSetOf(schema)} and tableoid = $7 returning 1)`]
      const add = <Row>(of: Table<Row>, some: readonly Row[]) => {
        if (some.length === 0) return
        parts.push(`${of.name}_written as (${upsertOf(of, schema, parameters.length + 1, ', moved')})`)
        parameters.push(...arraysOf(of, some))
      }
      add(tables.users, [...rows.users.values()])
      add(tables.conversations, [...rows.conversations.values()])
      add(tables.memberships, [...rows.memberships.values()])
      add(tables.standings, [...rows.standings.values()])
      add(tables.events_read, rows.events_read)
      add(tables.friendships, [...rows.friendships.values()])
      add(tables.blocks, [...rows.blocks.values()])
      add(tables.message_states, [...rows.message_states.values()])
      add(tables.reactions, [...rows.reactions.values()])
      add(tables.reports, [...rows.reports.values()])
      add(tables.report_resolutions, [...rows.report_resolutions.values()])
      add(tables.dialect_ids, [...rows.dialect_ids.values()])
      add(tables.words_by_hour, [...rows.words_by_hour.values()])
      add<ParkedEvent>(tables.parked, rows.parked)
      return (await session.rows(`with ${parts.join(', ')} select from moved`, parameters)).length > 0
    },
  }
}

/** A statement's arrays stay within some MiB. */
export const rowsPerStatement = 5_000

/** A partition that was never projected has no row and stands at 0. */
const moveOf = (schema: string, from: number): string =>
  from === 0
    ? `insert into ${schema}.projection_offsets as o (source, partition, next_offset, last_pos, chain) values ($1, $2, $3, $4, $5)
       on conflict (source, partition) do update set next_offset = $3, last_pos = $4, chain = $5 where o.next_offset = $6
       returning tableoid`
    : `${compareAndSetOf(schema)} returning tableoid`

const compareAndSetOf = (schema: string): string =>
  `update ${schema}.projection_offsets set next_offset = $3, last_pos = $4, chain = $5
   where source = $1 and partition = $2 and next_offset = $6`
