import { Fault } from '@chat/runtime'
import { expect, test } from 'vitest'
import type { Identity } from '../ports.ts'
import { address, ann, ok, setUp } from './test-accounts.ts'

type World = ReturnType<typeof setUp>

/** Ann, logged in so many times. */
const loggedIn = async (times: number, over: Parameters<typeof setUp>[0] = {}) => {
  const world = setUp(over)
  await world.accounts.register(ann, address)
  world.project()
  const identities: Identity[] = []
  for (let i = 0; i < times; i++) {
    await world.clock.advance(1000)
    identities.push(await logIn(world))
  }
  return { ...world, own: world.accounts.own, identities }
}

const logIn = async ({ accounts }: Pick<World, 'accounts'>, password = ann.password): Promise<Identity> => {
  const answer = ok(await accounts.logIn({ name: 'ann', password }, address))
  const identity = await accounts.authenticate(String(answer.accessToken))
  if (identity === undefined) throw new Error('the token does not authenticate')
  return identity
}

const at = (identities: readonly Identity[], index: number): Identity => {
  const identity = identities[index]
  if (identity === undefined) throw new Error(`no identity ${index}`)
  return identity
}

const change = { old: ann.password, new: 'another horse', isRepeatable: false }

test('lists own sessions, the newest first, and says which one asks', async () => {
  const { own, identities, credentials } = await loggedIn(3)
  await credentials.touchSessions([at(identities, 0).sessionId], Date.UTC(2026, 0, 1, 1))
  const first = ok(await own.sessions(at(identities, 1), undefined, 2))
  expect(first.items).toMatchObject([
    { session: at(identities, 2).sessionId, device: at(identities, 2).device, current: false },
    { session: at(identities, 1).sessionId, createdAt: '2026-01-01T00:00:02.000Z', current: true },
  ])
  const second = ok(await own.sessions(at(identities, 1), String(first.next), 2))
  expect(second).toEqual({
    items: [
      {
        session: at(identities, 0).sessionId,
        device: at(identities, 0).device,
        createdAt: '2026-01-01T00:00:01.000Z',
        lastUsedAt: '2026-01-01T01:00:00.000Z',
        expiresAt: '2026-01-31T00:00:01.000Z',
        current: false,
      },
    ],
  })
})

test('an `after` that no page ended with is invalid', async () => {
  const { own, identities } = await loggedIn(1)
  for (const after of ['x', Buffer.from('x y').toString('base64url'), Buffer.from('5 \0').toString('base64url')])
    expect(await own.sessions(at(identities, 0), after, 2)).toMatchObject({ error: 'invalid' })
})

test('ends one of the own sessions, and nobody else can', async () => {
  const { own, accounts, identities, revocations } = await loggedIn(2)
  const [mine, other] = [at(identities, 0), at(identities, 1)]
  expect(await own.endSession({ ...mine, userId: 2 }, other.sessionId)).toMatchObject({ error: 'not_found' })
  expect(await own.endSession(mine, 'unknown')).toMatchObject({ error: 'not_found' })
  expect(revocations.isEnded(other.sessionId)).toBe(false)
  expect(await own.endSession(mine, other.sessionId)).toEqual({ ok: {} })
  expect(revocations.isEnded(other.sessionId)).toBe(true)
  expect(await own.endSession(mine, other.sessionId)).toMatchObject({ error: 'not_found' })
  expect(ok(await accounts.own.sessions(mine, undefined, 10)).items).toHaveLength(1)
})

test('ends all others at once', async () => {
  const { own, identities, revocations } = await loggedIn(3)
  expect(await own.endOthers(at(identities, 1))).toEqual({ ok: { ended: 2 } })
  expect(identities.map(({ sessionId }) => revocations.isEnded(sessionId))).toEqual([true, false, true])
})

test('a changed password logs in, the old one does not, and the other sessions end', async () => {
  const world = await loggedIn(2)
  expect(await world.own.changePassword(at(world.identities, 0), change)).toEqual({ ok: {} })
  const ended = world.identities.map(({ sessionId }) => world.revocations.isEnded(sessionId))
  expect(ended).toEqual([false, true])
  expect(await world.accounts.logIn(ann, address)).toMatchObject({ error: 'bad_credentials' })
  expect((await logIn(world, change.new)).userId).toBe(1)
})

test('a wrong old password changes nothing and counts as a failed login', async () => {
  const { own, accounts, identities } = await loggedIn(1)
  const guess = () => own.changePassword(at(identities, 0), { ...change, old: 'a guess' })
  for (let i = 0; i < 10; i++) expect(await guess()).toMatchObject({ error: 'bad_credentials' })
  expect(await guess()).toMatchObject({ error: 'rate_limited', retryAfterMs: expect.any(Number) })
  expect(await accounts.logIn(ann, address)).toMatchObject({ error: 'rate_limited' })
})

test('a change that is sent again with its clientMsgId is answered as made; without one it is refused', async () => {
  const { own, identities } = await loggedIn(1)
  const mine = at(identities, 0)
  await own.changePassword(mine, change)
  expect(await own.changePassword(mine, { ...change, isRepeatable: true })).toEqual({ ok: { duplicate: true } })
  expect(await own.changePassword(mine, change)).toMatchObject({ error: 'bad_credentials' })
})

test('a login by the old password that crosses the change begins no session', async () => {
  const world = await loggedIn(1)
  const { credentials } = world
  const stored = await credentials.passwordHash(world.submitted[0]?.registrationId ?? '')
  expect(stored).toBe('plain:correct horse')
  const { passwordHash } = credentials
  // The change comes between the look at the password and the session.
  credentials.passwordHash = async (id) => {
    const hash = await passwordHash(id)
    credentials.passwordHash = passwordHash
    await world.own.changePassword(at(world.identities, 0), change)
    return hash
  }
  expect(await world.accounts.logIn(ann, address)).toMatchObject({ error: 'bad_credentials' })
  expect(ok(await world.own.sessions(at(world.identities, 0), undefined, 10)).items).toHaveLength(1)
})

test('a store that is away makes it unavailable', async () => {
  const { own, identities, credentials } = await loggedIn(1)
  credentials.sessionsOf = () => Promise.reject(new Fault('credentials_unavailable', 'away'))
  expect(await own.sessions(at(identities, 0), undefined, 10)).toMatchObject({ error: 'unavailable' })
})
