import { failedLoginBounds } from '@chat/attempts'
import { createMemoryAttempts } from '@chat/attempts/memory'
import { createPlainHasher } from '@chat/credentials/memory'
import { Fault } from '@chat/runtime'
import { describe, expect, test } from 'vitest'
import type { Answer } from '../ports.ts'
import type { AccountsPorts } from './accounts-ports.ts'
import { address, ann, end, ok, setUp } from './test-accounts.ts'

/** A login by name asks for none. */
const noRegistrations = {
  everConversations: async () => [],
  friends: async () => ({ items: [] }),
  ownMessages: async () => [],
  userByRegistration: async () => undefined,
  registered: async () => new Set<string>(),
}

describe('login', () => {
  const registered = async (over: Partial<AccountsPorts> = {}) => {
    const all = setUp(over)
    await all.accounts.register(ann, address)
    all.project()
    return all
  }

  test('gives a session that authenticates as its device', async () => {
    const { accounts } = await registered()
    const device = '6f1c2b1e-58a4-4c57-9d0e-0d8a3f5b8a11'
    const answer = ok(await accounts.logIn({ name: 'aNN', password: ann.password, device }, address))
    expect(answer).toMatchObject({
      user: { id: 1, name: 'Ann' },
      accessExpiresAt: '2026-01-01T00:15:00.000Z',
      socketUrl: 'ws://here/v1/socket',
    })
    expect(await accounts.authenticate(String(answer.accessToken))).toMatchObject({ userId: 1, device })
  })

  test('works by user id, and makes up a device when none is named', async () => {
    const { accounts } = await registered()
    const answer = ok(await accounts.logIn({ userId: 1, password: ann.password }, address))
    const identity = await accounts.authenticate(String(answer.accessToken))
    expect(identity?.device).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('answers a wrong password, an unknown name and an unknown id alike', async () => {
    const { accounts } = await registered()
    const wrong = await accounts.logIn({ ...ann, password: 'wrong' }, address)
    expect(wrong).toMatchObject({ error: 'bad_credentials' })
    expect(await accounts.logIn({ ...ann, name: 'nobody' }, address)).toEqual(wrong)
    expect(await accounts.logIn({ userId: 99, password: 'wrong' }, address)).toEqual(wrong)
  })

  test('checks a password for an unknown name too', async () => {
    const plain = createPlainHasher()
    const verified: string[] = []
    const hasher = {
      ...plain,
      verify: (hash: string, password: string) => {
        verified.push(hash, password)
        return plain.verify(hash, password)
      },
    }
    const { accounts } = setUp({ hasher })
    await accounts.logIn({ name: 'nobody', password: 'guess' }, address)
    expect(verified).toEqual([expect.stringMatching(/^plain:.{40,}/), 'guess'])
  })

  test('an unknown user costs what a wrong password costs: the same calls in the same order', async () => {
    const calls: string[] = []
    const recorded = <T extends object>(port: T, name: string): T =>
      Object.fromEntries(
        Object.entries(port).map(([method, run]) => [
          method,
          (...args: unknown[]) => {
            calls.push(`${name}.${method}`)
            return run(...args)
          },
        ]),
      ) as T
    const all = await registered()
    const { accounts } = setUp({
      credentials: recorded(all.credentials, 'credentials'),
      hasher: recorded(createPlainHasher(), 'hasher'),
      attempts: recorded(createMemoryAttempts({ clock: all.clock }), 'attempts'),
      watermark: recorded({ ofPartition: async () => [end], now: async () => [end] }, 'watermark'),
      readModels: recorded(
        {
          userById: async (id: number) => all.users.find((user) => user.id === id),
          userByName: async (name: string) => all.users.find((user) => user.normalisedName === name),
          ...noRegistrations,
          waitFor: async () => true,
        },
        'readModels',
      ),
    })
    const callsOf = async (body: object) => {
      calls.length = 0
      expect(await accounts.logIn(body, address)).toMatchObject({ error: 'bad_credentials' })
      return [...calls]
    }
    // The dummy hash is made once.
    await callsOf({ ...ann, password: 'wrong' })
    const byName = await callsOf({ ...ann, password: 'wrong' })
    expect(byName).toContain('hasher.verify')
    expect(await callsOf({ ...ann, name: 'nobody' })).toEqual(byName)
    const byId = await callsOf({ userId: 1, password: 'wrong' })
    expect(await callsOf({ userId: 99, password: 'wrong' })).toEqual(byId)
  })

  test('an account has one bucket of failures, by whatever it is named', async () => {
    const { accounts } = await registered()
    for (let i = 0; i < 5; i++) {
      await accounts.logIn({ name: i % 2 ? 'ANN' : 'ann', password: 'wrong' }, `192.0.2.${i}`)
      await accounts.logIn({ userId: 1, password: 'wrong' }, `192.0.3.${i}`)
    }
    for (const named of [{ name: 'Ann' }, { userId: 1 }])
      expect(await accounts.logIn({ ...named, password: ann.password }, address)).toMatchObject({
        error: 'rate_limited',
        retryAfterMs: expect.any(Number),
      })
  })

  test('waits for the projection before it says that a name is unknown', async () => {
    const all = setUp()
    await all.accounts.register(ann, address)
    // The row appears while the login waits: as after a registration on another connector.
    const late = setUp({
      readModels: {
        ...noRegistrations,
        userById: async () => undefined,
        userByName: async (name) => all.users.find((user) => user.normalisedName === name),
        waitFor: async (positions) => {
          expect(positions).toEqual([end])
          all.project()
          return true
        },
      },
      credentials: all.credentials,
    })
    expect(ok(await late.accounts.logIn(ann, address))).toMatchObject({ user: { name: 'Ann' } })
  })

  test('a refusal while the projection is behind is unavailable after 500 ms, for known and unknown alike', async () => {
    const { accounts, state, clock } = await registered()
    state.isBehind = true
    const answers: Answer[] = []
    const tries = [
      accounts.logIn({ ...ann, name: 'nobody' }, address),
      accounts.logIn({ ...ann, password: 'wrong' }, address),
    ]
    for (const pending of tries) pending.then((answer) => answers.push(answer))
    await clock.advance(499)
    expect(answers).toHaveLength(0)
    await clock.advance(1)
    expect(answers).toMatchObject([{ error: 'unavailable' }, { error: 'unavailable' }])
  })

  test('the right password does not wait for the projection, nor for a log that is away', async () => {
    const behind = await registered()
    behind.state.isBehind = true
    expect(await behind.accounts.logIn(ann, address)).toHaveProperty('ok')
    const away = await registered({
      watermark: { now: async () => [end], ofPartition: () => Promise.reject(new Fault('log_unavailable', 'away')) },
    })
    expect(await away.accounts.logIn(ann, address)).toHaveProperty('ok')
    expect(await away.accounts.logIn({ ...ann, password: 'wrong' }, address)).toMatchObject({ error: 'unavailable' })
  })

  test('a log that does not answer makes a refusal unavailable after 500 ms', async () => {
    const { accounts, clock } = await registered({
      watermark: { now: async () => [end], ofPartition: () => new Promise(() => {}) },
    })
    const pending = accounts.logIn({ ...ann, password: 'wrong' }, address)
    await clock.advance(500)
    expect(await pending).toMatchObject({ error: 'unavailable' })
  })

  test('ten failures in a row close the account for a while, and only failures count', async () => {
    const { accounts, clock } = await registered()
    for (let i = 0; i < 20; i++) expect(await accounts.logIn(ann, address)).toHaveProperty('ok')
    for (let i = 0; i < 10; i++) await accounts.logIn({ ...ann, password: 'wrong' }, address)
    const refused = await accounts.logIn(ann, address)
    expect(refused).toMatchObject({ error: 'rate_limited', retryAfterMs: failedLoginBounds.account.windowMs })
    expect(await accounts.logIn({ ...ann, name: 'nobody' }, address)).toMatchObject({ error: 'bad_credentials' })
    await clock.advance(failedLoginBounds.account.windowMs)
    expect(await accounts.logIn(ann, address)).toHaveProperty('ok')
  })

  test('refuses a malformed body as invalid', async () => {
    const { accounts } = setUp()
    for (const body of [undefined, [], 'x', {}, { name: 'ann' }, { ...ann, device: 'no uuid' }])
      expect(await accounts.logIn(body, address)).toMatchObject({ error: 'invalid' })
  })
})
