import type { EventLog } from '@chat/event-log'
import { type AppendFate, createMemoryStore } from '@chat/event-log/memory'
import { createMemoryPresence } from '@chat/presence/memory'
import { createHealth, createMetrics, Fault, silentLogger } from '@chat/runtime'
import { createTopics } from '@chat/schemas'
import { createFakeClock, createSeededRandom, messageId, postMessage } from '@chat/testkit'
import { expect, test } from 'vitest'
import { createRouter } from './router.ts'
import { assertOnceAndDense, createWitness, encoder, groupLimits } from './test-world.ts'

const minute = 60_000
const hour = 60 * minute
const snapshotEvents = 10

type SnapshotReads = (signal: AbortSignal) => Promise<void>

const createWorld = () => {
  const clock = createFakeClock(1_790_000_000_000)
  const random = createSeededRandom(7)
  const topics = createTopics({ prefix: 'test.', partitions: 1, slots: 2 })
  let snapshotFate: AppendFate | undefined
  const store = createMemoryStore({
    clock,
    faults: (batch) => (batch.topic.kind === 'snapshots' ? snapshotFate : undefined),
  })
  const presence = createMemoryPresence({ clock, random, slots: 2 })
  const witness = createWitness(store.client('witness'), topics)
  const fatal: unknown[] = []
  let sent = 0

  /** Notes from where events are read, and does `onSnapshots` before it reads snapshots. */
  const watched = (log: EventLog, eventsReadFrom: number[], onSnapshots: SnapshotReads): EventLog => ({
    ...log,
    read: async function* (topic, partition, from, to, signal) {
      if (topic.kind === 'events') eventsReadFrom.push(from)
      else if (topic.kind === 'snapshots') await onSnapshots(signal)
      yield* log.read(topic, partition, from, to, signal)
    },
  })

  const start = async (name: string, onSnapshots: SnapshotReads = async () => {}) => {
    const eventsReadFrom: number[] = []
    const health = createHealth()
    const metrics = createMetrics({ withProcess: 'bare' })
    const log = watched(store.client(name), eventsReadFrom, onSnapshots)
    const onFatal = (error: unknown) => void fatal.push(error)
    const router = createRouter(
      { logPrefix: 'test.', firstId: 1, snapshotEvents, directPolicy: 'anyone', ...groupLimits },
      { log, topics, encoder, presence, clock, random, logger: silentLogger, health, metrics, onFatal },
    )
    await router.start()
    await clock.runUntil(() => health.isReady(), 2 * minute)
    const stop = async () => {
      const stopping = router.stop()
      await clock.advance(1000)
      await stopping
    }
    return { stop, eventsReadFrom, measured: async () => (await metrics.expose()).body }
  }

  return {
    ...{ clock, topics, store, witness, fatal, start },
    snapshotsFare: (fate: AppendFate | undefined) => {
      snapshotFate = fate
    },
    /** Sends so many messages and waits until all are decided. */
    chat: async (count: number) => {
      for (let n = 0; n < count; n++) {
        sent++
        const options = { clientMsgId: messageId(sent), request: sent, replySlot: 0, replyEpoch: 5 }
        await witness.send(postMessage(1, `d1.${2 + (sent % 3)}`, options).command)
      }
      const answered = async () => new Set((await witness.replies(0)).map(({ request }) => request)).size
      await clock.runUntil(async () => (await answered()) === sent, minute)
    },
    snapshots: () => {
      const partition = store.partition(topics.snapshots, 0)
      return partition.slice(0, partition.end()).map(({ headers }) => headers.type)
    },
    sent: () => sent,
  }
}

const dump = ['SnapshotBegun', 'SnapshotPart', 'SnapshotEnded']

test('a partition starts from its snapshot and reads only the events behind it, and those that may be untold', async () => {
  const { clock, start, chat, snapshots, witness, fatal } = createWorld()
  const a = await start('a')
  await chat(snapshotEvents)
  await clock.advance(minute)
  expect(snapshots()).toEqual(dump)
  await chat(3)
  await a.stop()
  const b = await start('b')
  await chat(3)
  expect(await b.measured()).toContain('chat_router_restore_ms_count{from="snapshot"} 1')
  expect(await a.measured()).toContain('chat_router_restore_ms_count{from="log"} 1')
  // The one event that bears the snapshot out; the newest before it; that one again, and what follows.
  expect(b.eventsReadFrom.slice(0, 3)).toEqual([snapshotEvents, 0, snapshotEvents])
  const conversations = assertOnceAndDense(await witness.events(0))
  expect([...conversations.values()].flat().length).toBe(snapshotEvents + 6)
  expect(fatal).toEqual([])
})

test('what a snapshot holds is told again all the same, if it is new', async () => {
  const { clock, start, chat, witness, sent } = createWorld()
  const a = await start('a')
  await chat(snapshotEvents)
  await clock.advance(20_000)
  await a.stop()
  await start('b')
  const replies = await witness.replies(0)
  expect(replies.length).toBe(2 * sent())
})

test('deltas follow a full dump, and another full one when they are as large or it is old', async () => {
  const { clock, start, chat, snapshots, store, topics } = createWorld()
  const a = await start('a')
  await chat(snapshotEvents)
  await clock.advance(minute)
  await chat(snapshotEvents - 1)
  await clock.advance(minute)
  expect(snapshots()).toEqual(dump)
  await chat(1)
  await clock.advance(minute)
  expect(snapshots()).toEqual([...dump, ...dump])
  await clock.advance(2 * hour)
  expect(snapshots()).toEqual([...dump, ...dump]) // nothing happened
  await chat(1)
  await clock.advance(2 * hour)
  expect(snapshots()).toEqual([...dump, ...dump, ...dump])
  await clock.advance(20 * hour)
  expect(snapshots().length).toBe(4 * dump.length) // nothing happened, but the first one will be gone
  expect(await a.measured()).toContain('chat_router_snapshot_ms_count{kind="full"} 2')
  expect(await a.measured()).toContain('chat_router_snapshot_ms_count{kind="delta"} 2')
  await a.stop()
  store.trim(topics.snapshots, 0, 3 * dump.length)
  const b = await start('b')
  expect(await b.measured()).toContain('chat_router_restore_ms_count{from="snapshot"} 1')
})

test('messages are answered while a snapshot is on its way, however long', async () => {
  const { clock, start, chat, snapshots, snapshotsFare } = createWorld()
  await start('a')
  snapshotsFare({ answersAfterMs: 30 * minute })
  await chat(snapshotEvents)
  await clock.advance(minute)
  expect(snapshots()).toEqual(['SnapshotBegun'])
  await chat(5)
})

test('a snapshot that cannot be written is tried again, and hurts nobody', async () => {
  const { clock, start, chat, snapshots, snapshotsFare, fatal } = createWorld()
  const a = await start('a')
  snapshotsFare({ answer: 'lost' })
  await chat(snapshotEvents)
  await clock.advance(3 * minute)
  expect(await a.measured()).toMatch(/chat_router_snapshot_failures_total [23]/)
  await chat(5)
  snapshotsFare(undefined)
  await clock.advance(2 * minute)
  expect(snapshots().slice(-3)).toEqual(dump)
  expect(fatal).toEqual([])
})

test('a router that is stopped while it writes a snapshot leaves one that nobody uses', async () => {
  const { clock, start, chat, snapshots, snapshotsFare } = createWorld()
  const a = await start('a')
  snapshotsFare({ answersAfterMs: 500 })
  await chat(snapshotEvents)
  await clock.runUntil(() => snapshots().includes('SnapshotPart'), minute)
  await a.stop()
  snapshotsFare(undefined)
  expect(snapshots()).not.toContain('SnapshotEnded')
  const b = await start('b')
  await chat(1)
  expect(await b.measured()).toContain('chat_router_restore_ms_count{from="log"} 1')
})

test.each([
  ['fail for a while', new Fault('log_unavailable', 'no leader')],
  ['fail for good', new Fault('offset_gone', 'gone', { isRetryable: false })],
  ['are not answered', undefined],
] as const)('snapshots whose reads %s are done without', async (_case, failure) => {
  const { clock, start, chat, fatal } = createWorld()
  const a = await start('a')
  await chat(snapshotEvents)
  await clock.advance(minute)
  await a.stop()
  const b = await start('b', (signal) => (failure === undefined ? abortOf(signal) : Promise.reject(failure)))
  await chat(1)
  expect(await b.measured()).toContain('chat_router_restore_ms_count{from="log"} 1')
  expect(fatal).toEqual([])
})

test('a read of snapshots that fails once is repeated', async () => {
  const { clock, start, chat } = createWorld()
  const a = await start('a')
  await chat(snapshotEvents)
  await clock.advance(minute)
  await a.stop()
  let failures = 1
  const b = await start('b', async () => {
    if (failures-- > 0) throw new Fault('log_unavailable', 'no leader')
  })
  expect(await b.measured()).toContain('chat_router_restore_ms_count{from="snapshot"} 1')
})

/** Never resolves: a broker that does not answer. */
const abortOf = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))
