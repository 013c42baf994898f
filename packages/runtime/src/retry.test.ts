import { createFakeClock, createSeededRandom } from '@chat/testkit'
import { expect, test } from 'vitest'
import { Fault } from './fault.ts'
import { backoffMs, retry, untilThere } from './retry.ts'

const backoff = { firstMs: 20, maxMs: 1000 }
const between = (fraction: number) => ({ fraction: () => fraction, bytes: (count: number) => new Uint8Array(count) })

test('a wait doubles up to the greatest, and is drawn from its upper half', () => {
  const waits = (fraction: number) =>
    [0, 1, 2, 5, 6, 60].map((attempt) => backoffMs(backoff, attempt, between(fraction)))
  expect(waits(0)).toEqual([10, 20, 40, 320, 500, 500])
  expect(waits(0.5)).toEqual([15, 30, 60, 480, 750, 750])
})

const tried = (failures: readonly unknown[], signal?: AbortSignal) => {
  const clock = createFakeClock(0)
  const told: [unknown, number][] = []
  const tries: [number, number][] = []
  const run = async (attempt: number) => {
    tries.push([attempt, clock.monotonic()])
    if (attempt < failures.length) throw failures[attempt]
    return 'done'
  }
  const outcome = retry(run, {
    clock,
    random: between(0),
    backoff,
    isRetryable: (error) => error instanceof Fault && error.isRetryable,
    onRetry: (error, attempt) => told.push([error, attempt]),
    ...(signal === undefined ? {} : { signal }),
  }).catch((error: unknown) => error)
  return { clock, told, tries, outcome }
}
const away = new Fault('away', 'away')

test('what may be tried again is, after growing waits, each failure told with its number', async () => {
  const { clock, told, tries, outcome } = tried([away, away])
  await clock.advance(1000)
  expect(await outcome).toBe('done')
  expect(tries).toEqual([
    [0, 0],
    [1, 10],
    [2, 30],
  ])
  expect(told).toEqual([
    [away, 0],
    [away, 1],
  ])
})

test('what may not be tried again rejects at once, with what was thrown', async () => {
  const final = new Fault('final', 'no', { isRetryable: false })
  const { clock, told, tries, outcome } = tried([away, final])
  await clock.advance(1000)
  expect([await outcome, tries.length, told.length]).toEqual([final, 2, 1])
})

test('an abort ends the wait with its reason, and no try follows', async () => {
  const stop = new AbortController()
  const { clock, tries, outcome } = tried([away, away, away], stop.signal)
  await clock.advance(15)
  stop.abort('stopped')
  expect(await outcome).toBe('stopped')
  await clock.advance(1000)
  expect([tries.length, clock.pending()]).toEqual([2, 0])
})

test('two with seeds of their own do not wait in step', () => {
  const [one, other] = [createSeededRandom(1), createSeededRandom(2)]
  expect(backoffMs(backoff, 3, one)).not.toBe(backoffMs(backoff, 3, other))
})

test('what a start needs is asked for until it is there, and each failure is a sentence', async () => {
  const clock = createFakeClock(0)
  const told: string[] = []
  const answers = [new Error('nobody listens'), 'refused'] as unknown[]
  const asked = async () => {
    const answer = answers.shift()
    if (answer !== undefined) throw answer
    return 'there'
  }
  const got = untilThere(asked, { clock, random: between(0), onWaiting: (reason) => told.push(reason) })
  await clock.advance(300)
  expect([await got, told, clock.pending()]).toEqual(['there', ['nobody listens', 'refused'], 0])
})
