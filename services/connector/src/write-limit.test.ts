import type { Clock } from '@chat/runtime'
import { createSeededRandom } from '@chat/testkit'
import { expect, test } from 'vitest'
import { createWriteLimit, firstLimit, pendingFloor, targetMs, windowMaxMs, windowRepliesMin } from './write-limit.ts'

const createHandClock = () => {
  let nowMs = 0
  const clock: Clock = { now: () => nowMs, monotonic: () => nowMs, after: () => () => {} }
  const pass = (ms: number) => {
    nowMs += ms
  }
  return { clock, pass, now: () => nowMs }
}

const setUp = () => {
  const { clock, pass, now } = createHandClock()
  const limit = createWriteLimit(clock, () => 0)
  const beginMany = (partition: number, count: number) =>
    Array.from({ length: count }, () => limit.begin(partition)).filter(Boolean).length
  /** So many writes at once, all answered after `ms`. */
  const wave = (partition: number, count: number, ms: number) => {
    const begunMs = now()
    const begun = beginMany(partition, count)
    pass(ms)
    for (let i = 0; i < begun; i++) limit.end(partition, begunMs, 'replied')
    return begun
  }
  return { limit, pass, now, beginMany, wave, limitOf: (partition: number) => limit.limits().get(partition) }
}

test('so many writes of a partition wait at first, one more is refused, and another partition has room of its own', () => {
  const { beginMany } = setUp()
  beginMany(0, pendingFloor)
  expect(beginMany(1, firstLimit + 10)).toBe(firstLimit)
  expect(beginMany(2, firstLimit + 10)).toBe(firstLimit)
})

test('an answered write makes room for another', () => {
  const { limit, beginMany, now } = setUp()
  beginMany(1, pendingFloor)
  beginMany(2, firstLimit)
  limit.end(2, now(), 'failed')
  expect(beginMany(2, 2)).toBe(1)
})

test('slow replies bring the limit to what would have been answered in time, in steps of at most a half', () => {
  const { wave, limitOf } = setUp()
  wave(1, 40, targetMs * 1.25)
  expect(limitOf(1)).toBe(32)
  wave(1, 32, targetMs * 10)
  expect(limitOf(1)).toBe(16)
  wave(2, 40, 10)
  expect(limitOf(2)).toBe(firstLimit)
})

test('replies to writes of before the window do not count: they waited in a queue that is dealt with already', () => {
  const { limit, beginMany, pass, now, limitOf } = setUp()
  const begunMs = now()
  beginMany(1, 40)
  pass(1000)
  for (let i = 0; i < 40; i++) limit.end(1, begunMs, 'replied')
  expect(limitOf(1)).toBe(20)
})

test('the time that frames wait before they are read counts too', () => {
  const { clock, pass, now } = createHandClock()
  const limit = createWriteLimit(clock, () => 1000)
  for (let i = 0; i < 40; i++) limit.begin(1)
  pass(200)
  for (let i = 0; i < 4; i++) limit.end(1, now() - 200, 'replied')
  expect(limit.limits().get(1)).toBe(20)
})

test('few replies are judged when the window is long enough; of a failed write nothing is known', () => {
  const { limit, beginMany, pass, limitOf } = setUp()
  beginMany(1, 40)
  pass(windowMaxMs - 1)
  for (let i = 1; i < windowRepliesMin; i++) limit.end(1, 0, 'replied')
  pass(1)
  for (let i = 0; i < 20; i++) limit.end(1, 0, 'failed')
  expect(limitOf(1)).toBe(firstLimit)
  limit.end(1, 0, 'replied')
  expect(limitOf(1)).toBe(20)
})

test('however slow replies are, some writes may wait in all partitions together', () => {
  const { wave, beginMany, limitOf } = setUp()
  for (let i = 0; i < 20; i++) wave(1, 10, 10_000)
  expect(limitOf(1)).toBe(1)
  expect(beginMany(1, 1000)).toBe(pendingFloor)
  expect(beginMany(2, 1000)).toBe(firstLimit)
})

test('quiet windows bring a limit back to the first; only one that was too small and fast grows beyond it', () => {
  const { wave, limitOf } = setUp()
  for (let i = 0; i < 20; i++) wave(1, 100, 10_000)
  for (let i = 0; i < 30; i++) wave(1, 10, 100)
  expect(limitOf(1)).toBe(firstLimit)
  wave(1, pendingFloor + 1, 100)
  expect(limitOf(1)).toBe(firstLimit * 1.5)
  for (let i = 0; i < 20; i++) wave(1, 100_000, 100)
  expect(limitOf(1)).toBe(4096)
})

interface Load {
  readonly perSecond: number
  readonly seconds: number
}

/** Two connectors in front of a system that answers at a fixed rate, one queue for all, as full cores are. */
const runSystem = (capacityPerSecond: number, loads: readonly Load[]) => {
  const { clock, pass, now } = createHandClock()
  const random = createSeededRandom(5)
  const limits = [createWriteLimit(clock, () => 0), createWriteLimit(clock, () => 0)]
  const queue: { readonly limit: (typeof limits)[number]; readonly partition: number; readonly begunMs: number }[] = []
  let toOffer = 0
  let toAnswer = 0
  const offer = () => {
    const limit = limits[Math.floor(random.fraction() * limits.length)]
    const partition = Math.floor(random.fraction() * 24)
    if (limit === undefined || !limit.begin(partition)) return false
    queue.push({ limit, partition, begunMs: now() })
    return true
  }
  const answer = (times: number[]) => {
    const next = queue.shift()
    if (next === undefined) return
    next.limit.end(next.partition, next.begunMs, 'replied')
    times.push(now() - next.begunMs)
  }
  return loads.map(({ perSecond, seconds }) => {
    const times: number[] = []
    let refused = 0
    let lastRefusedMs = 0
    const fromMs = now()
    for (let ms = 0; ms < seconds * 1000; ms++) {
      pass(1)
      for (toOffer += perSecond / 1000; toOffer >= 1; toOffer--) {
        if (offer()) continue
        refused++
        lastRefusedMs = now() - fromMs
      }
      for (toAnswer += capacityPerSecond / 1000; toAnswer >= 1; toAnswer--) answer(times)
    }
    times.sort((a, b) => a - b)
    const at = (share: number) => times[Math.floor(times.length * share)] ?? Number.NaN
    return { goodput: times.length / seconds, p50: at(0.5), p99: at(0.99), refused, lastRefusedMs }
  })
}

test.each([1000, 2000, 8000])(
  'three times %i a second for two minutes: goodput stays, waits are short, and it is over at once',
  (capacity) => {
    const loads = [
      { perSecond: capacity * 0.8, seconds: 5 },
      { perSecond: capacity * 3, seconds: 120 },
      { perSecond: capacity * 0.5, seconds: 10 },
    ]
    const [before, overloaded, after] = runSystem(capacity, loads)
    expect(before?.refused).toBe(0)
    expect(overloaded?.goodput).toBeGreaterThan(capacity * 0.97)
    expect(overloaded?.p99).toBeLessThan(2000)
    expect(after?.lastRefusedMs).toBeLessThan(1000)
    expect(after?.p99).toBeLessThan(1000)
  },
)
