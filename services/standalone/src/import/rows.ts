import { createReadStream } from 'node:fs'
import { Fault } from '@chat/runtime'
import { CsvError, parse } from 'csv-parse'

export const fileKinds = ['users', 'friendships', 'groups', 'members', 'messages'] as const
export type FileKind = (typeof fileKinds)[number]

/** What the first line of a file must name; other columns are not read. */
const columns = {
  users: ['id', 'name', 'password'],
  friendships: ['userid', 'friendid'],
  groups: ['id', 'name', 'description'],
  members: ['groupid', 'userid', 'role'],
  messages: ['userid', 'from', 'groupid', 'text', 'time'],
} as const satisfies Readonly<Record<FileKind, readonly string[]>>

export type Fields<K extends FileKind> = Readonly<Record<(typeof columns)[K][number], string>>

/** `line`: where the row begins in the file. `why`: it cannot be read as a row of this file. */
export type Row<K extends FileKind> =
  | { readonly line: number; readonly fields: Fields<K> }
  | { readonly line: number; readonly why: string }

/** A row is in memory as a whole, bytes. */
const rowBytesMax = 1024 * 1024
/** What stands where bytes were no UTF-8. */
const notUtf8 = '\ufffd'

interface Parsed {
  readonly record: readonly string[]
  readonly info: { readonly lines: number }
}

/**
 * The rows of a file, in order, read as they are taken. A row that is longer than a MiB, or whose quotes never end, is the last one: what is behind it cannot be
 * told apart. Throws Fault `import_file` when the file cannot be read or its first line does not name the columns.
 */
export async function* readRows<K extends FileKind>(kind: K, path: string): AsyncIterable<Row<K>> {
  const fault = (what: string) => new Fault('import_file', `${path}: ${what}`, { isRetryable: false })
  const parser = parse({
    ...{ bom: true, info: true, skip_empty_lines: true, relax_column_count: true, relax_quotes: true },
    max_record_size: rowBytesMax,
  })
  const file = createReadStream(path)
  file.on('error', (error) => parser.destroy(error)).pipe(parser)
  let header: readonly string[] | undefined
  let line = 0
  try {
    for await (const { record, info } of parser as AsyncIterable<Parsed>) {
      line = info.lines - record.reduce((count, field) => count + field.split('\n').length - 1, 0)
      if (header === undefined) {
        const missing = columns[kind].filter((column) => !record.includes(column))
        if (missing.length > 0) throw fault(`its first line does not name ${missing.join(', ')}`)
        header = record
      } else yield { line, ...read(kind, header, record) }
    }
  } catch (error) {
    if (error instanceof CsvError && header !== undefined) {
      yield { line: line + 1, why: `it is no CSV from here on: ${error.message}` }
      return
    }
    if (error instanceof CsvError || isSystemError(error)) throw fault(error.message)
    throw error
  } finally {
    file.destroy()
  }
  if (header === undefined) throw fault('it is empty')
}

const isSystemError = (error: unknown): error is NodeJS.ErrnoException => error instanceof Error && 'syscall' in error

const read = <K extends FileKind>(
  kind: K,
  header: readonly string[],
  record: readonly string[],
): { readonly fields: Fields<K> } | { readonly why: string } => {
  if (record.length !== header.length) return { why: `it has ${record.length} columns, not ${header.length}` }
  const named = columns[kind].map((column) => [column, record[header.indexOf(column)] ?? ''] as const)
  const broken = named.find(([, text]) => text.includes(notUtf8) || text.includes('\0'))
  if (broken !== undefined) return { why: `its ${broken[0]} is no UTF-8 text` }
  return { fields: Object.fromEntries(named) as Fields<K> }
}
