import { type Clock, Fault } from '@chat/runtime'
import type { Topic, TopicKind } from '@chat/schemas'
import { checkBatch } from './batch-check.ts'
import type { Appended, Batch, EventLog, Offset, Partition, Share } from './index.ts'
import { createMemoryGroups, type MemoryGroups } from './memory-groups.ts'
import { type AppendFate, type AppendFaults, createLandings } from './memory-landings.ts'
import { away, createMemoryPartition, type MemoryPartition, type Retention } from './memory-partition.ts'

export interface MemoryStoreOptions {
  readonly clock: Clock
  readonly faults?: AppendFaults
  /** Bounds by kind of topic. Without it everything is kept. */
  readonly retention?: (kind: TopicKind) => Retention | undefined
  /** The first offset of a partition, 0 unless told. */
  readonly firstOffset?: (topic: Topic, partition: Partition) => Offset
}

/** One handle on a store, as one process has it. */
export interface MemoryClient extends EventLog {
  /**
   * The process dies: every call fails with `log_closed`, tails end with it, its shares are left. What was on the way lands
   * later (`land`) or is lost (`lose`).
   */
  kill(onTheWay: 'land' | 'lose'): void
}

/** The log itself, and everything that can be done to it behind its clients' backs. */
export interface MemoryStore {
  client(name?: string): MemoryClient
  /** Drops what lies before `beginning`, as retention does. */
  trim(topic: Topic, partition: Partition, beginning: Offset): void
  /** Forgets what lies from `end` on, as a lost disk does. */
  truncate(topic: Topic, partition: Partition, end: Offset): void
  /**
   * The leader of a partition is away for `ms`: appends, reads and questions for its offsets fail with `log_unavailable`, tails pause and
   * go on. What is on the way and would land meanwhile is lost.
   */
  interrupt(topic: Topic, partition: Partition, ms: number): void
  /** Makes members of a group believe too much, or moves partitions between them. */
  readonly groups: Pick<MemoryGroups, 'confuse' | 'heal' | 'rotate'>
  partition(topic: Topic, partition: Partition): MemoryPartition
}

/** The event log in memory: deterministic, for tests, and what the embedded log keeps in memory. */
export const createMemoryStore = (options: MemoryStoreOptions): MemoryStore => {
  const topics = new Map<string, readonly MemoryPartition[]>()
  const groups = createMemoryGroups()

  const partitionsOf = (topic: Topic): readonly MemoryPartition[] => {
    const known = topics.get(topic.name)
    if (known !== undefined) return known
    const created = Array.from({ length: topic.partitions }, (_, partition) =>
      createMemoryPartition(options.firstOffset?.(topic, partition) ?? 0, options.retention?.(topic.kind)),
    )
    topics.set(topic.name, created)
    return created
  }

  const partitionOf = (topic: Topic, partition: Partition): MemoryPartition => {
    const found = partitionsOf(topic)[partition]
    if (found === undefined)
      throw new Fault('no_such_partition', `${topic.name} has no partition ${partition}`, { isRetryable: false })
    return found
  }

  return {
    client: (name = 'client') => createClient(name, { options, groups, topics, partitionsOf, partitionOf }),
    trim: (topic, partition, beginning) => partitionOf(topic, partition).trim(beginning),
    truncate: (topic, partition, end) => partitionOf(topic, partition).truncate(end),
    interrupt: (topic, partition, ms) => {
      const found = partitionOf(topic, partition)
      found.goesAway()
      options.clock.after(ms, found.comesBack)
    },
    groups,
    partition: partitionOf,
  }
}

/** A log with one client, where nothing goes wrong unless `faults` says so. */
export const createMemoryLog = (options: MemoryStoreOptions): MemoryClient => createMemoryStore(options).client()

interface StoreParts {
  readonly options: MemoryStoreOptions
  readonly groups: MemoryGroups
  readonly topics: ReadonlyMap<string, readonly MemoryPartition[]>
  readonly partitionsOf: (topic: Topic) => readonly MemoryPartition[]
  readonly partitionOf: (topic: Topic, partition: Partition) => MemoryPartition
}

const createClient = (name: string, store: StoreParts): MemoryClient => {
  const closing = new AbortController()
  let isKilled = false
  let losesOnTheWay = false
  const underWay = new Set<Promise<unknown>>()
  const shares = new Set<Share>()
  const landBatch = createLandings(store.options.clock, () => isKilled && losesOnTheWay)

  const checkOpen = (): void => {
    if (closing.signal.aborted) throw closed()
  }

  const checkAlive = (): void => {
    if (isKilled) throw closed()
  }

  const append = async (batch: Batch): Promise<Appended> => {
    checkOpen()
    checkBatch(batch)
    const partition = store.partitionOf(batch.topic, batch.partition)
    const appended = landBatch(partition, batch, store.options.faults?.(batch, name))
    if (!(appended instanceof Promise)) return appended
    underWay.add(appended)
    try {
      return await appended
    } finally {
      underWay.delete(appended)
      checkAlive()
    }
  }

  /** Partitions of a topic, none of which is away. */
  const present = (topic: Topic): readonly MemoryPartition[] => {
    checkOpen()
    const partitions = store.partitionsOf(topic)
    if (partitions.some((partition) => partition.isAway())) throw away()
    return partitions
  }

  async function* records(topic: Topic, partition: Partition, from: Offset, to: Offset, signal: AbortSignal) {
    const found = store.partitionOf(topic, partition)
    let next = from
    while (!signal.aborted && next < to) {
      checkOpen()
      if (found.isAway() && to !== Number.POSITIVE_INFINITY) throw away()
      const slice = found.isAway() ? [] : found.slice(next, to)
      next += slice.length
      if (slice.length > 0) yield slice
      else await changeOf(found, [signal, closing.signal])
    }
  }

  async function* read(topic: Topic, partition: Partition, from: Offset, to: Offset, signal: AbortSignal) {
    let next = from
    for await (const slice of records(topic, partition, from, to, signal)) {
      next += slice.length
      yield slice
    }
    if (next < to) signal.throwIfAborted()
  }

  return {
    append,
    read,
    tail: (topic, partition, from, signal) => records(topic, partition, from, Number.POSITIVE_INFINITY, signal),
    ends: async (topic) => new Map(present(topic).map((found, partition) => [partition, found.end()])),
    beginnings: async (topic) => new Map(present(topic).map((found, partition) => [partition, found.beginning()])),
    share: async (options) => {
      checkOpen()
      const share = await store.groups.share(options)
      shares.add(share)
      return share
    },
    ensureTopics: async (wanted) => {
      checkOpen()
      for (const topic of wanted) checkPartitions(topic, store.topics.get(topic.name)?.length)
      for (const topic of wanted) store.partitionsOf(topic)
    },
    close: async () => {
      closing.abort()
      await Promise.allSettled(underWay)
      for (const share of shares) await share.leave()
      shares.clear()
    },
    kill: (onTheWay) => {
      isKilled = true
      losesOnTheWay = onTheWay === 'lose'
      closing.abort()
      for (const share of shares) void share.leave()
      shares.clear()
    },
  }
}

export const changeOf = (partition: MemoryPartition, signals: readonly AbortSignal[]): Promise<void> =>
  new Promise((resolve) => {
    const wake = () => {
      forget()
      for (const signal of signals) signal.removeEventListener('abort', wake)
      resolve()
    }
    const forget = partition.onChange(wake)
    for (const signal of signals) signal.addEventListener('abort', wake)
  })

export const checkPartitions = (topic: Topic, existing: number | undefined): void => {
  if (existing !== undefined && existing !== topic.partitions)
    throw new Fault('topic_mismatch', `${topic.name} has ${existing} partitions, not ${topic.partitions}`, {
      isRetryable: false,
    })
}

export const closed = (): Fault => new Fault('log_closed', 'the log is closed', { isRetryable: false })

export type { AppendFate, AppendFaults, Retention }
