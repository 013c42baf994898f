import type { EventLog } from '@chat/event-log'
import { Fault, silentLogger } from '@chat/runtime'
import { messageId } from '@chat/testkit'
import { describe, expect, test } from 'vitest'
import { repairPartition } from './repair/repair.ts'
import { createWorld, minute, post, userMessages } from './test-routers.ts'
import { assertOnceAndDense, encoder } from './test-world.ts'

const { signal } = new AbortController()
const stopped = { 'partition 0': expect.stringContaining('were cut') }

/** Three messages, decided; then the commands of the newest two are gone. */
const cutWorld = async () => {
  const world = createWorld()
  const { witness, store, topics, started, until, clock } = world
  const one = await started('a')
  for (const n of [1, 2, 3]) await witness.send(post(n))
  await until(async () => (await witness.replies(0)).length === 3)
  const cutTo = (end: number) => store.truncate(topics.commands, 0, end)
  const repair = (isRebasing: boolean, name = 'repair') =>
    repairPartition(
      0,
      { log: store.client(name), topics, encoder, clock, logger: silentLogger },
      { isRebasing },
      signal,
    )
  const answered = async () => (await witness.replies(0)).map(({ request, outcome }) => [request, outcome])
  return { ...world, one, cutTo, repair, answered }
}

const three = [1, 2, 3].map((n) => [n, 'accepted'])

describe('commands that their topic lost', () => {
  test('stop their partition, and nothing is done until a person says where to go on', async () => {
    const { witness, one, clock, fatal, cutTo, answered } = await cutWorld()
    cutTo(1)
    await clock.advance(minute)
    await witness.send(post(4))
    await clock.advance(minute)
    expect(one.health.reasons()).toEqual(stopped)
    expect(fatal).toEqual([])
    expect(await answered()).toEqual(three)
  })

  test.each(['grew again to the same end', 'grew again beyond it'])(
    'are missed when their topic %s: nobody is answered with what came of another',
    async (how) => {
      const { witness, one, clock, createOne, cutTo, answered } = await cutWorld()
      await one.router.stop()
      cutTo(1)
      for (const n of how === 'grew again to the same end' ? [4, 5] : [4, 5, 6]) await witness.send(post(n))
      const { health, router } = createOne('b')
      await router.start()
      await clock.advance(minute)
      expect(await answered()).toEqual(three)
      expect(health.reasons()).toEqual(stopped)
    },
  )

  test('are missed behind however many records that count for nobody', async () => {
    const { witness, store, topics, one, clock, createOne, cutTo, answered } = await cutWorld()
    await one.router.stop()
    const records = Array.from({ length: 999 }, () => ({ key: null, value: null, headers: { pos: '0' } }))
    await store.client('zombie').append({ topic: topics.events, partition: 0, records })
    cutTo(1)
    for (const n of [4, 5]) await witness.send(post(n))
    const { health, router } = createOne('b')
    await router.start()
    await clock.advance(minute)
    expect(await answered()).toEqual(three)
    expect(health.reasons()).toEqual(stopped)
  })

  test('are missed by the router that decided them, when the partition comes back to it', async () => {
    const { witness, store, one, clock, createOne, cutTo } = await cutWorld()
    const other = createOne('b')
    await other.router.start()
    store.groups.rotate('test.routers')
    await clock.advance(minute)
    await witness.send(post(4))
    await clock.advance(minute)
    cutTo(1)
    for (const n of [5, 6, 7, 8]) await witness.send(post(n))
    const stopping = other.router.stop()
    await clock.advance(minute)
    await stopping
    expect(one.health.reasons()).toEqual(stopped)
  })

  test('are missed although they were refused without a word of who they were', async () => {
    const { witness, store, topics, clock, createOne, started, until, answered } = createEmpty()
    const { router } = await started('a')
    await witness.append(0, Buffer.from('no command'), { schema: 'nonsense.v1' })
    await until(async () => (await witness.events(0)).length === 2)
    await router.stop()
    store.truncate(topics.commands, 0, 0)
    await clock.advance(1)
    await witness.send(post(1))
    const { health, router: next } = createOne('b')
    await next.start()
    await clock.advance(minute)
    expect(health.reasons()).toEqual(stopped)
    expect(await answered()).toEqual([])
  })
})

const createEmpty = () => {
  const world = createWorld()
  return { ...world, answered: () => world.witness.replies(0) }
}

describe('a repair', () => {
  test('only says so until it is asked to', async () => {
    const { witness, one, clock, cutTo, repair } = await cutWorld()
    expect(await repair(false)).toEqual({ outcome: 'whole', resume: 3 })
    cutTo(1)
    const before = await witness.eventRecords(0)
    expect(await repair(false)).toEqual({ outcome: 'cut', reason: expect.stringContaining('were cut') })
    await clock.advance(minute)
    expect(one.health.reasons()).toEqual(stopped)
    expect(await witness.eventRecords(0)).toEqual(before)
  })

  test.each(['cut', 'cut and grown again'])(
    'lets routers go on without a restart behind commands that were %s',
    async (how) => {
      const { witness, one, clock, until, cutTo, repair, answered } = await cutWorld()
      cutTo(1)
      await clock.advance(minute)
      if (how !== 'cut') for (const n of [4, 5, 6]) await witness.send(post(n))
      const next = how === 'cut' ? 1 : 4
      expect(await repair(true)).toMatchObject({ outcome: 'rebased', resume: next })
      await clock.advance(minute)
      expect(one.health.reasons()).toEqual({})
      await witness.send(post(7))
      // What was decided before is known by its id, wherever its command stands now.
      await witness.send(post(3))
      await until(async () => (await answered()).length === 5)
      expect((await answered()).slice(3)).toEqual([
        [7, 'accepted'],
        [3, 'repeated'],
      ])
      const ids = [1, 2, 3, 7].map((n) => messageId(n))
      expect([...assertOnceAndDense(await witness.events(0)).values()]).toEqual([ids])
      expect(await repair(true)).toMatchObject({ outcome: 'whole' })
    },
  )

  test('holds for the next owner too, and from a snapshot, and nothing that came before is told to who stands there now', async () => {
    const { witness, one, clock, started, until, cutTo, repair, answered } = await cutWorld()
    await one.router.stop()
    cutTo(1)
    await repair(true)
    for (const n of [4, 5]) await witness.send(post(n))
    const next = await started('b', { snapshotEvents: 1 })
    await until(async () => (await answered()).length === 5)
    await clock.advance(minute)
    await next.router.stop()
    await started('c')
    await clock.advance(minute)
    await witness.send(post(6))
    await until(async () => (await answered()).some(([request]) => request === 6))
    const told = await answered()
    expect(told.filter(([request]) => request === 2 || request === 3)).toEqual(three.slice(1))
    expect(userMessages(await witness.events(0))).toHaveLength(6)
  })

  test('is tried again when somebody else wrote where it was meant to stand', async () => {
    const { witness, store, topics, one, cutTo, repair, clock } = await cutWorld()
    await one.router.stop()
    cutTo(1)
    const [first] = await witness.eventRecords(0)
    const log = store.client('overtaken')
    let isFirst = true
    const overtaken = {
      ...log,
      append: async (batch: Parameters<typeof log.append>[0]) => {
        if (isFirst)
          await log.append({ ...batch, records: [{ key: null, value: null, headers: { ...first?.headers } }] })
        isFirst = false
        return log.append(batch)
      },
    }
    const ports = { log: overtaken, topics, encoder, clock, logger: silentLogger }
    expect(await repairPartition(0, ports, { isRebasing: true }, signal)).toMatchObject({
      outcome: 'rebased',
      resume: 1,
    })
    expect((await witness.events(0)).filter(({ type }) => type === 'CommandsRebased')).toHaveLength(1)
    expect(await repair(true)).toEqual({ outcome: 'whole', resume: 1 })
  })

  test('that comes in the middle of a session makes it read commands anew', async () => {
    let isHeld = false
    /** A router that cannot write for a while, and does not see that what it has read is gone. */
    const unaware = (log: EventLog): EventLog => ({
      ...log,
      append: async (batch) => {
        if (isHeld && batch.topic.kind === 'events') throw new Fault('log_unavailable', 'held')
        return log.append(batch)
      },
      tail: async function* (topic, partition, from, until) {
        try {
          yield* log.tail(topic, partition, from, until)
        } catch {
          await new Promise((resolve) => until.addEventListener('abort', resolve))
        }
      },
    })
    const { witness, one, clock, started, until, cutTo, repair, answered } = await cutWorld()
    const stopping = one.router.stop()
    await clock.advance(minute)
    await stopping
    const two = await started('b', { log: unaware })
    isHeld = true
    for (const n of [4, 5]) await witness.send(post(n))
    await clock.advance(100)
    cutTo(2)
    await witness.send(post(6))
    expect(await repair(true)).toMatchObject({ outcome: 'rebased', resume: 3 })
    for (const n of [7, 8]) await witness.send(post(n))
    isHeld = false
    await until(async () => (await answered()).some(([request]) => request === 8))
    expect((await answered()).filter(([request]) => Number(request) > 3)).toEqual([
      [7, 'accepted'],
      [8, 'accepted'],
    ])
    expect(two.health.reasons()).toEqual({})
    assertOnceAndDense(await witness.events(0))
  })

  test('leaves events alone that cannot be gone on from', async () => {
    const { witness, store, topics, one, repair } = await cutWorld()
    await one.router.stop()
    const [, second] = await witness.eventRecords(0)
    store.truncate(topics.events, 0, 3)
    const headers = { ...second?.headers, pos: '3' }
    await store.client().append({ topic: topics.events, partition: 0, records: [{ key: null, value: null, headers }] })
    expect(await repair(true)).toEqual({ outcome: 'stopped', reason: expect.any(String) })
    expect(await witness.eventRecords(0)).toHaveLength(4)
  })
})
