import type pg from 'pg'
import { columnsOf, type Table } from '../table.ts'

/** Rows on their way into a table by `COPY … FROM STDIN`: the server's fastest way in. */
export interface Copy {
  /** Resolves when there is room for more. Rejects with what the server says, perhaps about rows of an earlier call. */
  write(lines: string): Promise<void>
  /** Resolves when all rows are in the table, as far as the transaction is concerned. */
  end(): Promise<void>
  /** Leaves the connection usable; the transaction can only be rolled back. Never rejects. */
  abort(): Promise<void>
}

export const copyStatement = <Row>(table: Table<Row>, schema: string): string =>
  `copy ${schema}.${table.name} (${columnsOf(table).join(', ')}) from stdin`

/** A row as a line of COPY's text format (PostgreSQL, "COPY", Text Format): columns between tabs, `\N` for null. */
export const createLineEncoder = <Row>(table: Table<Row>): ((row: Row) => string) => {
  const columns = columnsOf(table)
  return (row) => {
    let line = ''
    for (const [index, column] of columns.entries()) {
      const value: unknown = row[column]
      if (index > 0) line += '\t'
      if (typeof value === 'number') line += value
      else if (value === null) line += '\\N'
      else line += escaped(String(value))
    }
    return `${line}\n`
  }
}

/** What the format gives a meaning, and the ends of lines that it would take for one. */
const special = /[\\\n\r\t]/
const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }
const escaped = (text: string): string =>
  special.test(text) ? text.replaceAll(/[\\\n\r\t]/g, (character) => escapes[character] ?? character) : text

/*
 * Frontend messages of a COPY (PostgreSQL, "Message Formats"); the length counts itself and what follows it.
 *   CopyData => 'd', length int32, bytes;  CopyDone => 'c', length int32;  CopyFail => 'f', length int32, reason, 0
 */
const copyData = 0x64
const copyDone = Buffer.from([0x63, 0, 0, 0, 4])
const copyFail = Buffer.from([0x66, 0, 0, 0, 5, 0])

/** Begins a COPY on a connection that does nothing else until it ends. */
export const openCopy = (client: pg.ClientBase, statement: string): Copy => client.query(new CopyFromStdin(statement))

/** pg hands the connection to a query of this shape and tells it what the server answers. */
class CopyFromStdin implements pg.Submittable, Copy {
  readonly #statement: string
  readonly #begun = Promise.withResolvers<pg.Connection['stream']>()
  readonly #ended = Promise.withResolvers<void>()
  #stream: pg.Connection['stream'] | undefined
  #failure: Error | undefined
  /** Waits for the socket to take more; a failure wakes it too. */
  #wake: (() => void) | undefined

  constructor(statement: string) {
    this.#statement = statement
    // Whoever writes next hears of it.
    this.#begun.promise.catch(() => {})
    this.#ended.promise.catch(() => {})
  }

  submit(connection: pg.Connection): void {
    this.#stream = connection.stream
    connection.query(this.#statement)
  }

  handleCopyInResponse(connection: pg.Connection): void {
    this.#begun.resolve(connection.stream)
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    this.#begun.reject(new Error('no COPY began'))
    this.#ended.resolve()
  }

  handleError(error: Error): void {
    this.#failure = error
    this.#begun.reject(error)
    this.#ended.reject(error)
    this.#wake?.()
  }

  async write(lines: string): Promise<void> {
    const stream = await this.#begun.promise
    if (this.#failure !== undefined) throw this.#failure
    const bytes = Buffer.from(lines)
    const head = Buffer.allocUnsafe(5)
    head.writeUInt8(copyData, 0)
    head.writeUInt32BE(bytes.length + 4, 1)
    stream.cork()
    stream.write(head)
    stream.write(bytes)
    stream.uncork()
    if (stream.writableNeedDrain) await this.#drained(stream)
    if (this.#failure !== undefined) throw this.#failure
  }

  async end(): Promise<void> {
    const stream = await this.#begun.promise
    stream.write(copyDone)
    await this.#ended.promise
  }

  async abort(): Promise<void> {
    if (this.#failure !== undefined) return
    this.#stream?.write(copyFail)
    await this.#ended.promise.catch(() => {}) // That it was given up is what the server answers.
  }

  #drained(stream: pg.Connection['stream']): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        stream.off('drain', resolve)
        resolve()
      }
      stream.once('drain', resolve)
    })
  }
}
