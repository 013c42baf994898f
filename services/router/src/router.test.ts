import { type AppendFaults, createMemoryStore } from '@chat/event-log/memory'
import { createMemoryPresence } from '@chat/presence/memory'
import { createHealth, createMetrics, silentLogger } from '@chat/runtime'
import { createTopics } from '@chat/schemas'
import { createFakeClock, createSeededRandom, messageId, postMessage, registerUser } from '@chat/testkit'
import { describe, expect, test } from 'vitest'
import { createRouter } from './router.ts'
import { againAgeMaxMs } from './takeover.ts'
import { assertDecidedOnce, assertOnceAndDense, createWitness, encoder } from './test-world.ts'

const startMs = 1_790_000_000_000
const minute = 60_000

const createWorld = (options: { partitions?: number; faults?: AppendFaults } = {}) => {
  const clock = createFakeClock(startMs)
  const random = createSeededRandom(7)
  const topics = createTopics({ prefix: 'test.', partitions: options.partitions ?? 1, slots: 2 })
  const store = createMemoryStore({ clock, ...(options.faults === undefined ? {} : { faults: options.faults }) })
  const presence = createMemoryPresence({ clock, random, slots: 2 })
  const witness = createWitness(store.client('witness'), topics)
  const fatal: unknown[] = []
  const createOne = (name: string, own: { topics?: typeof topics; firstId?: number; snapshotEvents?: number } = {}) => {
    const log = store.client(name)
    const health = createHealth()
    const router = createRouter(
      { logPrefix: 'test.', firstId: own.firstId ?? 1, snapshotEvents: own.snapshotEvents ?? 50_000 },
      {
        log,
        topics: own.topics ?? topics,
        encoder,
        presence,
        clock,
        random,
        logger: silentLogger,
        health,
        metrics: createMetrics({ withProcess: 'bare' }),
        onFatal: (error) => fatal.push(error),
      },
    )
    return { log, health, router }
  }
  const started = async (name: string) => {
    const one = createOne(name)
    await one.router.start()
    await clock.runUntil(() => one.health.isReady(), minute)
    return one
  }
  const lease = () => presence.lease({ id: 'c', socketUrl: 'ws://c', connections: 0, capacity: 1, isReady: true })
  const until = (condition: () => Promise<boolean>) => clock.runUntil(condition, 5 * minute)
  return { clock, topics, store, presence, witness, fatal, createOne, started, lease, until }
}

const post = (n: number, options: Parameters<typeof postMessage>[2] = {}) =>
  postMessage(1, 'd1.2', { clientMsgId: messageId(n), request: n, replySlot: 0, replyEpoch: 5, ...options }).command
const userMessages = (events: readonly { readonly type: string }[]) =>
  events.filter(({ type }) => type === 'MessagePosted')

describe('one router', () => {
  test('opens the log, decides what waits, and answers each command where it is waited for', async () => {
    const { witness, started, until } = createWorld()
    await witness.send(registerUser('ann', { request: 9, replySlot: 1, replyEpoch: 3 }).command, 0)
    await witness.send(post(1))
    await started('a')
    await until(async () => (await witness.replies(0)).length === 1 && (await witness.replies(1)).length === 1)
    expect((await witness.events(0)).map(({ type, pos }) => [type, pos])).toEqual([
      ['LogOpened', 0],
      ['UserRegistered', 1],
      ['MessagePosted', 2],
    ])
    expect(await witness.replies(1)).toMatchObject([{ request: 9, outcome: 'accepted', id: 1, pos: 1 }])
    expect(await witness.deliveries(0)).toMatchObject([
      { slot: 0, epoch: 5, partition: 0, replies: [{ request: 1, outcome: 'accepted', seq: 1, pos: 2 }] },
    ])
  })

  test('gives no id below the first one it was told', async () => {
    const { witness, createOne, until } = createWorld()
    const { router } = createOne('a', { firstId: 500 })
    await router.start()
    await witness.send(registerUser('ann').command, 0)
    await until(async () => (await witness.events(0)).length === 2)
    expect(await witness.events(0)).toMatchObject([{ firstId: 500 }, { userId: 500 }])
  })

  test('tells every connected device of both about a message, by one record for each lease', async () => {
    const { witness, presence, started, lease, until } = createWorld()
    await started('a')
    const [first, second] = [await lease(), await lease()]
    await presence.register(first, [1, 7])
    await presence.register(second, [2])
    await witness.send(post(1, { replySlot: first.slot, replyEpoch: first.epoch }))
    await until(async () => (await witness.deliveries(second.slot)).length === 1)
    const [toFirst] = await witness.deliveries(first.slot)
    expect(toFirst).toMatchObject({ epoch: first.epoch, replies: [{ seq: 1 }], events: [{ pos: 1, users: [1] }] })
    expect((await witness.deliveries(second.slot))[0]).toMatchObject({ epoch: second.epoch, events: [{ users: [2] }] })
    expect(await witness.broadcasts()).toEqual([])
  })

  test('finds those who logged in while the append was under way', async () => {
    const { witness, presence, clock, started, lease, until } = createWorld({
      faults: (batch) => (batch.topic.kind === 'events' ? { answersAfterMs: 50 } : undefined),
    })
    await started('a')
    const held = await lease()
    await witness.send(post(1))
    await clock.advance(20)
    await presence.register(held, [2])
    await until(async () => (await witness.replies(0)).length === 1)
    expect((await witness.deliveries(held.slot)).flatMap(({ events }) => events)).toMatchObject([{ users: [2] }])
  })

  test('tells nobody before the append was acknowledged', async () => {
    const { witness, clock, started, until } = createWorld({
      faults: (batch) => (batch.topic.kind === 'events' ? { answersAfterMs: 50 } : undefined),
    })
    await started('a')
    await witness.send(post(1))
    await clock.advance(40)
    expect([(await witness.events(0)).length, (await witness.replies(0)).length]).toEqual([2, 0])
    await until(async () => (await witness.replies(0)).length === 1)
  })

  test('broadcasts while presence is away or new, and still replies to the one who asked', async () => {
    const { witness, clock, presence, started, lease, until } = createWorld()
    await started('a')
    const held = await lease()
    await presence.register(held, [1, 2])
    await witness.send(post(1))
    await until(async () => (await witness.replies(0)).length === 1)
    presence.wipe()
    await lease()
    await witness.send(post(2))
    await until(async () => (await witness.replies(0)).length === 2)
    expect(await witness.broadcasts()).toMatchObject([{ slot: -1, epoch: 0, replies: [], events: [{ users: [1, 2] }] }])
    await clock.advance(10_001)
    await witness.send(post(3))
    await until(async () => (await witness.replies(0)).length === 3)
    expect(await witness.broadcasts()).toHaveLength(1)
  })

  test('refuses a command that cannot be read, keeps it as a dead letter, and goes on', async () => {
    const { witness, started, until, createOne } = createWorld()
    const { router } = await started('a')
    await witness.append(0, Buffer.from('garbage'), { type: 'PostMessage', schema: 'post-message.v1' })
    await witness.append(0, Buffer.from('garbage'), {})
    await witness.send(post(1))
    await until(async () => (await witness.replies(0)).length === 1)
    expect(await witness.deadLetters(0)).toMatchObject([
      { offset: 0, reason: 'undecodable', value: Buffer.from('garbage') },
      { offset: 1, reason: 'undecodable' },
    ])
    await router.stop()
    const again = createOne('b')
    await again.router.start()
    await witness.send(post(2))
    await until(async () => (await witness.replies(0)).length >= 2)
    expect(await witness.deadLetters(0)).toHaveLength(2)
  })
})

describe('restart and takeover', () => {
  test('resumes exactly behind the last command whose outcome is in the log', async () => {
    const { witness, started, until } = createWorld()
    const { router } = await started('a')
    for (const n of [1, 2, 3]) await witness.send(post(n))
    await until(async () => (await witness.replies(0)).length === 3)
    await router.stop()
    for (const n of [4, 5]) await witness.send(post(n))
    await started('b')
    await until(async () => userMessages(await witness.events(0)).length === 5)
    expect([...assertOnceAndDense(await witness.events(0)).values()]).toEqual([
      [1, 2, 3, 4, 5].map((n) => messageId(n)),
    ])
  })

  test('the new owner delivers again what the old one wrote and may not have told, and answers who asked', async () => {
    let isSilent = true
    const { witness, store, presence, topics, started, lease, until } = createWorld({
      faults: (batch, name) =>
        name === 'a' && isSilent && batch.topic.kind === 'deliveries' ? { copies: 0 } : undefined,
    })
    const one = await started('a')
    const held = await lease()
    await presence.register(held, [1, 2])
    await witness.send(post(1, { replySlot: held.slot, replyEpoch: held.epoch }))
    await witness.send(post(2, { replySlot: held.slot, replyEpoch: held.epoch, replyTo: 99 }))
    await until(async () => (await witness.events(0)).length >= 3)
    expect(await witness.deliveries(held.slot)).toEqual([])
    one.log.kill('lose')
    isSilent = false
    await started('b')
    await until(async () => (await witness.deliveries(held.slot)).length > 0)
    expect(await witness.deliveries(held.slot)).toMatchObject([
      {
        replies: [
          { request: 1, outcome: 'accepted', seq: 1, pos: 1 },
          { request: 2, outcome: 'rejected', code: 'no_such_message' },
        ],
        events: [{ pos: 1, users: [1, 2] }],
      },
    ])
    expect(store.partition(topics.events, 0).end()).toBe(3)
  })

  test('what is older than the time in which clients sync is not delivered again', async () => {
    const { witness, clock, presence, started, lease, until } = createWorld()
    const { router } = await started('a')
    await witness.send(post(1))
    await until(async () => (await witness.replies(0)).length === 1)
    await router.stop()
    await clock.advance(againAgeMaxMs + 1)
    const held = await lease()
    await presence.register(held, [1, 2])
    await started('b')
    await witness.send(post(2))
    await until(async () => (await witness.replies(0)).length === 2)
    expect((await witness.deliveries(held.slot)).flatMap(({ events }) => events).map(({ pos }) => pos)).toEqual([2])
  })

  test('resumes at the first command that is left when retention took the others', async () => {
    const { witness, store, topics, started, until } = createWorld()
    for (const n of [1, 2, 3]) await witness.send(post(n))
    store.trim(topics.commands, 0, 2)
    await started('a')
    await until(async () => (await witness.replies(0)).length === 1)
    expect(userMessages(await witness.events(0))).toMatchObject([{ clientMsgId: messageId(3) }])
  })
})

describe('what stops a partition', () => {
  const history = () => {
    const world = createWorld({ partitions: 2 })
    return { ...world, log: world.store.client('history') }
  }

  test('a log that was cut and grew again', async () => {
    const { witness, store, topics, started, clock, createOne, fatal, until } = history()
    const { router } = await started('a')
    for (const n of [1, 2, 3]) await witness.send(post(n), 0)
    await until(async () => (await witness.replies(0)).length === 3)
    await router.stop()
    store.truncate(topics.events, 0, 2)
    const [record] = await witness.eventRecords(0)
    for (const pos of [2, 3, 4, 5])
      await store.client().append({
        topic: topics.events,
        partition: 0,
        records: [{ key: null, value: record?.value ?? null, headers: { ...record?.headers, pos: String(pos) } }],
      })
    const { health, router: next } = createOne('b')
    await next.start()
    await clock.runUntil(() => 'partition 0' in health.reasons() && !('partition 1' in health.reasons()), minute)
    await clock.advance(minute)
    expect(health.reasons()).toEqual({ 'partition 0': expect.stringContaining('the log was cut') })
    expect(fatal).toEqual([])
  })

  test('commands that end before those already decided', async () => {
    const { witness, store, topics, started, clock, createOne, until } = createWorld()
    const { router } = await started('a')
    for (const n of [1, 2, 3]) await witness.send(post(n))
    await until(async () => (await witness.replies(0)).length === 3)
    await router.stop()
    store.truncate(topics.commands, 0, 1)
    const { health, router: next } = createOne('b')
    await next.start()
    await clock.advance(minute)
    expect(health.reasons()).toEqual({ 'partition 0': expect.stringContaining('were cut') })
  })

  test('a valid event that this build cannot read, unless it may be ignored', async () => {
    const { store, topics, clock, createOne, started, witness, until } = createWorld()
    const { router } = await started('a')
    await router.stop()
    const value = Buffer.from('\0\0\0\0\0?')
    const [opened] = await witness.eventRecords(0)
    const { chainOf } = await import('@chat/schemas')
    const chain = chainOf(opened?.headers.chain ?? '', { pos: 1, type: 'Unheard', cmd: -1, value })
    const headers = { type: 'Unheard', schema: 'unheard.v1', pos: '1', cmd: '-1', chain }
    const write = (ignorable: string) =>
      store.client().append({
        topic: topics.events,
        partition: 0,
        records: [{ key: null, value, headers: { ...headers, ignorable } }],
      })
    await write('false')
    const stopped = createOne('b')
    await stopped.router.start()
    await clock.advance(minute)
    expect(stopped.health.reasons()).toEqual({ 'partition 0': expect.stringContaining('unheard.v1') })
    await stopped.router.stop()
    store.truncate(topics.events, 0, 1)
    await write('true')
    await started('c')
    await witness.send(post(1))
    await until(async () => (await witness.replies(0)).length === 1)
  })

  test('another number of partitions ends the process', async () => {
    const { started, createOne, fatal, clock } = createWorld({ partitions: 2 })
    const { router } = await started('a')
    await router.stop()
    const topics = createTopics({ prefix: 'test.', partitions: 1, slots: 2 })
    await createOne('b', { topics }).router.start()
    await clock.advance(1000)
    expect(fatal).toMatchObject([{ code: 'partitions_mismatch' }])
  })
})

describe('appends that go wrong', () => {
  test('a lost answer neither loses nor doubles, and the sender is answered', async () => {
    let appends = 0
    const { witness, started, until } = createWorld({
      faults: (batch) => (batch.topic.kind === 'events' && ++appends === 2 ? { answer: 'lost' } : undefined),
    })
    await started('a')
    await witness.send(post(1))
    await witness.send(post(2))
    await until(async () => (await witness.replies(0)).length === 2)
    expect(await witness.replies(0)).toMatchObject([
      { outcome: 'accepted', seq: 1 },
      { outcome: 'accepted', seq: 2 },
    ])
    expect([...assertOnceAndDense(await witness.events(0)).values()]).toEqual([[messageId(1), messageId(2)]])
  })

  test('a batch that the network doubles counts once', async () => {
    const { witness, started, until } = createWorld({
      faults: (batch) => (batch.topic.kind === 'events' ? { copies: 2 } : undefined),
    })
    await started('a')
    for (const n of [1, 2, 3]) await witness.send(post(n))
    await until(async () => (await witness.replies(0)).length >= 3)
    expect(userMessages(await witness.events(0))).toHaveLength(3)
    assertOnceAndDense(await witness.events(0))
  })

  test.each([1, 2, 3, 4, 5])('two routers that both believe they own a partition (seed %i)', async (seed) => {
    const random = createSeededRandom(seed)
    const { witness, store, clock, started, until, fatal } = createWorld({
      faults: (batch) =>
        batch.topic.kind !== 'events'
          ? undefined
          : {
              landsAfterMs: Math.floor(random.fraction() * 4),
              answersAfterMs: Math.floor(random.fraction() * 4),
              answer: random.fraction() < 0.1 ? 'lost' : 'given',
              copies: random.fraction() < 0.1 ? 2 : random.fraction() < 0.1 ? 0 : 1,
            },
    })
    await started('a')
    store.groups.confuse('test.routers')
    await started('b')
    const count = 200
    for (let n = 1; n <= count; n++) {
      await witness.send(post(n, n === 1 ? {} : { after: messageId(n - 1) }))
      if (random.fraction() < 0.2) await witness.send(post(n))
      if (random.fraction() < 0.2) await witness.send(post(n + 1000, { replyTo: 999, replySlot: 1 }))
      if (random.fraction() < 0.3) await clock.advance(Math.floor(random.fraction() * 5))
    }
    const answered = async () => new Set((await witness.replies(0)).map(({ request }) => request)).size
    await until(async () => (await answered()) === count)
    expect(fatal).toEqual([])
    expect([...assertOnceAndDense(await witness.events(0)).values()]).toEqual([
      Array.from({ length: count }, (_, index) => messageId(index + 1)),
    ])
    assertDecidedOnce(await witness.events(0))
    for (const { outcome, seq, request } of await witness.replies(0))
      expect([outcome === 'rejected', seq]).toEqual([false, request])
    const records = await witness.eventRecords(0)
    expect(records.length).toBeGreaterThan(count + 1) // some did not count: there was a fight
  })

  test('a router that lost its partition while it was frozen writes nothing that counts', async () => {
    const { witness, store, started, until } = createWorld()
    await started('a')
    store.groups.confuse('test.routers')
    await started('b')
    for (let n = 1; n <= 50; n++) await witness.send(post(n))
    await until(async () => userMessages(await witness.events(0)).length === 50)
    store.groups.heal('test.routers')
    for (let n = 51; n <= 60; n++) await witness.send(post(n))
    await until(async () => userMessages(await witness.events(0)).length === 60)
    assertOnceAndDense(await witness.events(0))
  })
})

test('stop finishes what is under way and may be called twice', async () => {
  const { witness, started, clock, fatal } = createWorld()
  const { router } = await started('a')
  await witness.send(post(1))
  await clock.settle()
  const stopping = [router.stop(), router.stop()]
  await clock.advance(1000)
  await Promise.all(stopping)
  const { length } = userMessages(await witness.events(0))
  expect((await witness.replies(0)).length).toBe(length)
  expect(fatal).toEqual([])
})
