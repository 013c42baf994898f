import { createFakeClock } from '@chat/testkit'
import { expect, test } from 'vitest'
import { createPresenceTime } from './presence-time.ts'

test('goes on from the last number that presence gave, whatever the wall clock says', async () => {
  const clock = createFakeClock(1_000_000)
  let shiftMs = 0
  const time = createPresenceTime({ ...clock, now: () => clock.now() + shiftMs })
  expect(time.now()).toBe(1_000_000)
  time.heard(5_000_000)
  await clock.advance(700)
  shiftMs = 7_200_000
  expect(time.now()).toBe(5_000_700)
  time.heard(4_000_000)
  await clock.advance(1)
  expect(time.now()).toBe(4_000_001)
})
