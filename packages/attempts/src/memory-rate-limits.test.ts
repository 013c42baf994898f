import { createFakeClock } from '@chat/testkit'
import { rateLimitsContract, smallRates } from '@chat/testkit/contracts/rate-limits'
import { expect, test } from 'vitest'
import { createMemoryRateLimits } from './memory-rate-limits.ts'
import { bucketsMax, createRateBuckets } from './rate-buckets.ts'

rateLimitsContract('memory', async () => {
  const clock = createFakeClock(0)
  const limits = createMemoryRateLimits({ clock, rates: smallRates })
  return { open: async () => limits, elapse: (ms) => clock.advance(ms) }
})

const device = (key: string) => [{ rate: 'writesOfDevice', key }] as const

test('a person may paste 300 lines, and a bot may answer 30 a second for ever', async () => {
  const clock = createFakeClock(0)
  const limits = createMemoryRateLimits({ clock })
  for (let i = 0; i < 300; i++) expect(limits.take(device('a'))).toBeUndefined()
  for (let second = 0; second < 60; second++) {
    await clock.advance(1000)
    for (let i = 0; i < 30; i++) expect(limits.take(device('a'))).toBeUndefined()
  }
  expect(limits.take(device('a'))).toEqual({ rate: 'writesOfDevice', retryAfterMs: 1000 })
  await clock.advance(999)
  expect(limits.take(device('a'))).toEqual({ rate: 'writesOfDevice', retryAfterMs: 1 })
  await clock.advance(1)
  for (let i = 0; i < 30; i++) expect(limits.take(device('a'))).toBeUndefined()
  expect(limits.take(device('a'))).toBeDefined()
})

test('what is told of are parts of a burst; who stays far below is never told of', async () => {
  const clock = createFakeClock(0)
  const told: [string, number][] = []
  const buckets = createRateBuckets(clock, smallRates, (_, key, tokens) => void told.push([key, tokens]))
  for (let i = 0; i < 10; i++) {
    buckets.take(device('slow'))
    await clock.advance(500)
  }
  for (let i = 0; i < 5; i++) buckets.take(device('fast'))
  expect(told).toEqual([
    ['fast', 2],
    ['fast', 2],
  ])
})

test('of a rate there are never more buckets than so many: those that were not used lately go first', () => {
  const buckets = createRateBuckets(createFakeClock(0))
  for (const key of ['quiet', 'busy']) buckets.hold('writesOfDevice', key, 3_600_000)
  for (let i = 0; i < bucketsMax; i++) {
    buckets.take(device(String(i)))
    if (i % 1000 === 0) expect(buckets.take(device('busy'))).toBeDefined()
  }
  expect(buckets.take(device('busy'))).toBeDefined()
  expect(buckets.take(device('quiet'))).toBeUndefined()
})
