import { failedLoginBounds } from '@chat/attempts'
import { createMemoryAttempts } from '@chat/attempts/memory'
import { createMemoryCredentials, createPlainHasher } from '@chat/credentials/memory'
import type { Position, UserRow } from '@chat/read-models'
import { createHealth, Fault, silentLogger } from '@chat/runtime'
import { createTopics, decodePosition } from '@chat/schemas'
import { createFakeClock, createSeededRandom } from '@chat/testkit'
import { describe, expect, test } from 'vitest'
import type { Answer, CommandDraft, CommandOutcome } from '../ports.ts'
import { createAccounts, socketUrlOf } from './accounts.ts'
import type { AccountsPorts } from './accounts-ports.ts'
import { createRevocations } from './revocations.ts'
import { createTokens } from './tokens.ts'

const startMs = Date.UTC(2026, 0, 1)
const address = '192.0.2.1'
const topics = createTopics({ prefix: 't.', partitions: 4, slots: 1 })
const end: Position = { partition: 0, pos: 5 }

/** Accounts on twins. The router is the function `decide`; what it accepted is seen when `project` is called. */
const setUp = (over: Partial<AccountsPorts> = {}) => {
  const clock = createFakeClock(startMs)
  const random = createSeededRandom(1)
  const credentials = createMemoryCredentials({ random })
  const submitted: (CommandDraft & { type: 'RegisterUser' })[] = []
  const users: UserRow[] = []
  const state: { isBehind: boolean; outcome: CommandOutcome | Fault | undefined } = {
    isBehind: false,
    outcome: undefined,
  }
  const revocations = createRevocations({ credentials, clock, health: createHealth(), logger: silentLogger })
  const accepted = (id: number): CommandOutcome => ({
    outcome: 'accepted',
    conversation: null,
    seq: null,
    partition: 2,
    pos: 7,
    at: startMs + 1,
    id,
  })
  const project = () => {
    submitted.forEach((command, index) => {
      const row = {
        id: index + 1,
        name: command.name,
        normalisedName: command.normalisedName,
        displayName: Buffer.from(command.displayName).toString(),
        registrationId: command.registrationId,
        createdAt: startMs + 1,
      }
      if (users.length === index) users.push(row)
    })
  }
  const ports: AccountsPorts = {
    topics,
    clock,
    random,
    credentials,
    hasher: createPlainHasher(),
    attempts: createMemoryAttempts({ clock }),
    logger: silentLogger,
    presence: { connectors: async () => [] },
    readModels: {
      userById: async (id) => users.find((user) => user.id === id),
      userByName: async (name) => users.find((user) => user.normalisedName === name),
      waitFor: async (_, timeoutMs) => {
        if (!state.isBehind) return true
        return new Promise((resolve) => clock.after(timeoutMs, () => resolve(false)))
      },
    },
    commands: {
      submit: async (draft) => {
        if (state.outcome instanceof Fault) throw state.outcome
        if (draft.type !== 'RegisterUser') throw new Error('only registrations here')
        if (state.outcome !== undefined) return state.outcome
        submitted.push(draft)
        return accepted(submitted.length)
      },
    },
    watermark: { ofPartition: async () => [end] },
    tokens: createTokens({ keys: [new Uint8Array(32)], clock }),
    revocations,
    ...over,
  }
  const accounts = createAccounts(ports, { socketUrl: 'ws://here/v1/socket', limits: 'on' })
  return { accounts, clock, state, users, submitted, project, credentials, revocations, accepted }
}

const ok = (answer: Answer): Readonly<Record<string, unknown>> => {
  if (!('ok' in answer)) throw new Error(`refused: ${answer.error}`)
  return answer.ok
}
const ann = { name: 'Ann', password: 'correct horse' }
const clientMsgId = '019b7600-0000-7000-8000-000000000001'

describe('registration', () => {
  test('answers the user and the position of the event', async () => {
    const { accounts, submitted, credentials } = setUp()
    const answer = ok(await accounts.register({ ...ann, displayName: 'Ann B.' }, address))
    expect(answer).toMatchObject({
      user: { id: 1, name: 'Ann', displayName: 'Ann B.', createdAt: '2026-01-01T00:00:00.001Z' },
    })
    expect(decodePosition(String(answer.position))).toEqual({ partition: 2, pos: 7 })
    const [command] = submitted
    expect(command).toMatchObject({ name: 'Ann', normalisedName: 'ann', keyId: null })
    expect(await credentials.passwordHash(command?.registrationId ?? '')).toBe('plain:correct horse')
  })

  test('puts neither the password nor its hash on the log', async () => {
    const { accounts, submitted } = setUp()
    await accounts.register(ann, address)
    expect(JSON.stringify(submitted)).not.toContain('correct horse')
  })

  test.each([
    ['no body', undefined],
    ['a short password', { name: 'ann', password: '1234567' }],
    ['a control character in the name', { name: 'a\u0007', password: 'correct horse' }],
    ['an unknown field', { ...ann, admin: true }],
    ['a clientMsgId of another version', { ...ann, clientMsgId: '019b7600-0000-4000-8000-000000000001' }],
    ['a clientMsgId more than a day ahead', { ...ann, clientMsgId: '019f7600-0000-7000-8000-000000000001' }],
  ])('refuses %s as invalid', async (_, body) => {
    const { accounts, submitted } = setUp()
    expect(await accounts.register(body, address)).toMatchObject({ error: 'invalid' })
    expect(submitted).toHaveLength(0)
  })

  test('refuses a name that is taken', async () => {
    const { accounts, project, state } = setUp()
    await accounts.register(ann, address)
    state.outcome = { outcome: 'rejected', code: 'name_taken' }
    expect(await accounts.register({ ...ann, name: 'ANN' }, address)).toMatchObject({ error: 'name_taken' })
    project()
    state.outcome = new Fault('log_unavailable', 'would say otherwise')
    expect(await accounts.register({ ...ann, name: 'ANN' }, address)).toMatchObject({ error: 'name_taken' })
  })

  test('a repeated registration is answered with the user if its password is the first one’s', async () => {
    const { accounts, project, state, accepted } = setUp()
    const first = ok(await accounts.register({ ...ann, clientMsgId }, address))
    project()
    state.outcome = { ...accepted(1), outcome: 'repeated', at: null } as CommandOutcome
    const again = ok(await accounts.register({ ...ann, clientMsgId }, address))
    expect(again).toMatchObject({ user: first.user, position: first.position, duplicate: true })
    expect(await accounts.register({ ...ann, password: 'another one', clientMsgId }, address)).toMatchObject({
      error: 'name_taken',
    })
  })

  test('a repeated id for another name is refused even with the right password', async () => {
    const { accounts, project, state, accepted } = setUp()
    await accounts.register(ann, address)
    await accounts.register({ ...ann, name: 'Bob', clientMsgId }, address)
    project()
    state.outcome = { ...accepted(2), outcome: 'repeated', at: null } as CommandOutcome
    expect(await accounts.register({ ...ann, clientMsgId }, address)).toMatchObject({ error: 'name_taken' })
  })

  test('wrong passwords of repeated registrations count as failed logins', async () => {
    const { accounts, project, state, accepted } = setUp()
    await accounts.register({ ...ann, clientMsgId }, address)
    project()
    state.outcome = { ...accepted(1), outcome: 'repeated', at: null } as CommandOutcome
    const wrong = { ...ann, password: 'wrong password', clientMsgId }
    for (let i = 0; i < 10; i++) expect(await accounts.register(wrong, address)).toMatchObject({ error: 'name_taken' })
    expect(await accounts.register(wrong, address)).toMatchObject({ error: 'rate_limited' })
  })

  test.each([
    ['log_unavailable', 'unavailable'],
    ['unavailable', 'unavailable'],
    ['overloaded', 'unavailable'],
    ['timeout', 'timeout'],
  ])('the fault %s is answered %s', async (code, expected) => {
    const { accounts, state } = setUp()
    state.outcome = new Fault(code, 'away')
    expect(await accounts.register(ann, address)).toMatchObject({ error: expected })
  })
})

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
      watermark: recorded({ ofPartition: async () => [end] }, 'watermark'),
      readModels: recorded(
        {
          userById: async (id: number) => all.users.find((user) => user.id === id),
          userByName: async (name: string) => all.users.find((user) => user.normalisedName === name),
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
      watermark: { ofPartition: () => Promise.reject(new Fault('log_unavailable', 'away')) },
    })
    expect(await away.accounts.logIn(ann, address)).toHaveProperty('ok')
    expect(await away.accounts.logIn({ ...ann, password: 'wrong' }, address)).toMatchObject({ error: 'unavailable' })
  })

  test('a log that does not answer makes a refusal unavailable after 500 ms', async () => {
    const { accounts, clock } = await registered({ watermark: { ofPartition: () => new Promise(() => {}) } })
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

describe('sessions', () => {
  const loggedIn = async () => {
    const all = setUp()
    await all.accounts.register(ann, address)
    all.project()
    const session = ok(await all.accounts.logIn(ann, address))
    const identity = await all.accounts.authenticate(String(session.accessToken))
    if (identity === undefined) throw new Error('not authenticated')
    return { ...all, session, identity }
  }

  test('a refresh token gives new tokens of the same session', async () => {
    const { accounts, session, identity, clock } = await loggedIn()
    await clock.advance(20 * 60_000)
    expect(await accounts.authenticate(String(session.accessToken))).toBeUndefined()
    const again = ok(await accounts.refresh({ refreshToken: session.refreshToken }))
    expect(again).toMatchObject({ user: session.user, socketUrl: session.socketUrl })
    expect(await accounts.authenticate(String(again.accessToken))).toEqual(identity)
  })

  test('a replayed refresh token ends the session at once', async () => {
    const { accounts, session, clock, revocations } = await loggedIn()
    const ended: string[] = []
    revocations.onEnded((ids) => ended.push(...ids))
    const again = ok(await accounts.refresh({ refreshToken: session.refreshToken }))
    await clock.advance(60_001)
    expect(await accounts.refresh({ refreshToken: session.refreshToken })).toMatchObject({ error: 'unauthorized' })
    expect(await accounts.authenticate(String(again.accessToken))).toBeUndefined()
    expect(ended).toHaveLength(1)
  })

  test('an ended session neither authenticates nor refreshes', async () => {
    const { accounts, session, identity } = await loggedIn()
    expect(await accounts.endSession(identity)).toEqual({ ok: {} })
    expect(await accounts.endSession(identity)).toEqual({ ok: {} })
    expect(await accounts.authenticate(String(session.accessToken))).toBeUndefined()
    expect(await accounts.refresh({ refreshToken: session.refreshToken })).toMatchObject({ error: 'unauthorized' })
  })

  test('refuses what is no refresh token', async () => {
    const { accounts } = await loggedIn()
    expect(await accounts.refresh({ refreshToken: 'x' })).toMatchObject({ error: 'unauthorized' })
    expect(await accounts.refresh({})).toMatchObject({ error: 'invalid' })
  })
})

describe('gateway', () => {
  const connector = { id: 'a', socketUrl: 'ws://a', connections: 10, capacity: 100, isReady: true }

  test('lists the least loaded ready connector first and names its address', async () => {
    const connectors = [
      { ...connector, id: 'full', socketUrl: 'ws://full', connections: 100 },
      { ...connector, id: 'starting', socketUrl: 'ws://starting', connections: 0, isReady: false },
      connector,
      { ...connector, id: 'big', socketUrl: 'ws://big', connections: 20, capacity: 1000 },
    ]
    const { accounts } = setUp({ presence: { connectors: async () => connectors } })
    const answer = ok(await accounts.gateway())
    expect(answer.socketUrl).toBe('ws://big')
    const listed = answer.connectors as { id: string }[]
    expect(listed.map(({ id }) => id).slice(0, 2)).toEqual(['big', 'a'])
    expect(listed[0]).toEqual({ id: 'big', socketUrl: 'ws://big', connections: 20, capacity: 1000, ready: true })
  })

  test('names its own address while presence is away or nobody is ready', async () => {
    const away = setUp({
      presence: { connectors: () => Promise.reject(new Fault('presence_unavailable', 'away')) },
    })
    expect(await away.accounts.gateway()).toEqual({ ok: { socketUrl: 'ws://here/v1/socket', connectors: [] } })
    const starting = setUp({ presence: { connectors: async () => [{ ...connector, isReady: false }] } })
    expect(ok(await starting.accounts.gateway()).socketUrl).toBe('ws://here/v1/socket')
  })
})

test.each([
  ['http://127.0.0.1:8080', 'ws://127.0.0.1:8080/v1/socket'],
  ['https://chat.example/', 'wss://chat.example/v1/socket'],
  ['https://example.org/chat/', 'wss://example.org/chat/v1/socket'],
])('the socket of %s is %s', (publicUrl, socketUrl) => {
  expect(socketUrlOf(publicUrl)).toBe(socketUrl)
})
