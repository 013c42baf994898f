import type { Random } from '@chat/runtime'
import type { Credentials, Refreshed, Session, SessionPlace } from './index.ts'
import {
  digest,
  encodeRefreshToken,
  newRefreshToken,
  nonceBytes,
  parseRefreshToken,
  type Rotation,
  rotate,
} from './refresh-token.ts'

interface Kept {
  readonly session: Session
  readonly lifeMs: number
  readonly rotation: Rotation
  readonly endedAt: number | undefined
  readonly lastUsedAt: number
}

type SessionMethods = Pick<
  Credentials,
  | 'beginSession'
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

/** The sessions of the twin in memory. */
export const createSessions = (
  random: Random,
): SessionMethods & { readonly forgetExpired: (until: number) => void } => {
  const sessions = new Map<string, Kept>()
  const byFamily = new Map<string, string>()
  let lastEndedAt = 0

  const end = (kept: Kept, now: number) => {
    if (kept.endedAt !== undefined) return
    lastEndedAt = Math.max(lastEndedAt, now)
    // Never before an earlier end: a poller that has read up to `lastEndedAt` must still see it.
    sessions.set(kept.session.id, { ...kept, endedAt: lastEndedAt })
  }
  const refresh = (refreshToken: string, nowMs: number, graceMs: number): Refreshed => {
    const token = parseRefreshToken(refreshToken)
    const kept = token && sessions.get(byFamily.get(digest(token.family)) ?? '')
    if (token === undefined || kept === undefined || !isLive(kept, nowMs)) return { outcome: 'refused' }
    const rotated = rotate(kept.rotation, token, { nowMs, graceMs, nonce: random.bytes(nonceBytes) })
    if (rotated.outcome === 'replayed') {
      end(kept, nowMs)
      return { outcome: 'replayed', session: kept.session }
    }
    const session = rotated.outcome === 'changed' ? { ...kept.session, expiresAt: nowMs + kept.lifeMs } : kept.session
    sessions.set(session.id, { ...kept, session, rotation: rotated.rotation })
    return { outcome: 'refreshed', session, refreshToken: encodeRefreshToken(rotated.token) }
  }

  return {
    beginSession: async (session) => {
      const token = newRefreshToken(random)
      const rotation = { currentHash: digest(token.secret), pending: undefined }
      byFamily.set(digest(token.family), session.id)
      const lifeMs = session.expiresAt - session.createdAt
      sessions.set(session.id, { session, lifeMs, rotation, endedAt: undefined, lastUsedAt: 0 })
      return { refreshToken: encodeRefreshToken(token) }
    },
    refresh: async (refreshToken, now, graceMs) => refresh(refreshToken, now, graceMs),
    session: async (id, now) => {
      const kept = sessions.get(id)
      return kept !== undefined && isLive(kept, now) ? kept.session : undefined
    },
    sessionsOf: async (userId, now, after, limit) =>
      [...sessions.values()]
        .filter((kept) => kept.session.userId === userId && isLive(kept, now))
        .map(({ session, lastUsedAt }) => ({ ...session, lastUsedAt: Math.max(session.createdAt, lastUsedAt) }))
        .sort(newestFirst)
        .filter((session) => after === undefined || newestFirst(after, session) < 0)
        .slice(0, limit),
    lastSeen: async (userIds) => {
      const asked = new Set(userIds)
      const seen = new Map<number, number>()
      for (const { session, lastUsedAt } of sessions.values())
        if (asked.has(session.userId))
          seen.set(session.userId, Math.max(seen.get(session.userId) ?? 0, session.createdAt, lastUsedAt))
      return seen
    },
    touchSessions: async (ids, now) => {
      for (const id of ids) {
        const kept = sessions.get(id)
        if (kept !== undefined) sessions.set(id, { ...kept, lastUsedAt: Math.max(kept.lastUsedAt, now) })
      }
    },
    endOtherSessions: async (userId, keepSession, now) => {
      const others = [...sessions.values()].filter(
        ({ session, endedAt }) => session.userId === userId && session.id !== keepSession && endedAt === undefined,
      )
      for (const kept of others) end(kept, now)
      return others.map(({ session }) => session.id)
    },
    endSession: async (id, now) => {
      const kept = sessions.get(id)
      if (kept !== undefined) end(kept, now)
    },
    endedSince: async (since) => ({
      sessions: [...sessions.values()].filter((kept) => (kept.endedAt ?? -1) >= since).map((kept) => kept.session.id),
      until: Math.max(since, lastEndedAt),
    }),
    expiredBetween: async (after, until) =>
      [...sessions.values()].flatMap(({ session, endedAt }) =>
        endedAt === undefined && session.expiresAt > after && session.expiresAt <= until ? [session.id] : [],
      ),
    forgetExpired: (until) => {
      for (const { session } of sessions.values()) if (session.expiresAt <= until) sessions.delete(session.id)
    },
  }
}

const isLive = (kept: Kept, now: number): boolean => kept.endedAt === undefined && kept.session.expiresAt > now

const newestFirst = (a: SessionPlace, b: SessionPlace): number => {
  if (a.createdAt !== b.createdAt) return b.createdAt - a.createdAt
  if (a.id === b.id) return 0
  return a.id < b.id ? 1 : -1
}
