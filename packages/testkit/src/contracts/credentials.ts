import { type Credentials, orphanAgeMs, type Session } from '@chat/credentials'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { recoveryTests } from './credentials-recovery.ts'
import { ownSessionTests, passwordChangeTests } from './credentials-sessions.ts'

const graceMs = 60_000
const lifeMs = 30 * 24 * 60 * 60_000
/** Far from the machine's clock, so that a store that uses its own where the caller's is meant fails. */
const startMs = Date.UTC(2031, 0, 1)

/** What every store of credentials must do. `open` gives an empty one. */
export const credentialsContract = (name: string, open: () => Promise<Credentials>): void => {
  describe(`credentials (${name})`, () => {
    let credentials: Credentials
    let count = 0
    beforeAll(async () => {
      credentials = await open()
    })
    afterAll(() => credentials.close())

    const newSession = (over: Partial<Session> = {}): Session => ({
      id: `session-${++count}`,
      userId: 7,
      device: 'device',
      createdAt: startMs,
      expiresAt: startMs + lifeMs,
      ...over,
    })
    const begin = async (over: Partial<Session> = {}) => {
      const session = newSession(over)
      const { refreshToken } = await credentials.beginSession(session)
      return { session, refreshToken }
    }
    const refreshed = async (token: string, now: number) => {
      const result = await credentials.refresh(token, now, graceMs)
      if (result.outcome !== 'refreshed') throw new Error(`refresh was ${result.outcome}`)
      return result.refreshToken
    }
    const outcome = async (token: string, now: number) => (await credentials.refresh(token, now, graceMs)).outcome

    passwordTests(() => credentials)
    ownSessionTests(() => credentials)
    passwordChangeTests(() => credentials)
    recoveryTests(() => credentials)

    test('gives back a session until it expires', async () => {
      const { session } = await begin()
      expect(await credentials.session(session.id, startMs + 1)).toEqual(session)
      expect(await credentials.session(session.id, session.expiresAt)).toBeUndefined()
      expect(await credentials.session('unknown', startMs)).toBeUndefined()
    })

    test('exchanges a refresh token for another one of the same session', async () => {
      const { session, refreshToken } = await begin()
      const result = await credentials.refresh(refreshToken, startMs + 1, graceMs)
      expect(result).toMatchObject({ outcome: 'refreshed', session: { id: session.id, userId: 7, device: 'device' } })
      expect(result).not.toMatchObject({ refreshToken })
    })

    test('a refresh begins the life of the session anew', async () => {
      const { session, refreshToken } = await begin()
      await refreshed(refreshToken, startMs + 1000)
      expect(await credentials.session(session.id, session.expiresAt + 999)).toMatchObject({
        expiresAt: session.expiresAt + 1000,
      })
      expect(await credentials.session(session.id, session.expiresAt + 1000)).toBeUndefined()
    })

    test('an exchanged token gives the same answer again until its grace is over', async () => {
      const { refreshToken } = await begin()
      const successor = await refreshed(refreshToken, startMs)
      expect(await refreshed(refreshToken, startMs + 1)).toBe(successor)
      expect(await refreshed(refreshToken, startMs + graceMs)).toBe(successor)
    })

    test('an exchanged token that comes back after its grace ends the session', async () => {
      const { session, refreshToken } = await begin()
      const successor = await refreshed(refreshToken, startMs)
      const late = startMs + graceMs + 1
      expect(await credentials.refresh(refreshToken, late, graceMs)).toMatchObject({
        outcome: 'replayed',
        session: { id: session.id },
      })
      expect(await credentials.session(session.id, late)).toBeUndefined()
      expect(await outcome(successor, late)).toBe('refused')
    })

    test('a token is spent once its successor was used, even within the grace', async () => {
      const { session, refreshToken } = await begin()
      const second = await refreshed(refreshToken, startMs)
      const third = await refreshed(second, startMs + 1)
      expect(third).not.toBe(second)
      expect(await refreshed(second, startMs + 2)).toBe(third)
      expect(await outcome(refreshToken, startMs + 3)).toBe('replayed')
      expect(await credentials.session(session.id, startMs + 3)).toBeUndefined()
      expect(await outcome(third, startMs + 3)).toBe('refused')
    })

    test('a successor that was not used yet stays good after the grace of the one before', async () => {
      const { refreshToken } = await begin()
      const successor = await refreshed(refreshToken, startMs)
      expect(await outcome(successor, startMs + 10 * graceMs)).toBe('refreshed')
    })

    test('a token is a replay however many rotations ago it was spent', async () => {
      const { refreshToken } = await begin()
      let token = refreshToken
      for (let i = 1; i <= 5; i++) token = await refreshed(token, startMs + i)
      expect(await outcome(refreshToken, startMs + 6)).toBe('replayed')
    })

    test('the same token presented many times at once gives one and the same successor', async () => {
      const { refreshToken } = await begin()
      const tokens = await Promise.all(Array.from({ length: 8 }, () => refreshed(refreshToken, startMs)))
      expect(new Set(tokens).size).toBe(1)
    })

    test('refuses what is no refresh token, and one of an expired or ended session', async () => {
      expect(await outcome('', startMs)).toBe('refused')
      expect(await outcome('x'.repeat(64), startMs)).toBe('refused')
      expect(await outcome('\0ä'.repeat(32), startMs)).toBe('refused')
      const expired = await begin()
      expect(await outcome(expired.refreshToken, expired.session.expiresAt)).toBe('refused')
      const ended = await begin()
      await credentials.endSession(ended.session.id, startMs)
      expect(await outcome(ended.refreshToken, startMs)).toBe('refused')
    })

    test('an ended session is gone and is told to whoever polls', async () => {
      const { until } = await credentials.endedSince(0)
      const [ended, other] = [await begin(), await begin()]
      await credentials.endSession(ended.session.id, startMs)
      await credentials.endSession(ended.session.id, startMs + 1)
      await credentials.endSession('unknown', startMs)
      expect(await credentials.session(ended.session.id, startMs)).toBeUndefined()
      const answer = await credentials.endedSince(until)
      expect(answer.sessions).toContain(ended.session.id)
      expect(answer.sessions).not.toContain(other.session.id)
      expect(answer.sessions).not.toContain('unknown')
      expect(answer.until).toBeGreaterThanOrEqual(until)
    })

    test('an expired session is told to whoever asks for the time in which it expired', async () => {
      const { session, refreshToken } = await begin({ expiresAt: startMs + 5_000 })
      const ended = await begin({ expiresAt: startMs + 5_000 })
      await credentials.endSession(ended.session.id, startMs)
      const expired = (after: number, until: number) => credentials.expiredBetween(startMs + after, startMs + until)
      expect(await expired(0, 4_999)).not.toContain(session.id)
      expect(await expired(4_999, 5_000)).toContain(session.id)
      expect(await expired(4_999, 5_000)).not.toContain(ended.session.id)
      expect(await expired(5_000, 9_000)).not.toContain(session.id)
      await refreshed(refreshToken, startMs + 1_000)
      expect(await expired(4_999, 5_000)).not.toContain(session.id)
    })

    test('a poll from the time of the last answer misses nothing that ended since', async () => {
      let { until } = await credentials.endedSince(0)
      for (let i = 0; i < 3; i++) {
        const { session } = await begin()
        await credentials.endSession(session.id, startMs - i)
        const answer = await credentials.endedSince(until)
        expect(answer.sessions).toContain(session.id)
        until = answer.until
      }
    })
  })
}

const passwordTests = (get: () => Credentials) => {
  test('keeps a password hash under its registration', async () => {
    await get().insertCredential('registration', 'hash', startMs)
    expect(await get().passwordHash('registration')).toBe('hash')
    expect(await get().passwordHash('unknown')).toBeUndefined()
    await get().insertCredential('registration', 'another', startMs, 'json-to')
    expect(await get().passwordHash('registration')).toBe('another')
  })

  test('tells which registrations came by an older protocol', async () => {
    await get().insertCredential('old-one', 'hash', startMs, 'json-to')
    await get().insertCredential('old-other', 'hash', startMs, 'unit')
    await get().insertCredential('public-one', 'hash', startMs)
    expect(await get().areOfDialects(['old-one', 'old-other'])).toBe(true)
    expect(await get().areOfDialects(['old-one', 'public-one'])).toBe(false)
    expect(await get().areOfDialects(['old-one', 'nobody'])).toBe(false)
  })

  test('sweeps away credentials that made no user within a day, and no others', async () => {
    const now = startMs + 10 * orphanAgeMs
    await get().insertCredential('orphan', 'hash', now - orphanAgeMs)
    await get().insertCredential('user', 'hash', now - orphanAgeMs)
    await get().insertCredential('young', 'hash', now - orphanAgeMs + 1)
    const registered = async (ids: readonly string[]) => new Set(ids.filter((id) => id !== 'orphan'))
    expect(await get().sweep(now, registered)).toBe(1)
    expect(await get().passwordHash('orphan')).toBeUndefined()
    expect(await get().passwordHash('user')).toBe('hash')
    expect(await get().passwordHash('young')).toBe('hash')
  })

  test('sweeps away sessions that expired a day ago', async () => {
    const session = { id: 'expired', userId: 7, device: 'device', createdAt: startMs, expiresAt: startMs + 1 }
    await get().beginSession(session)
    await get().sweep(session.expiresAt + orphanAgeMs, async (ids) => new Set(ids))
    expect(await get().session('expired', startMs)).toBeUndefined()
  })
}
