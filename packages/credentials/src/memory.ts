import type { Random } from '@chat/runtime'
import {
  type Credentials,
  orphanAgeMs,
  type PasswordHasher,
  type Refreshed,
  type Session,
  sweepBatchMax,
} from './index.ts'
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
}

/** The twin in memory: the same contract, lost with the process. */
export const createMemoryCredentials = ({ random }: { readonly random: Random }): Credentials => {
  const { sweepOrphans, ...passwords } = createStoredPasswords()
  const { forgetExpired, ...sessions } = createSessions(random)
  return {
    ...passwords,
    ...sessions,
    sweep: (now, registered) => {
      forgetExpired(now - orphanAgeMs)
      return sweepOrphans(now - orphanAgeMs, registered)
    },
    close: async () => {},
  }
}

type PasswordMethods = Pick<Credentials, 'insertCredential' | 'passwordHash'>
type SessionMethods = Pick<
  Credentials,
  'beginSession' | 'refresh' | 'session' | 'endSession' | 'endedSince' | 'expiredBetween'
>

const createStoredPasswords = (): PasswordMethods & { readonly sweepOrphans: Credentials['sweep'] } => {
  const credentials = new Map<string, { readonly hash: string; readonly createdAt: number }>()
  return {
    insertCredential: async (registrationId, hash, createdAt) =>
      void credentials.set(registrationId, { hash, createdAt }),
    passwordHash: async (registrationId) => credentials.get(registrationId)?.hash,
    sweepOrphans: async (until, registered) => {
      const old = [...credentials].filter(([, kept]) => kept.createdAt <= until).map(([id]) => id)
      let count = 0
      for (let from = 0; from < old.length; from += sweepBatchMax) {
        const batch = old.slice(from, from + sweepBatchMax)
        const known = await registered(batch)
        for (const id of batch) if (!known.has(id) && credentials.delete(id)) count++
      }
      return count
    },
  }
}

const createSessions = (random: Random): SessionMethods & { readonly forgetExpired: (until: number) => void } => {
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
      sessions.set(session.id, { session, lifeMs, rotation, endedAt: undefined })
      return { refreshToken: encodeRefreshToken(token) }
    },
    refresh: async (refreshToken, now, graceMs) => refresh(refreshToken, now, graceMs),
    session: async (id, now) => {
      const kept = sessions.get(id)
      return kept !== undefined && isLive(kept, now) ? kept.session : undefined
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

/** The twin of argon2: no work, no secrecy. For tests and simulations only. */
export const createPlainHasher = (): PasswordHasher => ({
  hash: async (password) => `plain:${password}`,
  verify: async (hash, password) => hash === `plain:${password}`,
})
