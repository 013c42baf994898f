import { Fault, type Random } from '@chat/runtime'
import type { Credentials, Proof, Session } from '../index.ts'
import {
  digest,
  encodeRefreshToken,
  newRefreshToken,
  nonceBytes,
  parseRefreshToken,
  type RefreshToken,
  type Rotation,
  rotate,
} from '../refresh-token.ts'
import type { Query } from './query.ts'

/**
 * How far `endedSince` looks back beyond its last answer, ms: a row is stamped before it is committed, and may become visible
 * that much later. More than a statement may take.
 */
const overlapMs = 10_000

/** Two requests with the same token at once: one of them finds the row changed and decides again. */
const refreshTriesMax = 5

type SessionMethods = Pick<
  Credentials,
  | 'beginSession'
  | 'beginProvenSession'
  | 'refresh'
  | 'session'
  | 'sessionsOf'
  | 'touchSessions'
  | 'lastSeen'
  | 'endSession'
  | 'endOtherSessions'
  | 'endedSince'
  | 'expiredBetween'
>

interface Row {
  readonly id: string
  readonly user_id: number
  readonly device: string
  // bigint arrives as text.
  readonly created_at: string
  readonly expires_at: string
  readonly life_ms: string
  readonly current_hash: string
  readonly nonce: Buffer | null
  readonly next_hash: string | null
  readonly exchanged_at: string | null
}

const columns = 'id, user_id, device, created_at, expires_at, life_ms, current_hash, nonce, next_hash, exchanged_at'

const sessionOf = (row: Row): Session => ({
  id: row.id,
  userId: row.user_id,
  device: row.device,
  createdAt: Number(row.created_at),
  expiresAt: Number(row.expires_at),
})

const rotationOf = (row: Row): Rotation => {
  const { nonce, next_hash: nextHash, exchanged_at: exchangedAt } = row
  const isPending = nonce !== null && nextHash !== null && exchangedAt !== null
  const pending = isPending ? { nonce, nextHash, sinceMs: Number(exchangedAt) } : undefined
  return { currentHash: row.current_hash, pending }
}

/** Table `auth.sessions`. */
export const createSessions = (query: Query, random: Random): SessionMethods => {
  const endSession = async (id: string, now: number) => {
    await query(`${endSessions} WHERE id = $2 AND ended_at IS NULL`, [now, id])
  }
  return {
    beginSession: async (session) => {
      const token = newRefreshToken(random)
      await insertSession(query, session, token, undefined)
      return { refreshToken: encodeRefreshToken(token) }
    },
    beginProvenSession: async (session, proof) => {
      const token = newRefreshToken(random)
      return (await insertSession(query, session, token, proof))
        ? { refreshToken: encodeRefreshToken(token) }
        : undefined
    },
    refresh: createRefresh(query, random, endSession),
    session: async (id, now) => {
      const { rows } = await query<Row>(
        `SELECT ${columns} FROM auth.sessions WHERE id = $1 AND ended_at IS NULL AND expires_at > $2`,
        [id, now],
      )
      return rows[0] && sessionOf(rows[0])
    },
    sessionsOf: async (userId, now, after, limit) => {
      const { rows } = await query<Row & { readonly last_used_at: string }>(
        `SELECT ${columns}, last_used_at FROM auth.sessions
         WHERE user_id = $1 AND ended_at IS NULL AND expires_at > $2 AND (created_at, id COLLATE "C") < ($3, $4)
         ORDER BY created_at DESC, id COLLATE "C" DESC LIMIT $5`,
        [userId, now, after?.createdAt ?? Number.MAX_SAFE_INTEGER, after?.id ?? '', limit],
      )
      return rows.map((row) => {
        const session = sessionOf(row)
        return { ...session, lastUsedAt: Math.max(session.createdAt, Number(row.last_used_at)) }
      })
    },
    touchSessions: async (ids, now) => {
      await query('UPDATE auth.sessions SET last_used_at = $2 WHERE id = ANY ($1) AND last_used_at < $2', [ids, now])
    },
    lastSeen: async (userIds) => {
      const { rows } = await query<{ user_id: number; seen_at: string }>(
        `SELECT user_id, max(greatest(created_at, last_used_at)) AS seen_at FROM auth.sessions
         WHERE user_id = ANY ($1) GROUP BY user_id`,
        [userIds],
      )
      return new Map(rows.map((row) => [row.user_id, Number(row.seen_at)]))
    },
    endSession,
    endOtherSessions: (userId, keepSession, now) => endSessionsOf(query, userId, keepSession, now),
    endedSince: async (since) => {
      const { rows } = await query<{ ids: string[]; now: string }>(
        `SELECT floor(extract(epoch FROM now()) * 1000)::bigint AS now,
                array(SELECT id FROM auth.sessions WHERE ended_recorded_at >= $1) AS ids`,
        [since],
      )
      const [row] = rows
      return { sessions: row?.ids ?? [], until: Math.max(since, Number(row?.now ?? 0) - overlapMs) }
    },
    expiredBetween: async (after, until) => {
      const { rows } = await query<{ id: string }>(
        'SELECT id FROM auth.sessions WHERE ended_at IS NULL AND expires_at > $1 AND expires_at <= $2',
        [after, until],
      )
      return rows.map((row) => row.id)
    },
  }
}

const endSessions = `UPDATE auth.sessions
  SET ended_at = $1, ended_recorded_at = floor(extract(epoch FROM clock_timestamp()) * 1000)`

/** Resolves with those that ended. */
export const endSessionsOf = async (
  query: Query,
  userId: number,
  keepSession: string,
  now: number,
): Promise<readonly string[]> => {
  const { rows } = await query<{ id: string }>(
    `${endSessions} WHERE user_id = $2 AND id <> $3 AND ended_at IS NULL RETURNING id`,
    [now, userId, keepSession],
  )
  return rows.map(({ id }) => id)
}

/** false: the proof is none any more. It shares the lock of the password's row, so that a change of it comes before or after both. */
const insertSession = async (
  query: Query,
  session: Session,
  token: RefreshToken,
  proof: Proof | undefined,
): Promise<boolean> => {
  const { rowCount } = await query(
    `WITH proof AS (
       SELECT FROM auth.credentials WHERE registration_id = $9 AND password_hash = $10 FOR SHARE
     )
     INSERT INTO auth.sessions (id, user_id, device, created_at, expires_at, life_ms, family_hash, current_hash)
     SELECT $1, $2::integer, $3, $4::bigint, $5::bigint, $6::bigint, $7, $8 WHERE $9::text IS NULL OR EXISTS (SELECT FROM proof)`,
    [
      session.id,
      session.userId,
      session.device,
      session.createdAt,
      session.expiresAt,
      session.expiresAt - session.createdAt,
      digest(token.family),
      digest(token.secret),
      proof?.registrationId ?? null,
      proof?.passwordHash ?? null,
    ],
  )
  return rowCount > 0
}

/** Reads, decides by the one rule, writes if the row is still as it was read. */
const createRefresh =
  (query: Query, random: Random, endSession: Credentials['endSession']): Credentials['refresh'] =>
  async (refreshToken, nowMs, graceMs) => {
    const token = parseRefreshToken(refreshToken)
    if (token === undefined) return { outcome: 'refused' }
    const familyHash = digest(token.family)
    for (let attempt = 0; attempt < refreshTriesMax; attempt++) {
      const { rows } = await query<Row>(
        `SELECT ${columns} FROM auth.sessions WHERE family_hash = $1 AND ended_at IS NULL AND expires_at > $2`,
        [familyHash, nowMs],
      )
      const [row] = rows
      if (row === undefined) return { outcome: 'refused' }
      const before = rotationOf(row)
      const rotated = rotate(before, token, { nowMs, graceMs, nonce: random.bytes(nonceBytes) })
      if (rotated.outcome === 'replayed') {
        await endSession(row.id, nowMs)
        return { outcome: 'replayed', session: sessionOf(row) }
      }
      const answer = { outcome: 'refreshed', refreshToken: encodeRefreshToken(rotated.token) } as const
      if (rotated.outcome === 'same') return { ...answer, session: sessionOf(row) }
      const expiresAt = nowMs + Number(row.life_ms)
      if (await replaceRotation(query, row.id, { before, after: rotated.rotation, expiresAt })) {
        return { ...answer, session: { ...sessionOf(row), expiresAt } }
      }
    }
    throw new Fault('credentials_unavailable', `a session changed ${refreshTriesMax} times during one refresh`)
  }

/** false: somebody else changed the row since it was read, or ended the session. */
const replaceRotation = async (
  query: Query,
  id: string,
  change: { readonly before: Rotation; readonly after: Rotation; readonly expiresAt: number },
): Promise<boolean> => {
  const { before, after } = change
  const { rowCount } = await query(
    `UPDATE auth.sessions
     SET current_hash = $4, nonce = $5, next_hash = $6, exchanged_at = $7, expires_at = $8
     WHERE id = $1 AND ended_at IS NULL AND current_hash = $2 AND next_hash IS NOT DISTINCT FROM $3`,
    [
      id,
      before.currentHash,
      before.pending?.nextHash ?? null,
      after.currentHash,
      after.pending?.nonce ?? null,
      after.pending?.nextHash ?? null,
      after.pending?.sinceMs ?? null,
      change.expiresAt,
    ],
  )
  return rowCount > 0
}
