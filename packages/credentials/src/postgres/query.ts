import { Fault } from '@chat/runtime'
import { DatabaseError, type Pool, type PoolClient } from 'pg'

/** Runs one statement; throws Fault `credentials_unavailable`. */
export type Query = <R extends object>(
  sql: string,
  values: readonly unknown[],
) => Promise<{ readonly rows: readonly R[]; readonly rowCount: number }>

/** Runs several statements that take effect together or not at all; throws Fault `credentials_unavailable`, and what `work` throws. */
export type Transaction = <T>(work: (query: Query) => Promise<T>) => Promise<T>

export const createQuery = (pool: Pool): Query => queryOf(pool)

const queryOf =
  (runner: Pick<Pool | PoolClient, 'query'>): Query =>
  async (sql, values) => {
    try {
      const { rows, rowCount } = await runner.query(sql, [...values])
      return { rows, rowCount: rowCount ?? 0 }
    } catch (error) {
      throw faultOf(error)
    }
  }

export const createTransaction =
  (pool: Pool): Transaction =>
  async (work) => {
    const client = await pool.connect().catch((error) => {
      throw faultOf(error)
    })
    const query = queryOf(client)
    try {
      await query('BEGIN', [])
      const result = await work(query)
      await query('COMMIT', [])
      client.release()
      return result
    } catch (error) {
      client.release(true) // Ends the connection and with it the transaction, whatever state it is in.
      throw error
    }
  }

/** SQLSTATE 22 (data), 23 (integrity) and 42 (syntax, names) are our mistakes, unless the schema is not there yet. */
const faultOf = (error: unknown): unknown => {
  const state = error instanceof DatabaseError ? (error.code ?? '') : ''
  const isMissingSchema = state === '42P01' || state === '3F000'
  if (!isMissingSchema && /^(22|23|42)/.test(state)) return error
  const sentence = isMissingSchema
    ? 'schema auth is missing: run npm run init'
    : 'the database cannot be reached in time'
  return new Fault('credentials_unavailable', sentence, { cause: error })
}
