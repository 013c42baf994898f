import { createFakeClock } from '@chat/testkit'
import { expect, test } from 'vitest'
import { createAttempts } from './attempts.ts'

const setUp = (limits: 'on' | 'off' = 'on') => {
  const clock = createFakeClock(0)
  const attempts = createAttempts({ clock, limits })
  const fail = (account: string, address: string) => {
    const refused = attempts.begin(account, address)
    if (refused === undefined) attempts.failed(address)
    return refused
  }
  return { clock, attempts, fail }
}

test('lets ten failures of an account through, then one every 30 s', async () => {
  const { clock, fail } = setUp()
  for (let i = 0; i < 10; i++) expect(fail('ann', `address ${i}`)).toBeUndefined()
  expect(fail('ann', 'another')).toEqual({ retryAfterMs: 30_000 })
  await clock.advance(29_999)
  expect(fail('ann', 'another')).toEqual({ retryAfterMs: 1 })
  await clock.advance(1)
  expect(fail('ann', 'another')).toBeUndefined()
  expect(fail('ann', 'another')).toEqual({ retryAfterMs: 30_000 })
  expect(fail('bob', 'another')).toBeUndefined()
})

test('counts tries that are still under way', () => {
  const { attempts } = setUp()
  for (let i = 0; i < 10; i++) expect(attempts.begin('ann', 'here')).toBeUndefined()
  expect(attempts.begin('ann', 'here')).toBeDefined()
  attempts.forgive('ann')
  expect(attempts.begin('ann', 'here')).toBeUndefined()
})

test('lets a hundred failures of an address through, over all accounts', async () => {
  const { clock, fail } = setUp()
  for (let i = 0; i < 100; i++) expect(fail(`account ${i}`, 'here')).toBeUndefined()
  expect(fail('ann', 'here')).toEqual({ retryAfterMs: 1000 })
  expect(fail('ann', 'there')).toBeUndefined()
  await clock.advance(1000)
  expect(fail('ann', 'here')).toBeUndefined()
})

test('a success leaves no trace, however many', () => {
  const { attempts } = setUp()
  for (let i = 0; i < 1000; i++) {
    expect(attempts.begin('ann', 'here')).toBeUndefined()
    attempts.forgive('ann')
  }
})

test('limits that are off refuse nothing', () => {
  const { fail } = setUp('off')
  for (let i = 0; i < 1000; i++) expect(fail('ann', 'here')).toBeUndefined()
})
