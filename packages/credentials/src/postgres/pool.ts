import type { Logger, Random } from '@chat/runtime'
import { Pool } from 'pg'

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

export const openPool = ({ url, poolMax, logger }: Omit<PostgresCredentialsOptions, 'random'>): Pool => {
  const pool = new Pool({
    connectionString: url,
    max: poolMax,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    query_timeout: queryTimeoutMs,
    keepAlive: true,
    application_name: 'chat-credentials',
  })
  // An idle connection that breaks is replaced by the next call, which reports what it meets.
  pool.on('error', (error) => logger.debug({ err: error }, 'idle database connection lost'))
  return pool
}
