import { resetCodeHash } from '@chat/credentials'
import { expect, test } from 'vitest'
import { address, ann, ok, setUp } from './test-accounts.ts'

const code = '7K2M9-QX4TD-0HRNW-V8ZB3'
const week = 7 * 24 * 60 * 60_000

/** Ann, with a code that was given out. */
const withCode = async () => {
  const world = setUp()
  await world.accounts.register(ann, address)
  world.project()
  const registrationId = world.submitted[0]?.registrationId ?? ''
  const expiresAt = world.clock.now() + week
  await world.credentials.putResetCodes([{ registrationId, codeHash: resetCodeHash(code), expiresAt }])
  const reset = (over: object = {}) =>
    world.accounts.resetPassword({ name: 'ann', code, password: 'another horse', ...over }, address)
  return { ...world, registrationId, reset }
}

test('a code and a new password make a credential: one logs in by it, no longer by the old one, and sessions ended', async () => {
  const { accounts, reset, revocations } = await withCode()
  const before = ok(await accounts.logIn(ann, address))
  const identity = await accounts.authenticate(String(before.accessToken))
  expect(ok(await reset({ code: '7k2m9qx4tdOhrnwv8zb3' }))).toMatchObject({ user: { id: 1, name: 'Ann' } })
  expect(revocations.isEnded(identity?.sessionId ?? '')).toBe(true)
  expect(await accounts.logIn(ann, address)).toMatchObject({ error: 'bad_credentials' })
  expect(ok(await accounts.logIn({ ...ann, password: 'another horse' }, address))).toMatchObject({ user: { id: 1 } })
})

test('a code is taken once, and by the id of the user too', async () => {
  const { reset } = await withCode()
  expect(await reset({ name: undefined, userId: 1 })).toMatchObject({ error: 'invalid' })
  const byId = { userId: 1, code, password: 'another horse' }
  const { accounts } = await withCode()
  expect(await accounts.resetPassword(byId, address)).toMatchObject({ ok: { user: { id: 1 } } })
  expect(await accounts.resetPassword(byId, address)).toMatchObject({ error: 'bad_credentials' })
})

test('a wrong code, an expired one and an unknown name get the same answer, and change nothing', async () => {
  const { accounts, reset, clock } = await withCode()
  const wrong = await reset({ code: '7K2M9-QX4TD-0HRNW-V8ZB4' })
  expect(wrong).toMatchObject({ error: 'bad_credentials' })
  expect(await reset({ name: 'nobody' })).toEqual(wrong)
  expect(await accounts.logIn(ann, address)).toHaveProperty('ok')
  await clock.advance(week)
  expect(await reset()).toEqual(wrong)
})

test('wrong codes count like failed logins', async () => {
  const { reset } = await withCode()
  for (let i = 0; i < 10; i++) expect(await reset({ code: `wrong ${i}` })).toMatchObject({ error: 'bad_credentials' })
  expect(await reset()).toMatchObject({ error: 'rate_limited', retryAfterMs: expect.any(Number) })
})

test('a short password is invalid, and the code stays good', async () => {
  const { reset } = await withCode()
  expect(await reset({ password: '1234567' })).toMatchObject({ error: 'invalid' })
  expect(await reset()).toHaveProperty('ok')
})

test('a read model that is behind makes it unavailable', async () => {
  const { reset, state, clock } = await withCode()
  state.isBehind = true
  const answer = reset()
  await clock.advance(1000)
  expect(await answer).toMatchObject({ error: 'unavailable' })
})
