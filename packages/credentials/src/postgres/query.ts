import { Fault } from '@chat/runtime'
import { DatabaseError, type Pool } from 'pg'

/** Runs one statement; throws Fault `credentials_unavailable`. */
export type Query = <R extends object>(
  sql: string,
  values: readonly unknown[],
) => Promise<{ readonly rows: readonly R[]; readonly rowCount: number }>

export const createQuery =
  (pool: Pool): Query =>
  async (sql, values) => {
    try {
      const { rows, rowCount } = await pool.query(sql, [...values])
      return { rows, rowCount: rowCount ?? 0 }
    } catch (error) {
      throw faultOf(error)
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
