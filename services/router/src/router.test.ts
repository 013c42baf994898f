import { Fault } from '@chat/runtime'
import { chainOf } from '@chat/schemas'
import { bodyOf, createSeededRandom, messageId, messagePosted, registerUser } from '@chat/testkit'
import { describe, expect, test } from 'vitest'
import { createWorld, minute, post, userMessages } from './test-routers.ts'
import { assertDecidedOnce, assertOnceAndDense, encoder } from './test-world.ts'

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
    await presence.register(first, [1, 7], 0)
    await presence.register(second, [2], 0)
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
    await presence.register(held, [2], 0)
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
    await presence.register(held, [1, 2], 0)
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

test('a router that starts while presence is away says so and is not ready, decides all the same, and is ready when it comes', async () => {
  const { witness, presence, clock, createOne, until, fatal } = createWorld()
  let isAway = true
  const lookup = async (users: readonly number[]) => {
    if (isAway) throw new Fault('presence_unavailable', 'refused')
    return presence.lookup(users)
  }
  const { health, router } = createOne('a', { presence: { ...presence, lookup } })
  await router.start()
  await witness.send(post(1))
  await until(async () => (await witness.replies(0)).length === 1)
  await clock.advance(minute)
  expect(health.reasons()).toEqual({ presence: 'presence cannot be reached' })
  expect(await witness.broadcasts()).toHaveLength(1)
  isAway = false
  await clock.runUntil(() => health.isReady(), minute)
  isAway = true
  await witness.send(post(2))
  await until(async () => (await witness.replies(0)).length === 2)
  expect([health.isReady(), fatal]).toEqual([true, []])
  await router.stop()
})

test('an idle router tells connectors while presence is away', async () => {
  const { witness, presence, clock, started } = createWorld()
  await started('a')
  presence.goAway()
  await clock.advance(5_000)
  const [first = 0, ...later] = await witness.absences()
  expect([first < 2_000, later.length >= 3, (later.at(-1) ?? 0) > first]).toEqual([true, true, true])
})

test('a router stops while presence is away', async () => {
  const { presence, clock, createOne, fatal } = createWorld()
  const lookup = () => Promise.reject(new Fault('presence_unavailable', 'refused'))
  const { router } = createOne('a', { presence: { ...presence, lookup } })
  await router.start()
  await clock.advance(1000)
  await router.stop()
  expect([clock.pending(), fatal]).toEqual([0, []])
})

test('repeats alone do not fill the commands that the embedded log keeps in memory', async () => {
  const { witness, started, until, clock, store, topics } = createWorld({ commandBytesMax: 2 * 1024 * 1024 })
  await started('a')
  const body = bodyOf('x'.repeat(1000))
  const sent = 5000
  for (let n = 0; n < sent; n++) {
    await witness.send(post(1, { body }))
    if (n % 100 === 0) await clock.settle()
  }
  await until(async () => (await witness.replies(0)).length === sent)
  const kept = store.partition(topics.commands, 0)
  expect(kept.end() - kept.beginning()).toBeLessThan(1000)
  const events = await witness.events(0)
  expect(userMessages(events)).toHaveLength(1)
  expect(events.length).toBeLessThan(10)
  await witness.send(post(2))
  await until(async () => (await witness.replies(0)).length === sent + 1)
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
    const { witness, store, topics, clock, started, until, fatal } = createWorld({
      faults: (batch) =>
        batch.topic.kind !== 'events'
          ? undefined
          : {
              landsAfterMs: Math.floor(random.fraction() * 4),
              answersAfterMs: Math.floor(random.fraction() * 4),
              answer: random.fraction() < 0.1 ? 'lost' : 'given',
              copies: random.fraction() < 0.1 ? 2 : random.fraction() < 0.1 ? 0 : 1,
              copiesAfterMs: random.fraction() < 0.5 ? 0 : Math.floor(random.fraction() * 30),
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
      if (random.fraction() < 0.1) store.interrupt(topics.events, 0, Math.floor(random.fraction() * 40))
    }
    const answered = async () => new Set((await witness.replies(0)).map(({ request }) => request)).size
    await until(async () => (await answered()) === count)
    await clock.advance(40) // The last leader that went away is back.
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

  test('who misses, and finds that another owner has decided what waited, has no reason left not to be ready', async () => {
    let isAway = false
    const { witness, store, topics, clock, started, until } = createWorld({
      faults: (batch) => (isAway && batch.topic.kind === 'events' ? { copies: 0, answer: 'lost' } : undefined),
    })
    const { health } = await started('a')
    isAway = true
    await witness.send(post(1))
    await until(async () => !health.isReady())
    isAway = false
    const [opened] = await witness.eventRecords(0)
    const { schema, value } = encoder.encode(messagePosted(1, 'd1.2', 1, { clientMsgId: messageId(1), at: 1 }))
    const event = { pos: 1, type: 'MessagePosted', cmd: 0 }
    const chain = chainOf(opened?.headers.chain ?? '', { ...event, value })
    const headers = { type: event.type, schema, pos: '1', cmd: '0', ignorable: 'false', chain }
    await store
      .client('another')
      .append({ topic: topics.events, partition: 0, records: [{ key: null, value, headers }] })
    await until(async () => (await witness.replies(0)).length === 1)
    await clock.advance(10_000)
    expect(health.reasons()).toEqual({})
    expect(userMessages(await witness.events(0))).toHaveLength(1)
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
