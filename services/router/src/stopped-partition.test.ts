import { chainOf, createTopics } from '@chat/schemas'
import { messageId, messagePosted } from '@chat/testkit'
import { describe, expect, test } from 'vitest'
import { createWorld, minute, post } from './test-routers.ts'
import { encoder } from './test-world.ts'

/** Three messages, then somebody else's in place of the last one: the log has the same end and another past. */
const rewritten = async (world: ReturnType<typeof createWorld>) => {
  const { witness, store, topics } = world
  const records = await witness.eventRecords(0)
  const pos = records.length - 1
  const { schema, value } = encoder.encode(messagePosted(2, 'd1.2', pos, { clientMsgId: messageId(99) }))
  const chain = chainOf(records[pos - 1]?.headers.chain ?? '', { pos, type: 'MessagePosted', cmd: 2, value })
  const headers = { type: 'MessagePosted', schema, pos: String(pos), cmd: '2', ignorable: 'false', chain }
  store.truncate(topics.events, 0, pos)
  await store.client('another').append({ topic: topics.events, partition: 0, records: [{ key: null, value, headers }] })
}

const cut = { 'partition 0': expect.stringContaining('the log was cut') }

describe('a log that was cut and written anew up to the same end stops whoever read the other one', () => {
  const posted = async () => {
    const world = createWorld()
    const one = await world.started('a')
    for (const n of [1, 2, 3]) await world.witness.send(post(n))
    await world.until(async () => (await world.witness.replies(0)).length === 3)
    return { ...world, ...one }
  }

  test('before it answers for an event on top of it', async () => {
    const { witness, clock, health, ...world } = await posted()
    await rewritten({ witness, clock, ...world })
    await witness.send(post(4))
    await clock.advance(minute)
    expect(health.reasons()).toEqual(cut)
    expect(await witness.replies(0)).toHaveLength(3)
  })

  /** Gives the partition to another router and back. */
  const back = async ({ store, createOne, clock, health }: Awaited<ReturnType<typeof posted>>) => {
    const other = createOne('b')
    await other.router.start()
    store.groups.rotate('test.routers')
    await clock.advance(minute)
    const stopping = other.router.stop()
    await clock.advance(minute)
    await stopping
    return health.reasons()
  }

  test('before it owns the partition again', async () => {
    const world = await posted()
    expect(await back(world)).toEqual({})
    await rewritten(world)
    expect(await back(world)).toEqual(cut)
  })

  test('when what did not count behind its last event counts now', async () => {
    const world = await posted()
    const { store, topics, witness } = world
    const end = store.partition(topics.events, 0).end()
    const last = (await witness.eventRecords(0)).at(-1)
    const write = (pos: number) =>
      store.client('zombie').append({
        topic: topics.events,
        partition: 0,
        records: [{ key: null, value: last?.value ?? null, headers: { ...last?.headers, pos: String(pos) } }],
      })
    await write(1)
    expect(await back(world)).toEqual({})
    store.truncate(topics.events, 0, end)
    await write(end)
    expect(await back(world)).toEqual(cut)
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

  test('a valid event that this build cannot read, unless it may be ignored', async () => {
    const { store, topics, clock, createOne, started, witness, until } = createWorld()
    const { router } = await started('a')
    await router.stop()
    const value = Buffer.from('\0\0\0\0\0?')
    const [opened] = await witness.eventRecords(0)
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
