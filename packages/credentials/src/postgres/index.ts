import type { Credentials } from '../index.ts'
import { openPool, type PostgresCredentialsOptions } from './pool.ts'
import { createQuery, createTransaction } from './query.ts'
import { createRecovery } from './recovery.ts'
import { createSessions } from './sessions.ts'
import { createStoredPasswords } from './stored-passwords.ts'

export { openPostgresImportLedger } from './import-ledger.ts'
export { applyAuthMigrations } from './migrate.ts'

/**
 * Credentials in schema `auth` of PostgreSQL, which `applyAuthMigrations` made. Connects when first used, so a database that
 * is away at start is a Fault of the first call, not of this one.
 */
export const openPostgresCredentials = (options: PostgresCredentialsOptions): Credentials => {
  const pool = openPool(options)
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
