import { createTopics } from '@chat/schemas'
import { describe, expect, test } from 'vitest'
import { createWorld, minute, post } from './test-routers.ts'

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
