import type { Credentials } from '../index.ts'
import type { Query, Transaction } from './query.ts'
import { endSessionsOf } from './sessions.ts'

type RecoveryMethods = Pick<
  Credentials,
  'putResetCodes' | 'hasResetCode' | 'resetPassword' | 'agreeExternalName' | 'beginExport' | 'forgetExport'
>

/** Tables `auth.reset_codes`, `auth.external_names` and `auth.exports`. */
export const createRecovery = (query: Query, transaction: Transaction): RecoveryMethods => ({
  putResetCodes: async (codes) => {
    await query(
      `INSERT INTO auth.reset_codes (registration_id, code_hash, expires_at)
       SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[])
       ON CONFLICT (registration_id) DO UPDATE SET code_hash = excluded.code_hash, expires_at = excluded.expires_at`,
      [
        codes.map(({ registrationId }) => registrationId),
        codes.map(({ codeHash }) => codeHash),
        codes.map(({ expiresAt }) => expiresAt),
      ],
    )
  },
  hasResetCode: async (registrationId, codeHash, now) => {
    const { rowCount } = await query(
      'SELECT FROM auth.reset_codes WHERE registration_id = $1 AND code_hash = $2 AND expires_at > $3',
      [registrationId, codeHash, now],
    )
    return rowCount > 0
  },
  resetPassword: ({ userId, registrationId, codeHash, newHash }, now) =>
    transaction(async (run) => {
      const { rowCount } = await run(
        'DELETE FROM auth.reset_codes WHERE registration_id = $1 AND code_hash = $2 AND expires_at > $3',
        [registrationId, codeHash, now],
      )
      if (rowCount === 0) return undefined
      await run(
        `INSERT INTO auth.credentials (registration_id, password_hash, created_at, is_registered)
         VALUES ($1, $2, $3, true) ON CONFLICT (registration_id) DO UPDATE SET password_hash = excluded.password_hash`,
        [registrationId, newHash, now],
      )
      return endSessionsOf(run, userId, '', now)
    }),
  beginExport: async (userId, now, everyMs) => {
    const { rowCount } = await query(
      `INSERT INTO auth.exports (user_id, exported_at) VALUES ($1, $2)
       ON CONFLICT (user_id) DO UPDATE SET exported_at = excluded.exported_at WHERE auth.exports.exported_at <= $3`,
      [userId, now, now - everyMs],
    )
    if (rowCount > 0) return 0
    const { rows } = await query<{ exported_at: string }>('SELECT exported_at FROM auth.exports WHERE user_id = $1', [
      userId,
    ])
    return Math.max(1, Number(rows[0]?.exported_at ?? now) + everyMs - now)
  },
  forgetExport: async (userId, startedAt) => {
    await query('DELETE FROM auth.exports WHERE user_id = $1 AND exported_at = $2', [userId, startedAt])
  },
  agreeExternalName: async (registrationId, name) => {
    await query('INSERT INTO auth.external_names (registration_id, name) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
      registrationId,
      name,
    ])
    const { rows } = await query<{ name: string }>('SELECT name FROM auth.external_names WHERE registration_id = $1', [
      registrationId,
    ])
    return rows[0]?.name ?? name
  },
})
