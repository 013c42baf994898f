import type { EventLog } from '@chat/event-log'
import { Fault, type Service } from '@chat/runtime'
import type { FakeClock } from '@chat/testkit'
import { describe, expect, test } from 'vitest'
import { handoverMaxMs, handoverQuietMs } from './ownership.ts'
import { createWorld, minute, post, userMessages } from './test-routers.ts'
import { assertDecidedOnce, assertOnceAndDense } from './test-world.ts'

/** Events are read, and with them a partition is restored, only when told so. */
const slowToRestore = () => {
  const { promise: mayRead, resolve: letRead } = Promise.withResolvers<void>()
  const wrap = (log: EventLog): EventLog => ({
    ...log,
    read: async function* (topic, ...rest) {
      if (topic.kind === 'events') await mayRead
      yield* log.read(topic, ...rest)
    },
  })
  return { wrap, letRead }
}

const worldOfTwo = async (
  ofA: (log: EventLog) => EventLog = (log) => log,
  options: Parameters<typeof createWorld>[0] = {},
) => {
  const world = createWorld(options)
  const { witness, started, createOne, until } = world
  const a = await started('a', { log: ofA })
  const slow = slowToRestore()
  const b = createOne('b', { log: slow.wrap })
  await b.router.start()
  const isAnswered = (request: number) => async () =>
    (await witness.replies(0)).some((reply) => reply.request === request && reply.outcome !== 'rejected')
  let count = 0
  const send = () => witness.send(post(++count))
  const postAndWait = async () => {
    await send()
    await until(isAnswered(count))
  }
  const expectAllOnce = async () => {
    const events = await witness.events(0)
    assertDecidedOnce(events)
    assertOnceAndDense(events)
    expect(userMessages(events)).toHaveLength(count)
  }
  return { ...world, a, b, slow, send, isAnswered, postAndWait, expectAllOnce }
}

const timeToStop = async (router: Service, clock: FakeClock): Promise<number> => {
  const stopMs = clock.monotonic()
  let isStopped = false
  void router.stop().then(() => {
    isStopped = true
  })
  await clock.runUntil(() => isStopped, minute)
  return clock.monotonic() - stopMs
}

describe('a router that stops', () => {
  test('decides until another one does, and is done as soon as that one has', async () => {
    const { a, b, clock, slow, postAndWait, expectAllOnce } = await worldOfTwo()
    await postAndWait()
    const stopMs = clock.monotonic()
    const stopping = a.router.stop()
    await postAndWait()
    await postAndWait()
    expect(b.health.isReady(), 'the other one still reads').toBe(false)
    slow.letRead()
    await clock.runUntil(() => b.health.isReady(), minute)
    await postAndWait()
    await stopping
    expect(clock.monotonic() - stopMs).toBeLessThan(handoverMaxMs)
    await postAndWait()
    await expectAllOnce()
  })

  test('is done when nobody asked for anything for a while', async () => {
    const { a, clock, slow, postAndWait, expectAllOnce } = await worldOfTwo()
    await postAndWait()
    slow.letRead()
    expect(await timeToStop(a.router, clock)).toBe(handoverQuietMs)
    await postAndWait()
    await expectAllOnce()
  })

  test('is done after a time though there is always something to decide and the other one is not there yet', async () => {
    const { a, clock, slow, witness, postAndWait, until, expectAllOnce } = await worldOfTwo()
    const stopMs = clock.monotonic()
    const stopped = a.router.stop().then(() => clock.monotonic() - stopMs)
    for (let ms = 0; ms < handoverMaxMs; ms += 1000) {
      await postAndWait()
      await clock.advance(1000)
    }
    expect(await stopped).toBe(handoverMaxMs)
    slow.letRead()
    await postAndWait()
    await until(async () => userMessages(await witness.events(0)).length === 11)
    await expectAllOnce()
  })

  test('is done at once when nobody is there to take over', async () => {
    const { clock, started } = createWorld()
    const { router } = await started('a')
    const stopMs = clock.monotonic()
    await router.stop()
    expect(clock.monotonic()).toBe(stopMs)
  })
})

describe('a partition that the group gives to another router', () => {
  test('is decided here until the other one does', async () => {
    const { a, b, clock, slow, store, postAndWait, expectAllOnce } = await worldOfTwo()
    await postAndWait()
    store.groups.rotate('test.routers')
    await clock.settle()
    await postAndWait()
    slow.letRead()
    await clock.runUntil(() => b.health.isReady(), minute)
    await postAndWait()
    expect([a.health.isReady(), b.health.isReady()]).toEqual([true, true])
    await expectAllOnce()
  })

  test('is owned again when it is given back while the last deliveries are made', async () => {
    const { clock, store, topics, witness, send, isAnswered, until, expectAllOnce } = await worldOfTwo(undefined, {
      faults: ({ topic }) => (topic.kind === 'deliveries' ? { answersAfterMs: 500 } : undefined),
    })
    store.groups.rotate('test.routers')
    await clock.settle()
    await send()
    await until(isAnswered(1))
    const lost = { key: null, value: Buffer.from('of another owner'), headers: {} }
    await store.client('another').append({ topic: topics.events, partition: 0, records: [lost] })
    await send()
    await clock.settle()
    expect(await witness.eventRecords(0), 'the miss is there').toHaveLength(4)
    store.groups.rotate('test.routers')
    await until(isAnswered(2))
    await expectAllOnce()
  })

  test('says nothing of this router any more when the log went away meanwhile', async () => {
    const away = new AbortController()
    const { a, clock, store, postAndWait, expectAllOnce } = await worldOfTwo((log) => ({
      ...log,
      tail: async function* (topic, partition, from, signal) {
        yield* log.tail(topic, partition, from, AbortSignal.any([signal, away.signal]))
        if (!signal.aborted) throw new Fault('log_unavailable', 'away')
      },
    }))
    await postAndWait()
    store.groups.rotate('test.routers')
    await clock.settle()
    away.abort()
    await clock.advance(minute)
    expect(a.health.reasons()).toEqual({})
    await expectAllOnce()
  })

  test('is kept when it is given back meanwhile', async () => {
    const { a, clock, store, witness, fatal, postAndWait, expectAllOnce } = await worldOfTwo()
    await postAndWait()
    store.groups.rotate('test.routers')
    await clock.settle()
    store.groups.rotate('test.routers')
    await clock.advance(2 * handoverMaxMs)
    await postAndWait()
    expect(a.health.isReady()).toBe(true)
    expect(fatal).toEqual([])
    expect(await witness.eventRecords(0), 'nobody else wrote').toHaveLength(3)
    await expectAllOnce()
  })
})
