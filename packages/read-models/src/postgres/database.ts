import { createHash } from 'node:crypto'
import { assert, Fault, type Logger } from '@chat/runtime'
import pg from 'pg'
import { type Copy, openCopy } from './copy.ts'
import { liveSchema } from './migrate.ts'

/** A call that gets no connection within this time fails, ms: long enough for a crowd that reconnects to take turns. */
const connectTimeoutMs = 8_000
/** A statement that takes longer is given up by the server, and shortly after by us, ms. */
const statementTimeoutMs = 5_000
/** A process that is frozen in the middle of a transaction gives up its locks after this time, ms. */
const idleInTransactionMs = 5_000

/** A commit that a power cut takes back takes its offset with it: the same events are projected again. [G7] */
const asynchronous = '-c synchronous_commit=off'
/** A statement without a limit ends with its client: the next run would wait for what a killed one still does. */
const noticeLoss = '-c client_connection_check_interval=1s'

export type Parameter = string | number | null | readonly (string | number | null)[]

export interface Session {
  /** Planned once a connection if it has parameters: its text must be one of few, its plan good for all parameters. */
  rows<Row>(statement: string, parameters?: readonly Parameter[]): Promise<readonly Row[]>
  /** Planned for these parameters. */
  rowsPlannedAnew<Row>(statement: string, parameters: readonly Parameter[]): Promise<readonly Row[]>
  /** How many rows changed. */
  run(statement: string, parameters?: readonly Parameter[]): Promise<number>
}

export interface Transaction extends Session {
  /** Rows in bulk. Nothing else is asked of the transaction until the copy has ended or was aborted. */
  copy(statement: string): Copy
}

export interface Database {
  /** One statement. */
  readonly session: Session
  /** One transaction; rolled back when `run` rejects. */
  transaction<T>(kind: 'read' | 'write', run: (session: Transaction) => Promise<T>): Promise<T>
  close(): Promise<void>
}

export interface DatabaseOptions {
  readonly url: string
  readonly logger: Logger
  /** Connections at most. */
  readonly poolMax: number
  /** ms; 0: none. */
  readonly statementTimeoutMs?: number
}

/**
 * A pool of connections. Everything that is the world's failure (connection, deadline, shutdown, tables that are not there yet)
 * becomes Fault `read_models_unavailable`, what the server says about our rows Fault `rows_refused`; the rest is thrown as it is.
 */
export const openDatabase = (options: DatabaseOptions): Database => {
  const limitMs = options.statementTimeoutMs ?? statementTimeoutMs
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.poolMax,
    connectionTimeoutMillis: connectTimeoutMs,
    options: limitMs === 0 ? `${asynchronous} ${noticeLoss}` : asynchronous,
    ...(limitMs === 0
      ? {}
      : {
          statement_timeout: limitMs,
          query_timeout: limitMs + 1_000,
          idle_in_transaction_session_timeout: idleInTransactionMs,
        }),
    types: { getTypeParser },
  })
  // A connection that dies idle is replaced at the next use; without a listener it would end the process.
  const onLost = (error: Error) => options.logger.debug({ err: error }, 'database connection lost')
  pool.on('error', onLost)
  pool.on('connect', (client) => client.on('error', onLost)) // While it is in use; the query under way rejects too.

  const transaction: Database['transaction'] = async (kind, run) => {
    const client = await guard(() => pool.connect())
    try {
      const session = { ...sessionOf(client), copy: (statement: string) => guardCopy(openCopy(client, statement)) }
      await session.run(kind === 'read' ? beginRead : 'begin')
      const result = await run(session)
      await session.run('commit')
      client.release()
      return result
    } catch (error) {
      const isOver = await client.query('rollback').then(
        () => true,
        () => false, // The connection is what failed; it is thrown away below, and the transaction with it.
      )
      client.release(!isOver)
      throw error
    }
  }

  return { session: sessionOf(pool), transaction, close: () => pool.end() }
}

/**
 * The lock keeps a rebuild from switching in the middle: a statement after the switch would look into other tables with a snapshot
 * from before. Both go in one message.
 */
const beginRead = `begin isolation level repeatable read read only; lock table ${liveSchema}.projection_offsets in access share mode`

const sessionOf = (connection: Pick<pg.Pool, 'query'>): Session => {
  const query = (text: string, parameters: readonly Parameter[], name: string | undefined) =>
    guard(() => connection.query({ text, values: parameters.map(sendable), ...(name === undefined ? {} : { name }) }))
  const queryKept = (text: string, parameters: readonly Parameter[] = []) =>
    query(text, parameters, parameters.length === 0 ? undefined : nameOf(text))
  return {
    rows: async <Row>(text: string, parameters?: readonly Parameter[]) =>
      (await queryKept(text, parameters)).rows as Row[],
    rowsPlannedAnew: async <Row>(text: string, parameters: readonly Parameter[]) =>
      (await query(text, parameters, undefined)).rows as Row[],
    run: async (text, parameters) => (await queryKept(text, parameters)).rowCount ?? 0,
  }
}

/** The name of a prepared statement: its text's digest, the same on every connection. */
const nameOf = (text: string): string => {
  const known = names.get(text)
  if (known !== undefined) return known
  const name = createHash('sha256').update(text).digest('hex').slice(0, 32)
  names.set(text, name)
  return name
}

/** Statements are constants of this package: a few dozens. */
const names = new Map<string, string>()

/** A text with U+0000 is found nowhere and would be refused as an error. */
const sendable = (parameter: Parameter): Parameter => {
  if (typeof parameter === 'string' && parameter.includes('\0')) return parameter.replaceAll('\0', '\ufffd')
  return parameter
}

const bigint = 20

/** Offsets, positions and times are safe integers. */
const parseBigint = (text: string): number => {
  const value = Number(text)
  assert(Number.isSafeInteger(value), 'a bigint of ours is a safe integer')
  return value
}

const getTypeParser: typeof pg.types.getTypeParser = (id: number, format?: unknown) =>
  id === bigint ? parseBigint : pg.types.getTypeParser(id, format as 'text')

const guardCopy = (copy: Copy): Copy => ({
  write: (lines) => guard(() => copy.write(lines)),
  end: () => guard(() => copy.end()),
  abort: () => copy.abort(),
})

const guard = async <T>(run: () => Promise<T>): Promise<T> => {
  try {
    return await run()
  } catch (error) {
    throw faultOf(error)
  }
}

/** Classes and codes of SQLSTATE (PostgreSQL, appendix A) that pass: connection, resources, operator intervention, limits. */
const passing = /^(08|53|55|57|58|25006|25P03|40)/
/** Undefined schema, table, column, or a prepared statement from before a migration: migrations are not, or are being applied. */
const notMigrated = /^(3F000|42P01|42703|0A000)/
/** Data exceptions, integrity violations, limits of an index row. */
const refusing = /^(22|23|54)/

const faultOf = (error: unknown): unknown => {
  if (error instanceof Fault) return error
  const state = error instanceof pg.DatabaseError ? (error.code ?? '') : undefined
  if (state === undefined || passing.test(state))
    return new Fault('read_models_unavailable', 'the database of the read models cannot be reached', { cause: error })
  if (notMigrated.test(state))
    return new Fault('read_models_unavailable', 'the tables of the read models are missing: run init', { cause: error })
  if (refusing.test(state))
    return new Fault('rows_refused', 'the database refused rows', { cause: error, isRetryable: false })
  return error
}
