import { createFakeClock } from '@chat/testkit'
import { attemptsContract } from '@chat/testkit/contracts/attempts'
import { expect, test } from 'vitest'
import { failedLoginBounds } from './index.ts'
import { createMemoryAttempts } from './memory.ts'

const bounds = { account: { attemptsMax: 4, windowMs: 2_000 }, address: { attemptsMax: 6, windowMs: 3_000 } }

attemptsContract('memory', async () => {
  const clock = createFakeClock(0)
  const attempts = createMemoryAttempts({ clock, bounds })
  return { bounds, open: async () => attempts, elapse: (ms) => clock.advance(ms) }
})

test('ten failures of an account in five minutes, by the clock that was given', async () => {
  const clock = createFakeClock(0)
  const attempts = createMemoryAttempts({ clock })
  const { attemptsMax, windowMs } = failedLoginBounds.account
  await attempts.begin('ann', 'here')
  await clock.advance(60_000)
  for (let i = 1; i < attemptsMax; i++) expect(await attempts.begin('ann', 'here')).toBeUndefined()
  expect(await attempts.begin('ann', 'here')).toEqual({ retryAfterMs: windowMs - 60_000 })
  await clock.advance(windowMs - 60_001)
  expect(await attempts.begin('ann', 'here')).toEqual({ retryAfterMs: 1 })
  await clock.advance(1)
  expect(await attempts.begin('ann', 'here')).toBeUndefined()
})
