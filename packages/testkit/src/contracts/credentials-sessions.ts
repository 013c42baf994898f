import type { Credentials, Session } from '@chat/credentials'
import { expect, test } from 'vitest'

const startMs = Date.UTC(2031, 0, 1)
const lifeMs = 30 * 24 * 60 * 60_000

const sessionOf = (id: string, userId: number, over: Partial<Session> = {}): Session => ({
  ...{ id, userId, device: `device of ${id}`, createdAt: startMs, expiresAt: startMs + lifeMs },
  ...over,
})

const idsOf = (sessions: readonly Session[]) => sessions.map(({ id }) => id)

/** What a user sees and does with the sessions of his own. */
export const ownSessionTests = (get: () => Credentials): void => {
  const list = (userId: number, now = startMs + 10) => get().sessionsOf(userId, now, undefined, 100)

  test("lists a user's live sessions, the newest first, and nobody else's", async () => {
    await get().beginSession(sessionOf('list-a', 101))
    await get().beginSession(sessionOf('list-c', 101, { createdAt: startMs + 5 }))
    await get().beginSession(sessionOf('list-b', 101))
    await get().beginSession(sessionOf('list-short', 101, { expiresAt: startMs + 10 }))
    await get().beginSession(sessionOf('list-ended', 101))
    await get().endSession('list-ended', startMs + 1)
    await get().beginSession(sessionOf('list-other', 102))
    expect(idsOf(await list(101))).toEqual(['list-c', 'list-b', 'list-a'])
    expect(await list(102)).toEqual([{ ...sessionOf('list-other', 102), lastUsedAt: startMs }])
  })

  test('lists them page by page, each once', async () => {
    for (let i = 0; i < 5; i++) await get().beginSession(sessionOf(`page-${i}`, 103, { createdAt: startMs + (i >> 1) }))
    const seen: string[] = []
    for (;;) {
      const last = (await list(103)).find(({ id }) => id === seen.at(-1))
      const page = await get().sessionsOf(103, startMs + 10, last, 2)
      if (page.length === 0) break
      seen.push(...idsOf(page))
    }
    expect(seen).toEqual(['page-4', 'page-3', 'page-2', 'page-1', 'page-0'])
  })

  test('says when a session was last at work, which never goes back', async () => {
    await get().beginSession(sessionOf('used', 104))
    await get().touchSessions(['used', 'unknown'], startMs + 5000)
    await get().touchSessions(['used'], startMs + 4000)
    expect(await list(104)).toMatchObject([{ id: 'used', lastUsedAt: startMs + 5000 }])
  })

  test('says when users were last seen, in whichever session', async () => {
    for (const [id, user] of [
      ['seen-1', 107],
      ['seen-2', 107],
      ['seen-3', 108],
    ] as const)
      await get().beginSession(sessionOf(id, user))
    await get().touchSessions(['seen-2'], startMs + 5000)
    await get().endSession('seen-2', startMs + 5000)
    const seen = await get().lastSeen([107, 108, 109])
    expect(seen.get(107)).toBe(startMs + 5000)
    expect(seen.get(108)).toBe(sessionOf('seen-3', 108).createdAt)
    expect(seen.has(109)).toBe(false)
  })

  test("ends a user's other sessions, tells which, and tells whoever polls", async () => {
    for (const id of ['others-1', 'others-2', 'others-kept']) await get().beginSession(sessionOf(id, 105))
    await get().beginSession(sessionOf('not-his', 106))
    await get().endSession('others-1', startMs)
    const { until } = await get().endedSince(0)
    expect(await get().endOtherSessions(105, 'others-kept', startMs + 1)).toEqual(['others-2'])
    expect(idsOf(await list(105))).toEqual(['others-kept'])
    expect(idsOf(await list(106))).toEqual(['not-his'])
    expect((await get().endedSince(until)).sessions).toContain('others-2')
  })
}

/** Another password, and what becomes of sessions by the old one. */
export const passwordChangeTests = (get: () => Credentials): void => {
  const change = { userId: 110, registrationId: 'change', oldHash: 'old', newHash: 'new', keepSession: 'change-kept' }

  test('changes a password and ends the other sessions, if the old one is still the present one', async () => {
    await get().insertCredential('change', 'old', startMs)
    for (const id of ['change-kept', 'change-other']) await get().beginSession(sessionOf(id, 110))
    expect(await get().changePassword({ ...change, oldHash: 'wrong' }, startMs)).toBeUndefined()
    expect(await get().session('change-other', startMs)).toBeDefined()
    expect(await get().changePassword(change, startMs)).toEqual(['change-other'])
    expect(await get().passwordHash('change')).toBe('new')
    expect(await get().session('change-other', startMs)).toBeUndefined()
    expect(await get().session('change-kept', startMs)).toBeDefined()
    expect(await get().changePassword(change, startMs)).toBeUndefined()
  })

  test('of changes made at once from the same old password one is made', async () => {
    await get().insertCredential('race', 'old', startMs)
    const changes = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        get().changePassword({ ...change, registrationId: 'race', newHash: `new-${i}` }, startMs),
      ),
    )
    expect(changes.filter((ended) => ended !== undefined)).toHaveLength(1)
  })

  test('a session begins only by what is the password', async () => {
    await get().insertCredential('proof', 'hash', startMs)
    const proof = { registrationId: 'proof', passwordHash: 'hash' }
    expect(await get().beginProvenSession(sessionOf('proven', 111), proof)).toBeDefined()
    expect(await get().session('proven', startMs)).toEqual(sessionOf('proven', 111))
    const wrong = { ...proof, passwordHash: 'other' }
    expect(await get().beginProvenSession(sessionOf('unproven', 111), wrong)).toBeUndefined()
    expect(await get().session('unproven', startMs)).toBeUndefined()
  })

  test('no session by an old password outlives its change, however the two cross', async () => {
    for (let round = 0; round < 20; round++) {
      const [registrationId, userId] = [`cross-${round}`, 200 + round]
      await get().insertCredential(registrationId, 'old', startMs)
      const begin = get().beginProvenSession(sessionOf(`crossing-${round}`, userId), {
        registrationId,
        passwordHash: 'old',
      })
      const changed = get().changePassword({ ...change, registrationId, userId, keepSession: 'none' }, startMs)
      await Promise.all([begin, changed])
      expect(await get().sessionsOf(userId, startMs, undefined, 10)).toEqual([])
    }
  })
}
