import { createFakeClock } from '@chat/testkit'
import { expect, test } from 'vitest'
import { every, sleep } from './clock.ts'

test('every: runs do not overlap; the next is counted from the end of the one before', async () => {
  const clock = createFakeClock(0)
  const started: number[] = []
  const cancel = every(clock, 100, async () => {
    started.push(clock.monotonic())
    await sleep(clock, 250)
  })
  await clock.advance(1000)
  expect(started).toEqual([100, 450, 800])
  cancel()
})

test('every: cancelled between two runs or during one, none follows', async () => {
  const clock = createFakeClock(0)
  let runs = 0
  const between = every(clock, 100, () => void runs++)
  await clock.advance(150)
  between()
  await clock.advance(1000)
  expect(runs).toBe(1)
  const during = every(clock, 100, async () => {
    runs++
    await sleep(clock, 50)
  })
  await clock.advance(120)
  during()
  await clock.advance(1000)
  expect([runs, clock.pending()]).toEqual([2, 0])
})

test('sleep: an abort ends it with its reason, before it begins too', async () => {
  const clock = createFakeClock(0)
  const stop = new AbortController()
  const sleeping = sleep(clock, 100, stop.signal).catch((reason: unknown) => reason)
  stop.abort('enough')
  expect([await sleeping, clock.pending()]).toEqual(['enough', 0])
  await expect(sleep(clock, 100, stop.signal)).rejects.toBe('enough')
})
