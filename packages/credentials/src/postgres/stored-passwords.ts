import { type Credentials, orphanAgeMs, sweepBatchMax } from '../index.ts'
import type { Query, Transaction } from './query.ts'
import { endSessionsOf } from './sessions.ts'

/** Table `auth.credentials`. */
export const createStoredPasswords = (
  query: Query,
  transaction: Transaction,
): Pick<Credentials, 'insertCredential' | 'passwordHash' | 'areOfDialects' | 'changePassword' | 'sweep'> => ({
  insertCredential: async (registrationId, passwordHash, now, dialect) => {
    await query(
      `INSERT INTO auth.credentials (registration_id, password_hash, created_at, dialect) VALUES ($1, $2, $3, $4)
       ON CONFLICT (registration_id) DO UPDATE
       SET password_hash = excluded.password_hash, created_at = excluded.created_at, dialect = excluded.dialect`,
      [registrationId, passwordHash, now, dialect ?? null],
    )
  },
  areOfDialects: async (registrationIds) => {
    const { rows } = await query<{ registration_id: string }>(
      'SELECT registration_id FROM auth.credentials WHERE registration_id = ANY ($1) AND dialect IS NOT NULL',
      [registrationIds],
    )
    const found = new Set(rows.map((row) => row.registration_id))
    return registrationIds.every((id) => found.has(id))
  },
  passwordHash: async (registrationId) => {
    const { rows } = await query<{ password_hash: string }>(
      'SELECT password_hash FROM auth.credentials WHERE registration_id = $1',
      [registrationId],
    )
    return rows[0]?.password_hash
  },
  // Two statements, the password first: its row is locked until both are there, and a login that shares the lock comes before or after both.
  changePassword: ({ userId, registrationId, oldHash, newHash, keepSession }, now) =>
    transaction(async (run) => {
      const { rowCount } = await run(
        'UPDATE auth.credentials SET password_hash = $3 WHERE registration_id = $1 AND password_hash = $2',
        [registrationId, oldHash, newHash],
      )
      return rowCount === 0 ? undefined : endSessionsOf(run, userId, keepSession, now)
    }),
  sweep: async (now, registered) => {
    const until = now - orphanAgeMs
    await query('DELETE FROM auth.sessions WHERE expires_at <= $1', [until])
    await query('DELETE FROM auth.reset_codes WHERE expires_at <= $1', [now])
    let count = 0
    for (;;) {
      const { rows } = await query<{ registration_id: string }>(
        `SELECT registration_id FROM auth.credentials
         WHERE NOT is_registered AND created_at <= $1 ORDER BY created_at LIMIT $2`,
        [until, sweepBatchMax],
      )
      if (rows.length === 0) return count
      const ids = rows.map((row) => row.registration_id)
      const known = await registered(ids)
      const orphans = ids.filter((id) => !known.has(id))
      await query('UPDATE auth.credentials SET is_registered = true WHERE registration_id = ANY ($1)', [
        ids.filter((id) => known.has(id)),
      ])
      await query('DELETE FROM auth.credentials WHERE registration_id = ANY ($1) AND NOT is_registered', [orphans])
      count += orphans.length
    }
  },
})
