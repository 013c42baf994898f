import type { Clock, Logger } from '@chat/runtime'
import type { Topic, TopicKind, Topics } from '@chat/schemas'
import pg from 'pg'
import { checkBatch } from './batch-check.ts'
import type { Batch, EventLog, Offset, Partition } from './index.ts'
import { closed, createMemoryStore, type Retention } from './memory.ts'
import { createAppender } from './postgres-appender.ts'
import { createStoredPartitions, type StoredPartitions } from './postgres-partitions.ts'
import { createReader } from './postgres-reader.ts'
import { createRetention, isKeptForATime, readBeginnings } from './postgres-retention.ts'
import { createTopicRows, isPersisted } from './postgres-schema.ts'
import { openSession, type Session, unavailable } from './postgres-session.ts'

export interface PostgresLogOptions {
  readonly url: string
  readonly topics: Topics
  readonly clock: Clock
  readonly logger: Logger
  /** The log was taken by another process, or is not what this one wrote: exit. */
  readonly onFatal: (error: unknown) => void
}

const mebibyte = 1024 * 1024
/** Commands leave memory when the events they caused are committed; so many may wait for it. */
const commandBytesMax = 64 * mebibyte
/** Deliveries and signals: enough for a reader that is seconds behind. */
const passingBytesMax = 8 * mebibyte
const readConnections = 4

const retention = (kind: TopicKind): Retention =>
  kind === 'commands'
    ? { bytesMax: commandBytesMax, whenFull: 'refuse' }
    : { bytesMax: passingBytesMax, whenFull: 'drop' }

/**
 * The embedded log: one process, one database. Events, receipts, snapshots (for 48 hours) and dead letters are on disk (schema `log`) when
 * an append resolves. Commands, deliveries and signals live in this process; after a restart the commands of a partition go on after the
 * last one that caused a valid event, so a command whose event is missing was never acknowledged. [G1]
 * Throws Fault `log_in_use` when another process has it open.
 */
export const openPostgresLog = async (options: PostgresLogOptions): Promise<EventLog> => {
  const { clock, logger, topics, onFatal } = options
  const stored = createStoredPartitions(onFatal)
  const session = await openSession({ ...options, onOpen: stored.refresh })
  const pool = new pg.Pool({ connectionString: options.url, max: readConnections, connectionTimeoutMillis: 5000 })
  pool.on('error', (error) => logger.debug({ err: error }, 'idle log connection lost'))
  const memory = createMemoryStore({
    clock,
    retention,
    firstOffset: (topic, partition) =>
      topic.name === topics.commands.name ? stored.resume(topics.events, partition) : 0,
  })
  const client = memory.client()
  const closing = new AbortController()

  const appender = createAppender({
    session,
    clock,
    onForeignWriter: onFatal,
    onResume: ({ topic, partition }, resume) => {
      stored.resumed(topic, partition, resume)
      if (topic.name === topics.events.name) memory.trim(topics.commands, partition, resume)
    },
  })

  const keeping = createRetention({ session, clock, logger })

  const checkOpen = () => {
    if (closing.signal.aborted) throw closed()
  }

  const append = async (batch: Batch) => {
    if (!isPersisted(batch.topic.kind)) return client.append(batch)
    checkOpen()
    checkBatch(batch)
    const partition = stored.find(batch.topic, batch.partition)
    const appended = await appender.append(partition, batch)
    void keeping.appended(batch.topic, partition.head)
    return appended
  }

  const reader = createReader({ pool, clock, logger, closing: closing.signal, find: stored.find })

  return {
    append,
    read: (topic, ...range) => (isPersisted(topic.kind) ? reader.read(topic, ...range) : client.read(topic, ...range)),
    tail: (topic, partition, from, signal) =>
      isPersisted(topic.kind)
        ? reader.records(topic, partition, from, Number.POSITIVE_INFINITY, signal)
        : client.tail(topic, partition, from, signal),
    ends: async (topic) => {
      checkOpen()
      return isPersisted(topic.kind) ? ends(topic, session, stored) : client.ends(topic)
    },
    beginnings: async (topic) => {
      checkOpen()
      if (!isPersisted(topic.kind)) return client.beginnings(topic)
      return isKeptForATime(topic) ? beginnings(topic, pool) : partitionMap(topic, () => 0)
    },
    share: (share) => client.share(share),
    ensureTopics: async (wanted, ensure) => {
      checkOpen()
      const persisted = wanted.filter((topic) => isPersisted(topic.kind))
      stored.add(await createTopicRows(session.query, persisted))
      await client.ensureTopics(
        wanted.filter((topic) => !isPersisted(topic.kind)),
        ensure,
      )
    },
    close: async () => {
      if (closing.signal.aborted) return
      closing.abort()
      await Promise.all([client.close(), appender.drain()])
      await Promise.all([session.close(), pool.end()])
    },
  }
}

const partitionMap = (topic: Topic, offsetOf: (partition: Partition) => Offset): ReadonlyMap<Partition, Offset> =>
  new Map(Array.from({ length: topic.partitions }, (_, partition) => [partition, offsetOf(partition)]))

const beginnings = async (topic: Topic, pool: pg.Pool): Promise<ReadonlyMap<Partition, Offset>> => {
  try {
    return await readBeginnings(pool, topic)
  } catch (error) {
    throw unavailable('the statement failed', error)
  }
}

/** While the connection is away the end may be beyond what we know: an append may have landed without an answer. */
const ends = (topic: Topic, session: Session, stored: StoredPartitions): ReadonlyMap<Partition, Offset> => {
  if (!session.isOpen()) throw unavailable('no connection', undefined)
  return partitionMap(topic, (partition) => stored.find(topic, partition).recent.end())
}
