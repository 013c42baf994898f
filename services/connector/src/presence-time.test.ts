import { createFakeClock } from '@chat/testkit'
import { expect, test } from 'vitest'
import { createPresenceTime, heardAgeMaxMs } from './presence-time.ts'

test('goes on from a number that presence gave, whatever the wall clock says', async () => {
  const clock = createFakeClock(1_000_000)
  let shiftMs = 0
  const time = createPresenceTime({ ...clock, now: () => clock.now() + shiftMs })
  expect(time.now()).toBe(1_000_000)
  time.heard(5_000_000)
  await clock.advance(700)
  shiftMs = 7_200_000
  expect(time.now()).toBe(5_000_700)
})

test('of the numbers heard lately the one that was least late counts', async () => {
  const clock = createFakeClock(0)
  const time = createPresenceTime(clock)
  time.heard(1000)
  await clock.advance(100)
  time.heard(1060)
  expect(time.now()).toBe(1100)
  await clock.advance(10)
  time.heard(1115)
  expect(time.now()).toBe(1115)
})

test('a number is forgotten for a later one when the clocks have drifted since', async () => {
  const clock = createFakeClock(0)
  const time = createPresenceTime(clock)
  time.heard(1000)
  await clock.advance(heardAgeMaxMs)
  time.heard(30_900)
  expect(time.now()).toBe(31_000)
  await clock.advance(1)
  time.heard(30_900)
  expect(time.now()).toBe(30_900)
})
