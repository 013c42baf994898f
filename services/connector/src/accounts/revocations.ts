import type { Credentials } from '@chat/credentials'
import type { Service } from '@chat/runtime'
import { createRegularLook, type RegularLookPorts } from './regular-look.ts'
import { accessTokenLifeMs } from './tokens.ts'

/**
 * How far the clocks of the database and of other connectors may be off from ours, ms: the first poll looks that much further back,
 * and an ended session is remembered that much longer than a token signed here would live.
 */
const skewMs = 5 * 60 * 60_000
/** Each look at expired sessions begins this much before the last one's end, ms: our own clock may be set back. */
const expiryOverlapMs = 60_000

/**
 * Which sessions have ended, or expired, while access tokens of theirs may still be valid. Learns it from the credentials every 2 s, so a
 * session ended on any connector is known on every other one 2 s later; what ended here is known at once.
 */
export interface Revocations extends Service {
  isEnded(sessionId: string): boolean
  /** `listener` gets each ended session once. It returns at once and does not throw. Returns what takes it off again. */
  onEnded(listener: (sessionIds: readonly string[]) => void): () => void
  /** These sessions ended just now, on this connector. */
  end(sessionIds: readonly string[]): void
}

export interface RevocationsPorts extends RegularLookPorts {
  readonly credentials: Credentials
}

/** Not ready (reason `credentials`) from `start` until the first poll succeeded, and again when several failed in a row. */
export const createRevocations = ({ credentials, ...ports }: RevocationsPorts): Revocations => {
  const { clock } = ports
  /** Ended session → when it can be forgotten. Insertion order is time order. */
  const ended = new Map<string, number>()
  const listeners = new Set<(sessionIds: readonly string[]) => void>()
  let since = 0
  let expiredUntil = 0

  const end = (sessionIds: readonly string[]) => {
    const fresh = sessionIds.filter((id) => !ended.has(id))
    const forgetAt = clock.now() + accessTokenLifeMs + skewMs
    for (const id of fresh) ended.set(id, forgetAt)
    if (fresh.length > 0) for (const listener of listeners) listener(fresh)
  }
  const forgetOld = () => {
    const now = clock.now()
    for (const [id, forgetAt] of ended) {
      if (forgetAt > now) return
      ended.delete(id)
    }
  }
  const poll = async () => {
    const { sessions, until } = await credentials.endedSince(since)
    since = until
    const now = clock.now()
    const expired = await credentials.expiredBetween(expiredUntil - expiryOverlapMs, now)
    expiredUntil = now
    end([...sessions, ...expired])
    forgetOld()
  }
  const polling = createRegularLook(ports, { what: 'ended sessions', reason: 'credentials' }, poll)

  return {
    start: () => {
      since = clock.now() - accessTokenLifeMs - skewMs
      expiredUntil = since
      return polling.start()
    },
    stop: polling.stop,
    isEnded: (sessionId) => ended.has(sessionId),
    onEnded: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    end,
  }
}
