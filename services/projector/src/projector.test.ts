import { createMemoryStore } from '@chat/event-log/memory'
import type { Projection } from '@chat/read-models'
import { createMemoryReadModels, differencesOf } from '@chat/read-models/memory'
import { type Clock, createHealth, createMetrics, Fault, silentLogger } from '@chat/runtime'
import { systemClock } from '@chat/runtime/system'
import { chainOf, createEncoder, createTopics, decodeDeadLetter, localSchemaIds } from '@chat/schemas'
import { createFakeClock, createSeededRandom, waitUntil } from '@chat/testkit'
import { createStory } from '@chat/testkit/contracts/read-models-story'
import { expect, onTestFinished, test } from 'vitest'
import { foldLog } from './fold-log.ts'
import { createProjector } from './projector.ts'
import { createTestWriter } from './test-log.ts'

const random = createSeededRandom(3)

const createWorld = (clock: Clock = systemClock) => {
  const topics = createTopics({ prefix: 't.', partitions: 4, slots: 1 })
  const store = createMemoryStore({ clock })
  const readModels = createMemoryReadModels({ clock, random })
  const writer = createTestWriter(store.client('router'), topics)
  const story = createStory(4)
  let count = 0
  /** Starts one more projector; it is stopped with the test. */
  const startProjector = async (projection: Projection = readModels.projection) => {
    const [health, failures] = [createHealth(), [] as unknown[]]
    const log = store.client(`projector-${++count}`)
    const projector = createProjector(
      { logPrefix: 't.' },
      {
        ...{ log, topics, projection, clock, random, health, logger: silentLogger },
        encoder: createEncoder(localSchemaIds),
        metrics: createMetrics({ withProcess: 'bare' }),
        onFatal: (error) => failures.push(error),
      },
    )
    await projector.start()
    onTestFinished(() => projector.stop())
    return { projector, health, failures, log }
  }
  const expectFold = async () => {
    const fold = createMemoryReadModels({ clock, random })
    await foldLog(store.client('reader'), topics, fold.projection)
    await waitUntil(() => differencesOf(readModels.dump(), fold.dump()).length === 0, {
      deadlineMs: 5000,
      what: () => differencesOf(readModels.dump(), fold.dump()).join('\n'),
    })
  }
  const deadLetters = async () => {
    const found = []
    for (const [partition, end] of await store.client('reader').ends(topics.deadLetters))
      for await (const records of store
        .client('reader')
        .read(topics.deadLetters, partition, 0, end, new AbortController().signal))
        for (const { headers, value } of records) {
          const decoded = decodeDeadLetter(headers.schema ?? '', value)
          if ('record' in decoded) found.push(decoded.record)
        }
    return found
  }
  return { topics, store, readModels, writer, story, startProjector, expectFold, deadLetters }
}

const reason = (health: { reasons(): Readonly<Record<string, string>> }, pattern: RegExp) =>
  waitUntil(() => pattern.test(Object.values(health.reasons()).join()), { deadlineMs: 5000, what: `reason ${pattern}` })

test('projects what is on the log and what comes after', async () => {
  const { story, writer, startProjector, expectFold, readModels } = createWorld()
  story.register(1)
  const group = story.group(2, 1)
  await writer.write(story)
  const { health } = await startProjector()
  await waitUntil(() => health.isReady(), { deadlineMs: 5000, what: 'ready' })
  await expectFold()
  story.post(group, 1)
  story.receipt(group, 1, { delivered: 2, read: 2 })
  await writer.write(story)
  await expectFold()
  expect(await readModels.conversation(1, group)).toMatchObject({ lastSeq: 2, readSeq: 2 })
})

test('two projectors share the work, and a stopped one loses nothing', async () => {
  const { story, writer, startProjector, expectFold } = createWorld()
  for (let id = 1; id <= 40; id++) story.group(id, 1)
  await writer.write(story)
  const first = await startProjector()
  await startProjector()
  for (let id = 1; id <= 40; id++) story.post(`g${id}`, 1)
  await writer.write(story)
  await first.projector.stop()
  await first.projector.stop()
  story.post('g7', 1)
  await writer.write(story)
  await expectFold()
})

test('two projectors that both believe they own every partition project each event once', async () => {
  const { story, writer, startProjector, expectFold, store } = createWorld()
  const [one, two] = [await startProjector(), await startProjector()]
  store.groups.confuse('t.projectors')
  for (let round = 0; round < 30; round++) {
    for (let id = 1; id <= 8; id++) round === 0 ? story.group(id, 1) : story.post(`g${id}`, 1)
    await writer.write(story)
  }
  await expectFold()
  expect([...one.failures, ...two.failures]).toEqual([])
})

test('a record that is not where its writer meant it does not count', async () => {
  const { story, writer, startProjector, expectFold, readModels, deadLetters } = createWorld()
  const group = story.group(4, 1)
  await writer.write(story)
  const astray = createStory(4)
  astray.group(4, 1)
  astray.post(group, 1)
  for (const { event } of astray.events[3] ?? []) await writer.writeInvalid(3, event)
  story.post(group, 1)
  await writer.write(story)
  await startProjector()
  await expectFold()
  expect(await readModels.visibleSeq(1, group)).toBe(2)
  expect(await deadLetters()).toEqual([])
})

test('bytes that are no event and receipts that cannot be read go to the dead letters, and the rest goes on', async () => {
  const { story, writer, startProjector, expectFold, topics, store, readModels, deadLetters } = createWorld()
  const group = story.group(1, 1)
  await writer.write(story)
  await writer.writeRaw(0, {}, Buffer.from('hello'))
  await writer.writeRaw(0, { pos: '77', schema: 'message-posted.v1' }, Buffer.from('hello'))
  await store.client('x').append({
    topic: topics.receipts,
    partition: 0,
    records: [{ key: 'k', value: Buffer.from('?'), headers: { schema: 'receipt-advanced.v1' } }],
  })
  story.post(group, 1)
  story.receipt(group, 1, { read: 2 })
  await writer.write(story)
  await startProjector()
  await expectFold()
  await waitUntil(async () => (await readModels.conversation(1, group))?.readSeq === 2, {
    deadlineMs: 5000,
    what: 'the receipt behind it',
  })
  expect((await deadLetters()).map(({ topic, offset, reason: why }) => [topic, offset, why])).toEqual(
    expect.arrayContaining([
      ['t.events.v1', 1, 'undecodable'],
      ['t.events.v1', 2, 'undecodable'],
      ['t.receipts.v1', 0, 'undecodable'],
    ]),
  )
})

test('a valid event that cannot be read stops its partition, with a reason, and no other', async () => {
  const { story, writer, startProjector, readModels, topics, store } = createWorld()
  const [broken, fine] = [story.group(1, 1), story.group(2, 1)]
  await writer.write(story)
  const event = { type: 'MemberTeleported', schema: 'member-teleported.v9', pos: '1', cmd: '1', ignorable: 'false' }
  const value = Buffer.from([0, 0, 0, 0, 1, 2])
  const before = (await readRecord(store, topics, 0)).headers.chain ?? ''
  const chain = chainOf(before, { pos: 1, type: event.type, cmd: 1, value })
  await writer.writeRaw(0, { ...event, chain }, value)
  const { health } = await startProjector()
  await reason(health, /unreadable_event.*member-teleported/)
  story.post(fine, 1)
  await writer.write(story)
  await waitUntil(async () => (await readModels.visibleSeq(1, fine)) === 2, { deadlineMs: 5000, what: 'the others' })
  expect(await readModels.visibleSeq(1, broken)).toBe(1)
  expect(await readModels.projection.offset('events', 0)).toMatchObject({ nextOffset: 1 })
})

const readRecord = async (
  store: ReturnType<typeof createMemoryStore>,
  topics: ReturnType<typeof createTopics>,
  partition: number,
) => {
  const signal = new AbortController().signal
  for await (const [record] of store.client('r').read(topics.events, partition, 0, 1, signal)) if (record) return record
  throw new Error('nothing there')
}

test('an unknown event that is ignorable is passed', async () => {
  const { story, writer, startProjector, readModels, topics, store } = createWorld()
  story.group(1, 1)
  await writer.write(story)
  const before = (await readRecord(store, topics, 0)).headers.chain ?? ''
  const value = Buffer.from([0, 0, 0, 0, 1, 2])
  const chain = chainOf(before, { pos: 1, type: 'Hint', cmd: 1, value })
  await writer.writeRaw(0, { type: 'Hint', schema: 'hint.v1', pos: '1', cmd: '1', ignorable: 'true', chain }, value)
  await startProjector()
  expect(await readModels.waitFor([{ partition: 0, pos: 1 }], 5000)).toBe(true)
})

test('a log that was cut below the stored place, or holds another event there, stops the partition', async () => {
  const { story, writer, startProjector, expectFold, store, topics } = createWorld()
  const group = story.group(1, 1)
  story.post(group, 1)
  story.post(group, 1)
  await writer.write(story)
  const first = await startProjector()
  await expectFold()
  await first.projector.stop()
  store.truncate(topics.events, 0, 2)
  const short = await startProjector()
  await reason(short.health, /log_cut.*ends at 2, before 3/)
  await short.projector.stop()
  const other = createStory(4)
  other.group(1, 9)
  other.group(5, 9)
  other.group(9, 9)
  store.truncate(topics.events, 0, 0)
  await createTestWriter(store.client('w'), topics).write(other)
  const different = await startProjector()
  await reason(different.health, /log_cut.*another event at 2/)
})

test.each(['while it is away', 'while it follows them'])(
  'receipts whose end is lost %s are gone on from, also those that came since, and no cursor goes back',
  async (when) => {
    const { story, writer, startProjector, expectFold, readModels, store, topics } = createWorld()
    const [group, other] = [story.group(1, 1), story.group(5, 1)]
    for (let count = 0; count < 5; count++) story.post(group, 1)
    for (let read = 1; read <= 5; read++) story.receipt(group, 1, { delivered: read, read })
    await writer.write(story)
    const first = await startProjector()
    await expectFold()
    if (when === 'while it is away') await first.projector.stop()
    store.truncate(topics.receipts, 0, 2)
    story.receipt(other, 1, { delivered: 1, read: 1 })
    await writer.write(story)
    const { health, failures } = when === 'while it is away' ? await startProjector() : first
    await waitUntil(async () => (await readModels.conversation(1, other))?.readSeq === 1, {
      deadlineMs: 5000,
      what: 'the one that came since',
    })
    expect(await readModels.conversation(1, group)).toMatchObject({ readSeq: 5 })
    expect(await readModels.projection.offset('receipts', 0)).toMatchObject({ nextOffset: 3 })
    story.receipt(group, 1, { delivered: 6, read: 6 })
    await writer.write(story)
    await waitUntil(async () => (await readModels.conversation(1, group))?.readSeq === 6, {
      deadlineMs: 5000,
      what: 'the next one',
    })
    expect(health.reasons()).toEqual({})
    expect(failures).toEqual([])
  },
)

test('a log that is cut while it is followed stops the partition', async () => {
  const { story, writer, startProjector, expectFold, store, topics } = createWorld()
  const group = story.group(1, 1)
  for (let count = 0; count < 5; count++) story.post(group, 1)
  await writer.write(story)
  const { health } = await startProjector()
  await expectFold()
  store.truncate(topics.events, 0, 3)
  await reason(health, /log_cut/)
})

test('a log of another number of partitions is fatal', async () => {
  const { story, writer, startProjector } = createWorld()
  story.raw(0, { type: 'LogOpened', partitions: 8, firstId: 1, hash: 'murmur2-utf8-positive', at: 0 })
  await writer.write(story)
  const { failures } = await startProjector()
  await waitUntil(() => failures.length > 0, { deadlineMs: 5000, what: 'fatal' })
  expect(failures).toMatchObject([{ code: 'log_mismatch' }])
})

test('a store that is away is waited for, not ready meanwhile', async () => {
  const { story, writer, startProjector, expectFold, readModels } = createWorld()
  story.group(1, 1)
  await writer.write(story)
  let isAway = true
  const away = () => {
    if (isAway) throw new Fault('read_models_unavailable', 'the database cannot be reached')
  }
  const { health } = await startProjector({
    ...readModels.projection,
    offset: async (source, partition) => {
      away()
      return readModels.projection.offset(source, partition)
    },
  })
  await reason(health, /read_models_unavailable/)
  isAway = false
  await waitUntil(() => health.isReady(), { deadlineMs: 8000, what: 'ready' })
  await expectFold()
})

// [G10]
test('read models that are emptied beneath a projector are folded again, also where nothing happens any more', async () => {
  const clock = createFakeClock(0)
  const { story, writer, startProjector, topics, store } = createWorld(clock)
  story.register(1)
  const group = story.group(2, 1)
  story.receipt(group, 1, { delivered: 1, read: 1 })
  await writer.write(story)
  let current = createMemoryReadModels({ clock, random })
  const { failures } = await startProjector({
    offset: (...place) => current.projection.offset(...place),
    applyEvents: (batch) => current.projection.applyEvents(batch),
    applyReceipts: (batch) => current.projection.applyReceipts(batch),
    close: async () => {},
  })
  const fold = createMemoryReadModels({ clock, random })
  await foldLog(store.client('reader'), topics, fold.projection)
  const folded = () =>
    waitUntil(
      async () => {
        await clock.advance(1000)
        return differencesOf(current.dump(), fold.dump()).length === 0
      },
      { deadlineMs: 5000, what: () => differencesOf(current.dump(), fold.dump()).join('\n') },
    )
  await folded()
  current = createMemoryReadModels({ clock, random })
  await folded()
  expect(failures).toEqual([])
})
