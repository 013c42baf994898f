import { columnsOf, type Table } from '../table.ts'

/** The columns of a table, for a `select`. */
export const list = <Row>(table: Table<Row>, alias: string): string =>
  columnsOf(table)
    .map((column) => `${alias}.${column}`)
    .join(', ')

/** A row as JSON; bigints stay exact below 2^53, and these are. */
export const asJson = <Row>(table: Table<Row>, alias: string): string =>
  `json_build_object(${columnsOf(table)
    .map((column) => `'${column}', ${alias}.${column}`)
    .join(', ')})`
