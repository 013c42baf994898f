import { noPassword } from '@chat/credentials'
import { Fault } from '@chat/runtime'
import { expect, test } from 'vitest'
import type { Answer } from '../ports.ts'
import { address, ann, ok, setUp } from './test-accounts.ts'

const device = '6f1c2b1e-58a4-4c57-9d0e-0d8a3f5b8a11'
const login = (name: string) => ({ name, device })
const limited: Answer = { error: 'rate_limited', message: 'too many' }

test('a name that nobody has gets an account without a password; the session is the device’s', async () => {
  const { accounts, submitted, credentials } = setUp()
  const answer = ok(await accounts.logInOpen(login('Zoe'), address))
  expect(answer).toMatchObject({ user: { id: 1, name: 'Zoe', displayName: 'Zoe' } })
  expect(await accounts.authenticate(String(answer.accessToken))).toMatchObject({ userId: 1, device })
  const [{ registrationId = '' } = {}] = submitted
  expect(await credentials.passwordHash(registrationId)).toBe(noPassword)
  expect(await credentials.areOfDialects([registrationId])).toBe(true)
})

test('it is let in again without another registration, and no password fits it', async () => {
  const { accounts, project, submitted } = setUp()
  await accounts.logInOpen(login('Zoe'), address)
  project()
  expect(ok(await accounts.logInOpen(login('zOE'), address))).toMatchObject({ user: { id: 1, name: 'Zoe' } })
  expect(submitted.length).toBe(1)
  for (const password of ['', noPassword, 'x'])
    expect(await accounts.logIn({ name: 'Zoe', password, device }, address)).toHaveProperty('error')
})

test('an account with a password, a name that none may have, and a suspended user are refused', async () => {
  const { accounts, project, state } = setUp()
  await accounts.register(ann, address)
  project()
  expect(await accounts.logInOpen(login('ann'), address)).toMatchObject({ error: 'bad_credentials' })
  for (const name of ['', 'a\u202eb', 'x'.repeat(65)])
    expect(await accounts.logInOpen(login(name), address)).toMatchObject({ error: 'bad_credentials' })
  await accounts.logInOpen(login('Zoe'), address)
  project()
  state.suspended = 2
  expect(await accounts.logInOpen(login('Zoe'), address)).toMatchObject({ error: 'suspended' })
})

test('a name that another login took a moment ago is found, or is to be tried again', async () => {
  const { accounts, project, state } = setUp()
  await accounts.logInOpen(login('Zoe'), address)
  state.outcome = { outcome: 'rejected', code: 'name_taken' }
  expect(await accounts.logInOpen(login('Zoe'), address)).toMatchObject({ error: 'unavailable' })
  project()
  expect(ok(await accounts.logInOpen(login('Zoe'), address))).toMatchObject({ user: { id: 1 } })
})

test('nothing is registered while the read models are behind, or beyond the limits', async () => {
  const { accounts, state, submitted, clock } = setUp()
  state.isBehind = true
  const waiting = accounts.logInOpen(login('Zoe'), address)
  await clock.advance(2_000)
  expect(await waiting).toMatchObject({ error: 'unavailable' })
  const logins = setUp({ rateLimiter: { logIn: () => limited, register: () => undefined } })
  expect(await logins.accounts.logInOpen(login('Zoe'), address)).toBe(limited)
  const registrations = setUp({ rateLimiter: { logIn: () => undefined, register: () => limited } })
  expect(await registrations.accounts.logInOpen(login('Zoe'), address)).toBe(limited)
  expect([submitted, logins.submitted, registrations.submitted]).toEqual([[], [], []])
})

test('what the world fails at is an answer', async () => {
  const { accounts, state } = setUp()
  state.outcome = new Fault('timeout', 'no reply', { isRetryable: true })
  expect(await accounts.logInOpen(login('Zoe'), address)).toMatchObject({ error: 'timeout' })
})
