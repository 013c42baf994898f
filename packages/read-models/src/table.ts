/** PostgreSQL types that the read models use; bigint comes back as a number (asserted safe). */
type ColumnType = 'integer' | 'bigint' | 'text'

/**
 * A table: its columns in order (`?` after the type: may be null) and the columns that identify a row. Row properties are the
 * column names, so one definition serves SQL, the memory twin and comparisons.
 */
export interface Table<Row> {
  readonly name: string
  readonly key: readonly (keyof Row & string)[]
  readonly columns: { readonly [K in keyof Row & string]: ColumnType | `${ColumnType}?` }
}

export const columnsOf = <Row>(table: Table<Row>): readonly (keyof Row & string)[] =>
  Object.keys(table.columns) as (keyof Row & string)[]

/** A row's key as one string. */
export const keyOf = <Row>(table: Table<Row>, row: Row): string =>
  table.key.map((column) => String(row[column])).join('|')

/** PostgreSQL text has no U+0000; everything a person wrote passes here on its way to a column. */
export const storable = (text: string): string => text.replaceAll('\0', '\ufffd')

/** UTF-8 bytes of a person as text that can be stored. */
export const storableText = (bytes: Uint8Array): string =>
  storable(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'))
