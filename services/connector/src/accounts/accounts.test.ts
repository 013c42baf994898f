import { Fault } from '@chat/runtime'
import { decodePosition } from '@chat/schemas'
import { describe, expect, test } from 'vitest'
import type { CommandOutcome } from '../ports.ts'
import { socketUrlOf } from './accounts.ts'
import { address, ann, ok, setUp } from './test-accounts.ts'

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

test('who is suspended is told so once his password was right, and gets no session by refreshing either', async () => {
  const { accounts, project, users, state } = setUp()
  ok(await accounts.register(ann, address))
  project()
  const { refreshToken } = ok(await accounts.logIn(ann, address))
  state.suspended = users[0]?.id
  expect(await accounts.logIn(ann, address)).toMatchObject({ error: 'suspended' })
  expect(await accounts.logIn({ ...ann, password: 'wrong horse' }, address)).toMatchObject({ error: 'bad_credentials' })
  expect(await accounts.refresh({ refreshToken })).toMatchObject({ error: 'suspended' })
})
