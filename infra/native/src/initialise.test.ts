import { type Clock, Fault, silentLogger } from '@chat/runtime'
import { expect, test } from 'vitest'
import { initialise } from './initialise.ts'

/** Time that passes only by waiting for it: the earliest timer is always the next to run. */
const jumpingClock = (): Clock => {
  let nowMs = 0
  const timers = new Set<{ readonly at: number; readonly run: () => void }>()
  const runEarliest = () => {
    const [earliest] = [...timers].sort((left, right) => left.at - right.at)
    if (earliest === undefined) return
    timers.delete(earliest)
    nowMs = earliest.at
    earliest.run()
    setImmediate(runEarliest)
  }
  return {
    now: () => nowMs,
    monotonic: () => nowMs,
    after: (ms, run) => {
      if (timers.size === 0) setImmediate(runEarliest)
      const timer = { at: nowMs + ms, run }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
  }
}
const random = { bytes: (count: number) => new Uint8Array(count), fraction: () => 1 }
const away = () => new Fault('away', 'kafka cannot be reached')
const options = () => ({ clock: jumpingClock(), random, logger: silentLogger, waitMs: 60_000 })

test('tries a server that is away until it comes', async () => {
  let tries = 0
  const run = async () => {
    tries += 1
    if (tries < 4) throw away()
  }
  await initialise([{ name: 'topics', run }], options())
  expect(tries).toBe(4)
})

test('says which step failed and why when the server never comes, and still does the others', async () => {
  let isOtherDone = false
  const steps = [
    { name: 'topics in kafka', run: () => Promise.reject(away()) },
    {
      name: 'tables',
      run: async () => {
        isOtherDone = true
      },
    },
  ]
  await expect(initialise(steps, options())).rejects.toThrow('topics in kafka: kafka cannot be reached')
  expect(isOtherDone).toBe(true)
})

test('does not try again what can never succeed', async () => {
  let tries = 0
  const run = async () => {
    tries += 1
    throw new Fault('topic_mismatch', 'another number of partitions', { isRetryable: false })
  }
  await expect(initialise([{ name: 'topics', run }], options())).rejects.toThrow('another number of partitions')
  expect(tries).toBe(1)
})

test('gives up on a step that waits for ever', async () => {
  const run = () => new Promise<void>(() => {})
  await expect(initialise([{ name: 'topics in kafka', run }], options())).rejects.toThrow(
    'topics in kafka: not done after 60 s',
  )
})
