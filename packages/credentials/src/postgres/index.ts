import type { Logger, Random } from '@chat/runtime'
import { Pool } from 'pg'
import type { Credentials } from '../index.ts'
import { createQuery, createTransaction } from './query.ts'
import { createRecovery } from './recovery.ts'
import { createSessions } from './sessions.ts'
import { createStoredPasswords } from './stored-passwords.ts'

export { applyAuthMigrations } from './migrate.ts'

const connectTimeoutMs = 2_000
/** A statement that takes longer is given up by the server, ms. `endedSince` relies on it. */
const statementTimeoutMs = 4_000
/** Then the client gives up as well: the server or the way to it is gone. */
const queryTimeoutMs = 5_000

export interface PostgresCredentialsOptions {
  readonly url: string
  readonly random: Random
  readonly logger: Logger
  /** Connections to the database at most. */
  readonly poolMax: number
}

/**
 * Credentials in schema `auth` of PostgreSQL, which `applyAuthMigrations` made. Connects when first used, so a database that
 * is away at start is a Fault of the first call, not of this one.
 */
export const openPostgresCredentials = (options: PostgresCredentialsOptions): Credentials => {
  const pool = new Pool({
    connectionString: options.url,
    max: options.poolMax,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    query_timeout: queryTimeoutMs,
    keepAlive: true,
    application_name: 'chat-credentials',
  })
  // An idle connection that breaks is replaced by the next call, which reports what it meets.
  pool.on('error', (error) => options.logger.debug({ err: error }, 'idle database connection lost'))
  const query = createQuery(pool)
  const transaction = createTransaction(pool)
  let closing: Promise<void> | undefined
  return {
    ...createStoredPasswords(query, transaction),
    ...createRecovery(query, transaction),
    ...createSessions(query, options.random),
    close: () => {
      closing ??= pool.end()
      return closing
    },
  }
}
