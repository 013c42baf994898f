import type { ImportLedger } from '../import-ledger.ts'
import { openPool, type PostgresCredentialsOptions } from './pool.ts'
import { createQuery } from './query.ts'

/** Table `auth.imported_messages`. */
export const openPostgresImportLedger = (options: Omit<PostgresCredentialsOptions, 'random'>): ImportLedger => {
  const pool = openPool(options)
  const query = createQuery(pool)
  return {
    propose: async (proposed) => {
      const keys = proposed.map(({ key }) => key)
      const { rows: made } = await query<{ key: string }>(
        `INSERT INTO auth.imported_messages (key, client_msg_id) SELECT * FROM unnest($1::text[], $2::text[])
         ON CONFLICT DO NOTHING RETURNING key`,
        [keys, proposed.map(({ clientMsgId }) => clientMsgId)],
      )
      const isNew = new Set(made.map(({ key }) => key))
      const { rows } = await query<{ key: string; client_msg_id: string; is_done: boolean }>(
        'SELECT key, client_msg_id, is_done FROM auth.imported_messages WHERE key = ANY ($1)',
        [keys],
      )
      return new Map(
        rows.map((row) => [
          row.key,
          { clientMsgId: row.client_msg_id, isNew: isNew.has(row.key), isDone: row.is_done },
        ]),
      )
    },
    settle: async (keys) => {
      await query('UPDATE auth.imported_messages SET is_done = true WHERE key = ANY ($1)', [keys])
    },
    forget: async (keys) => {
      await query('DELETE FROM auth.imported_messages WHERE key = ANY ($1) AND NOT is_done', [keys])
    },
    close: () => pool.end(),
  }
}
