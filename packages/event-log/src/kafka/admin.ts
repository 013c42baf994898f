import { type Backoff, type Clock, Fault, isFault, type Random, retry } from '@chat/runtime'
import type { Topic, TopicKind } from '@chat/schemas'
import { Kafka, logLevel } from 'kafkajs'
import type { EnsureTopicsOptions } from '../index.ts'
import { messageBytesMax } from './appender.ts'
import type { Cluster } from './cluster.ts'
import { connectionTimeoutMs, toFault } from './link.ts'
import type { Offsets } from './offsets.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

const brief = { 'retention.ms': 15 * minuteMs, 'segment.ms': 15 * minuteMs }

const keptFor: Readonly<Record<TopicKind, Readonly<Record<string, string | number>>>> = {
  commands: { 'retention.ms': 3 * dayMs },
  // The source of truth: no time and no size ends it.
  events: { 'retention.ms': -1, 'retention.bytes': -1 },
  receipts: { 'cleanup.policy': 'compact', 'min.compaction.lag.ms': dayMs },
  signals: brief,
  deliveries: brief,
  // Only whole segments go: one of a week would be kept for a week.
  snapshots: { 'retention.ms': 48 * hourMs, 'segment.ms': 6 * hourMs },
  deadLetters: { 'retention.ms': 30 * dayMs },
}

/** Settings of a topic of this kind, as Kafka takes them. Everywhere: time is the broker's, and no unclean leader. */
export const topicSettings = (
  kind: TopicKind,
  { replicas, eventsFlush = 'each' }: EnsureTopicsOptions,
): Readonly<Record<string, string>> => {
  const settings = {
    'cleanup.policy': 'delete',
    ...keptFor[kind],
    'message.timestamp.type': 'LogAppendTime',
    'max.message.bytes': messageBytesMax,
    // As writers sent it: readers here take batches apart themselves, and none of ours is compressed.
    'compression.type': 'producer',
    'min.insync.replicas': replicas >= 3 ? 2 : 1,
    'unclean.leader.election.enable': 'false',
    // With fewer replicas an acknowledgement says that the disk has it: no other machine does.
    ...(kind === 'events' && replicas < 3 && eventsFlush === 'each' ? { 'flush.messages': 1 } : {}),
  }
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)]))
}

export interface AdminOptions {
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly cluster: Cluster
  readonly offsets: Offsets
  readonly clock: Clock
  readonly random: Random
}

const createTimeoutMs = 10_000
const leadersWithinMs = 20_000
const leaderBackoff: Backoff = { firstMs: 50, maxMs: 500 }

/** Creates what is missing, with the settings of its kind, and waits until each partition has a leader. */
export const ensureTopics = async (
  topics: readonly Topic[],
  settings: EnsureTopicsOptions,
  options: AdminOptions,
  make: typeof create = create,
): Promise<void> => {
  const { cluster, clock, random } = options
  const names = topics.map(({ name }) => name)
  await cluster.refresh(names)
  const missing = missingOf(topics, cluster)
  if (missing.length > 0) await make(missing, settings, options)
  const giveUpAt = clock.monotonic() + leadersWithinMs
  await retry(
    async () => {
      await cluster.refresh(names)
      const left = missingOf(topics, cluster)
      if (left.length > 0)
        throw new Fault('log_unavailable', `no leader yet: ${left.map(({ name }) => name).join(', ')}`)
    },
    {
      clock,
      random,
      backoff: leaderBackoff,
      isRetryable: (error) => isFault(error, 'log_unavailable') && clock.monotonic() < giveUpAt,
      onRetry: () => {},
    },
  )
  // A broker is named leader before it knows so itself, and refuses the first append.
  await Promise.all(missing.map((topic) => options.offsets.of(topic, 'end')))
}

/** Those that do not exist, or whose partitions have no leaders yet. */
const missingOf = (topics: readonly Topic[], cluster: Cluster): readonly Topic[] =>
  topics.filter((topic) => {
    const { name, partitions } = topic
    if (cluster.partitionsOf(name) === undefined) return true
    cluster.checkPartitions(topic)
    for (let partition = 0; partition < partitions; partition++) {
      if (cluster.leaderOf(name, partition) === undefined) return true
    }
    return false
  })

const create = async (topics: readonly Topic[], settings: EnsureTopicsOptions, { brokers, clientId }: AdminOptions) => {
  const kafka = new Kafka({
    brokers: [...brokers],
    clientId: `${clientId}-admin`,
    connectionTimeout: connectionTimeoutMs,
    requestTimeout: createTimeoutMs + 2000,
    logLevel: logLevel.NOTHING,
    // Named in full: kafkajs has other defaults under NODE_ENV=test.
    retry: { initialRetryTime: 20, maxRetryTime: 1000, multiplier: 2, factor: 0.2, retries: 8 },
  })
  const admin = kafka.admin()
  try {
    await admin.connect()
    await admin.createTopics({
      waitForLeaders: false,
      timeout: createTimeoutMs,
      topics: topics.map((topic) => ({
        topic: topic.name,
        numPartitions: topic.partitions,
        replicationFactor: settings.replicas,
        configEntries: Object.entries(topicSettings(topic.kind, settings)).map(([name, value]) => ({ name, value })),
      })),
    })
  } catch (error) {
    if (!isAlreadyThere(error)) throw toFault(error, 'topics cannot be created')
  } finally {
    await admin.disconnect()
  }
}

/** Another process was faster: the check that follows looks at what it made. */
const isAlreadyThere = (error: unknown): boolean =>
  error instanceof Error &&
  (('type' in error && error.type === 'TOPIC_ALREADY_EXISTS') ||
    ('errors' in error && Array.isArray(error.errors) && error.errors.every(isAlreadyThere)))
