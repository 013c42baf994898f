import { tables } from '../dump.ts'
import type { FoldedRows } from '../fold.ts'
import type { ParkedEvent, ProjectionOffset, Source } from '../index.ts'
import { overtaken } from '../overtaken.ts'
import type { StoredReceipt } from '../receipts.ts'
import { columnsOf, type Table } from '../table.ts'
import type { Parameter, Session } from './database.ts'

/** Rows are sent as one array a column. */
const upsertOf = <Row>(table: Table<Row>, schema: string): string => {
  const columns = columnsOf(table)
  const arrays = columns.map((column, index) => `$${index + 1}::${table.columns[column].replace('?', '')}[]`)
  const rest = columns.filter((column) => !table.key.includes(column))
  return `insert into ${schema}.${table.name} (${columns.join(', ')}) select * from unnest(${arrays.join(', ')})
    on conflict (${table.key.join(', ')}) do update set ${rest.map((column) => `${column} = excluded.${column}`).join(', ')}`
}

const insertOf = <Row>(table: Table<Row>, schema: string): string =>
  upsertOf(table, schema).split('on conflict')[0] ?? ''

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
}

/** `upsert` for what goes on; `insert` for a schema without indexes, where every row is written once. */
export const createWriter = (schema: string, how: 'upsert' | 'insert'): Writer => {
  const statementOf = how === 'upsert' ? upsertOf : insertOf
  const write = async <Row>(session: Session, table: Table<Row>, rows: readonly Row[]): Promise<void> => {
    for (let from = 0; from < rows.length; from += rowsPerStatement) {
      const part = rows.slice(from, from + rowsPerStatement)
      await session.run(statementOf(table, schema), arraysOf(table, part))
    }
  }
  return {
    writeEvents: async (session, rows) => {
      await write(session, tables.users, [...rows.users.values()])
      await write(session, tables.conversations, [...rows.conversations.values()])
      await write(session, tables.memberships, [...rows.memberships.values()])
      await write(session, tables.events_read, rows.events_read)
      await write<ParkedEvent>(session, tables.parked, rows.parked)
    },
    writeReceipts: (session, rows) => write(session, tables.receipts, rows),
    moveOffset: async (session, source, partition, from, to) => {
      const parameters = [source, partition, to.nextOffset, to.lastPos, to.chain, from]
      const [moved] = await session.rows<{ tableoid: number }>(moveOf(schema, from), parameters)
      if (moved === undefined) throw overtaken(source, partition, from)
      return moved.tableoid
    },
  }
}

/** A statement's arrays stay within some MiB. */
const rowsPerStatement = 5_000

/** A partition that was never projected has no row and stands at 0. */
const moveOf = (schema: string, from: number): string =>
  from === 0
    ? `insert into ${schema}.projection_offsets as o (source, partition, next_offset, last_pos, chain) values ($1, $2, $3, $4, $5)
       on conflict (source, partition) do update set next_offset = $3, last_pos = $4, chain = $5 where o.next_offset = $6
       returning tableoid`
    : `update ${schema}.projection_offsets set next_offset = $3, last_pos = $4, chain = $5
       where source = $1 and partition = $2 and next_offset = $6
       returning tableoid`
