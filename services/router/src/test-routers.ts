import type { EventLog } from '@chat/event-log'
import { type AppendFaults, createMemoryStore, type MemoryStore } from '@chat/event-log/memory'
import type { Presence } from '@chat/presence'
import { createMemoryPresence } from '@chat/presence/memory'
import { type Clock, createHealth, createMetrics, silentLogger } from '@chat/runtime'
import { createTopics, type Topics } from '@chat/schemas'
import { createFakeClock, createSeededRandom, messageId, postMessage } from '@chat/testkit'
import { createRouter } from './router.ts'
import { createWitness, encoder, groupLimits } from './test-world.ts'

interface RouterOptions {
  readonly topics?: Topics
  readonly firstId?: number
  /** Events between two snapshots of a partition. */
  readonly snapshotEvents?: number
  /** What the router takes for the time. */
  readonly clock?: Clock
  readonly presence?: Presence
  /** The log as this router has it. */
  readonly log?: (log: EventLog) => EventLog
}

interface WorldOptions {
  readonly partitions?: number
  readonly faults?: AppendFaults
  /** Commands are kept as the embedded log keeps them: so many bytes of a partition, until the events that name them are there. */
  readonly commandBytesMax?: number
}

const startMs = 1_790_000_000_000
export const minute = 60_000

/** Routers on a log in memory, and who talks to them. */
export const createWorld = (options: WorldOptions = {}) => {
  const clock = createFakeClock(startMs)
  const random = createSeededRandom(7)
  const topics = createTopics({ prefix: 'test.', partitions: options.partitions ?? 1, slots: 2 })
  const { commandBytesMax, faults } = options
  const store = createMemoryStore({
    clock,
    ...(faults === undefined ? {} : { faults }),
    retention: (kind) =>
      kind === 'commands' && commandBytesMax !== undefined
        ? { bytesMax: commandBytesMax, whenFull: 'refuse' }
        : undefined,
  })
  const presence = createMemoryPresence({ clock, random, slots: 2 })
  const witness = createWitness(store.client('witness'), topics)
  const fatal: unknown[] = []
  const createOne = (name: string, own: RouterOptions = {}) => {
    const log = store.client(name)
    const health = createHealth()
    const router = createRouter(
      {
        logPrefix: 'test.',
        firstId: own.firstId ?? 1,
        snapshotEvents: own.snapshotEvents ?? 50_000,
        directPolicy: 'anyone',
        ...groupLimits,
      },
      {
        log: (own.log ?? asItIs)(commandBytesMax === undefined ? log : forgetting(log, store, topics)),
        topics: own.topics ?? topics,
        encoder,
        presence: own.presence ?? presence,
        clock: own.clock ?? clock,
        random,
        logger: silentLogger,
        health,
        metrics: createMetrics({ withProcess: 'bare' }),
        onFatal: (error) => fatal.push(error),
      },
    )
    return { log, health, router }
  }
  const started = async (name: string, own: RouterOptions = {}) => {
    const one = createOne(name, own)
    await one.router.start()
    await clock.runUntil(() => one.health.isReady(), minute)
    return one
  }
  const lease = () => presence.lease({ id: 'c', socketUrl: 'ws://c', connections: 0, capacity: 1, isReady: true })
  const until = (condition: () => Promise<boolean>) => clock.runUntil(condition, 5 * minute)
  return { clock, topics, store, presence, witness, fatal, createOne, started, lease, until }
}

const asItIs = (log: EventLog): EventLog => log

const forgetting = (log: EventLog, store: MemoryStore, topics: Topics): EventLog => ({
  ...log,
  append: async (batch) => {
    const appended = await log.append(batch)
    const cmds = batch.topic.kind === 'events' ? batch.records.map(({ headers }) => Number(headers.cmd)) : []
    store.trim(topics.commands, batch.partition, Math.max(-1, ...cmds) + 1)
    return appended
  },
})

export const post = (n: number, options: Parameters<typeof postMessage>[2] = {}) =>
  postMessage(1, 'd1.2', { clientMsgId: messageId(n), request: n, replySlot: 0, replyEpoch: 5, ...options }).command
export const userMessages = (events: readonly { readonly type: string }[]) =>
  events.filter(({ type }) => type === 'MessagePosted')
