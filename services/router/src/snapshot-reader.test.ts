import { domainHash, type PartitionState } from '@chat/domain'
import type { NewRecord, StoredRecord } from '@chat/event-log'
import { createMemoryStore } from '@chat/event-log/memory'
import { silentLogger } from '@chat/runtime'
import { createTopics, type SnapshotRecord } from '@chat/schemas'
import { createFakeClock, createSeededRandom, givenCommands, messageId, postMessage } from '@chat/testkit'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createBrokerTime } from './broker-time.ts'
import { readToEnd } from './event-reader.ts'
import { createDigest } from './snapshot-catalogue.ts'
import { readSnapshot } from './snapshot-reader.ts'
import { type Place, writeDump } from './snapshot-writer.ts'
import { createHistory, emptyState } from './test-history.ts'
import { encoder } from './test-world.ts'
import { wireOf } from './wire.ts'

const createWorld = async () => {
  const clock = createFakeClock(1_790_000_000_000)
  const topics = createTopics({ prefix: 'test.', partitions: 1, slots: 1 })
  const store = createMemoryStore({ clock })
  const log = store.client()
  const ports = {
    log,
    topics,
    encoder,
    wire: wireOf(encoder),
    clock,
    random: createSeededRandom(3),
    logger: silentLogger,
  }
  const { signal } = new AbortController()
  /** Waits need the clock. */
  const run = async <T>(work: Promise<T>): Promise<T> => {
    let isDone = false
    const done = () => {
      isDone = true
    }
    work.then(done, done)
    await clock.runUntil(() => isDone, 60_000)
    return work
  }
  const readOn = async (state: PartitionState): Promise<PartitionState> => {
    const brokerTime = createBrokerTime(clock)
    await readToEnd(state, { ...ports, events: topics.events, brokerTime }, signal, () => {})
    return state
  }
  const appendSnapshot = (record: NewRecord) => log.append({ topic: topics.snapshots, partition: 0, records: [record] })
  return {
    ...{ topics, store, log, readOn, appendSnapshot },
    history: await createHistory(log, topics),
    dump: (state: PartitionState, from?: Place, abort = signal) => run(writeDump(state, from, ports, abort)),
    dumpAtOnce: (...states: readonly PartitionState[]) =>
      run(Promise.all(states.map((state) => writeDump(state, undefined, ports, signal)))),
    read: () => run(readSnapshot(0, ports, signal)),
    replayed: () => readOn(emptyState(topics)),
    snapshotRecords: () => {
      const partition = store.partition(topics.snapshots, 0)
      return partition.slice(0, partition.end())
    },
    append: async (record: SnapshotRecord): Promise<Uint8Array> => {
      const { schema, value } = encoder.encode(record)
      await appendSnapshot({ key: null, value, headers: { type: record.type, schema, dump: record.dump } })
      return value
    },
  }
}
type World = Awaited<ReturnType<typeof createWorld>>

/** What the tests hold against each other: the state at the end of the log, made both ways. */
const restored = async ({ read, readOn, replayed, history }: World) => {
  const found = await read()
  const state = await readOn(found?.state ?? (await replayed()))
  expect(state).toEqual(await replayed())
  expect(state).toEqual(history.state)
  return found?.chain.map(({ begun }) => begun.lastPos) ?? []
}

const post = (n: number, conversation = 'd1.2') => postMessage(1, conversation, { clientMsgId: messageId(n) })
const posts = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => post(from + index))
const placeOf = ({ head }: PartitionState): Place => ({ pos: head.lastPos, chain: head.chain })

describe('which snapshot is used', () => {
  test('a full dump and its deltas, in their order', async () => {
    const world = await createWorld()
    await world.history.add(posts(1, 5))
    const full = await world.dump(world.history.state)
    await world.history.add(posts(6, 9))
    const delta = await world.dump(world.history.state, full.place)
    await world.history.add([post(10), post(11, 'd1.3')])
    await world.dump(world.history.state, delta.place)
    await world.history.add(posts(12, 13))
    expect(await restored(world)).toEqual([5, 9, 11])
  })

  test('none that lacks its end, and the one before it instead', async () => {
    const world = await createWorld()
    await world.history.add(posts(1, 3))
    const { place } = await world.dump(world.history.state)
    await world.history.add(posts(4, 6))
    const stop = new AbortController()
    const dumping = world.dump(world.history.state, place, stop.signal)
    stop.abort(new Error('stopped'))
    await expect(dumping).rejects.toThrow('stopped')
    expect(world.snapshotRecords().at(-1)?.headers.type).toBe('SnapshotPart')
    expect(await restored(world)).toEqual([3])
    // What the broken one held is in the next.
    await world.dump(world.history.state, place)
    expect(await restored(world)).toEqual([3, 6])
  })

  test('no delta that does not begin exactly where another one stands', async () => {
    const world = await createWorld()
    await world.history.add(posts(1, 3))
    const { place } = await world.dump(world.history.state)
    await world.history.add(posts(4, 6))
    await world.dump(world.history.state, { ...place, chain: '0123456789abcdef' })
    await world.history.add(posts(7, 9))
    await world.dump(world.history.state, { ...place, pos: 2 })
    expect(await restored(world)).toEqual([3])
  })

  test('none of other code, of another partition, or of a world with more partitions', async () => {
    const world = await createWorld()
    await world.history.add(posts(1, 3))
    await world.dump(world.history.state)
    const records = world.snapshotRecords()
    await world.history.add(posts(4, 6))
    const { lastPos, chain, nextPos, resume, nextId, logTimeMs } = world.history.state.head
    const begun = {
      ...({ type: 'SnapshotBegun', fromPos: null, fromChain: null, partition: 0, partitions: 1, domainHash } as const),
      ...{ lastPos, chain, nextPos, resume, nextId, logTimeMs, firstId: 1 },
    }
    for (const [dump, change] of Object.entries({
      a: { domainHash: 'another' },
      b: { partition: 1 },
      c: { partitions: 2 },
    })) {
      const digest = createDigest()
      digest.add(await world.append({ ...begun, dump, ...change }))
      await world.append({ type: 'SnapshotEnded', dump, parts: 0, digest: digest.end() })
    }
    expect(world.snapshotRecords().length).toBe(records.length + 6)
    expect(await restored(world)).toEqual([3])
    await world.append({ ...begun, dump: 'd' })
    await world.append({ type: 'SnapshotEnded', dump: 'd', parts: 0, digest: 'another' })
    expect(await restored(world)).toEqual([3])
  })

  test('none that the event log does not bear out: it was cut, and grew again or not', async () => {
    const world = await createWorld()
    await world.history.add(posts(1, 3))
    await world.dump(world.history.state)
    const end = world.history.state.head.nextPos
    await world.history.add(posts(4, 6))
    await world.dump(world.history.state)
    world.store.truncate(world.topics.events, 0, end)
    const found = await world.read()
    expect(found?.state.head.lastPos).toBe(3)
    for (let n = 0; n < 3; n++) await world.history.addInvalid()
    expect((await world.read())?.state.head.lastPos).toBe(3)
    world.store.truncate(world.topics.events, 0, 2)
    expect(await world.read()).toBeUndefined()
    const other = await createHistory(world.log, createTopics({ prefix: 'other.', partitions: 1, slots: 1 }))
    await other.add(posts(11, 20))
    const events = createTopics({ prefix: 'other.', partitions: 1, slots: 1 }).events
    world.store.truncate(world.topics.events, 0, 0)
    for (const { value, headers } of world.store.partition(events, 0).slice(0, 11))
      await world.log.append({ topic: world.topics.events, partition: 0, records: [{ key: null, value, headers }] })
    expect(await world.read()).toBeUndefined()
  })

  test('the newer one, though an older one of a zombie was written after it and between its records', async () => {
    const world = await createWorld()
    const zombie = await world.readOn(emptyState(world.topics))
    await world.history.add(Array.from({ length: 3000 }, (_, index) => post(index + 1, `d1.${index + 2}`)))
    await world.dumpAtOnce(world.history.state, zombie)
    await world.dump(zombie)
    const ids = world.snapshotRecords().map(({ headers }) => headers.dump)
    expect(new Set(ids.slice(0, 4)).size).toBe(2) // they lie between one another
    expect(ids.filter((id) => id === ids[0]).length).toBeGreaterThan(4) // several parts
    expect(await restored(world)).toEqual([world.history.state.head.lastPos])
  })

  test('one whose records stand twice, as an append that was tried twice leaves them', async () => {
    const world = await createWorld()
    await world.history.add(Array.from({ length: 2000 }, (_, index) => post(index + 1, `d1.${index + 2}`)))
    await world.dump(world.history.state)
    const records = world.snapshotRecords()
    world.store.truncate(world.topics.snapshots, 0, 0)
    for (const { value, headers } of records)
      for (let copies = 0; copies < 2; copies++) await world.appendSnapshot({ key: null, value, headers })
    expect(await restored(world)).toEqual([world.history.state.head.lastPos])
  })

  test('one of which much lies before the end, and nothing before it is read', async () => {
    const world = await createWorld()
    await world.history.add(posts(1, 3))
    await world.dump(world.history.state)
    const filling = async () => {
      for (let n = 0; n < 300; n++)
        await world.append({ type: 'SnapshotEnded', dump: `never begun ${n}`, parts: 0, digest: '' })
    }
    await filling()
    expect(await restored(world)).toEqual([3])
    await world.history.add(posts(4, 6))
    const newest = await world.dump(world.history.state)
    world.store.trim(world.topics.snapshots, 0, 100)
    expect(await restored(world)).toEqual([newest.place.pos])
    await filling()
    expect(await restored(world)).toEqual([newest.place.pos])
  })

  test('none with a missing part', async () => {
    const world = await createWorld()
    await world.history.add(Array.from({ length: 3000 }, (_, index) => post(index + 1, `d1.${index + 2}`)))
    await world.dump(world.history.state)
    const records = world.snapshotRecords()
    for (const missing of [1, 2, records.length - 2]) {
      world.store.truncate(world.topics.snapshots, 0, 0)
      for (const [index, { value, headers }] of records.entries())
        if (index !== missing) await world.appendSnapshot({ key: null, value, headers })
      expect([missing, await restored(world)]).toEqual([missing, []])
    }
  })
})

test.each([0, 1, 5, 7])('a snapshot of which a single byte is another is not used (bit %i)', async (bit) => {
  const world = await createWorld()
  await world.history.add(posts(1, 3))
  await world.dump(world.history.state)
  const records = world.snapshotRecords()
  for (const [index, record] of records.entries())
    for (let at = 5; at < (record.value?.length ?? 0); at++) {
      if (at === partsAt(record)) continue
      world.store.truncate(world.topics.snapshots, 0, index)
      const bytes = Buffer.from(record.value ?? [])
      bytes[at] = (bytes[at] ?? 0) ^ (1 << bit)
      await world.appendSnapshot({ key: null, value: bytes, headers: record.headers })
      for (const { value, headers } of records.slice(index + 1))
        await world.appendSnapshot({ key: null, value, headers })
      expect([record.headers.type, at, await world.read()]).toEqual([record.headers.type, at, undefined])
    }
})

/** Where the number of parts stands, which is there for people: behind wire prefix, length and id of the dump. */
const partsAt = (record: StoredRecord): number => (record.headers.type === 'SnapshotEnded' ? 5 + 1 + 32 : -1)

const steps = fc.array(
  fc.record({
    commands: fc.array(givenCommands(), { maxLength: 12 }),
    end: fc.constantFrom(
      'nothing',
      'full',
      'delta',
      'delta',
      'zombie',
      'incomplete',
      'unfitting',
      'corrupt',
      'invalid',
    ),
    at: fc.nat(1000),
  }),
  { minLength: 1, maxLength: 10 },
)

test('snapshot and tail give the state that all events give, whatever lies on the snapshots topic', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      const world = await createWorld()
      const { state } = world.history
      const zombie = await world.readOn(emptyState(world.topics))
      let place: Place | undefined
      for (const step of all) {
        await world.history.add(step.commands)
        if (step.end === 'full' || step.end === 'delta') {
          const from = step.end === 'full' ? undefined : place
          place = (await world.dump(state, from)).place
        }
        if (step.end === 'zombie') await world.dump(zombie)
        if (step.end === 'unfitting') await world.dump(await world.replayed(), { ...placeOf(state), pos: step.at })
        if (step.end === 'incomplete') await world.dump(state, place, AbortSignal.abort('stopped')).catch(() => {})
        if (step.end === 'invalid') await world.history.addInvalid()
        if (step.end === 'corrupt') await corrupt(world, step.at)
      }
      const used = await restored(world)
      const isClean = all.every(({ end }) => end !== 'corrupt')
      if (isClean && place !== undefined) expect(used.at(-1)).toBeGreaterThanOrEqual(place.pos)
    }),
    { numRuns: 150 },
  )
})

/** Damages one record that is there: its end is missing, or a byte is another. */
const corrupt = async (world: World, choice: number): Promise<void> => {
  const records = world.snapshotRecords()
  world.store.truncate(world.topics.snapshots, 0, 0)
  for (const [index, { value, headers }] of records.entries()) {
    const isChosen = index === choice % records.length
    await world.appendSnapshot({ key: null, value: isChosen ? damaged(value, choice) : value, headers })
  }
}

const damaged = (value: Uint8Array | null, choice: number): Uint8Array => {
  const bytes = Buffer.from(value ?? [])
  if (choice % 3 === 0) return bytes.subarray(0, Math.max(0, bytes.length - 1 - (choice % 7)))
  const at = 5 + (choice % Math.max(1, bytes.length - 5)) // Behind the wire prefix, whose id no reader of ours looks at.
  bytes[at] = (bytes[at] ?? 0) ^ (1 << (choice % 8))
  return bytes
}
