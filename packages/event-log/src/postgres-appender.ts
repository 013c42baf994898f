import { type Clock, Fault } from '@chat/runtime'
import { type Appended, type Batch, isValid, type NewRecord, type Offset } from './index.ts'
import type { MemoryPartition } from './memory-partition.ts'
import { type Session, unavailable } from './postgres-session.ts'
import { appendStatement, type HeadAppend, type Landed, landedOf } from './postgres-statements.ts'

/** A partition that is on disk, with its newest records in memory too: `recent.end()` is the end of the committed log. */
export interface StoredPartition {
  readonly head: number
  readonly recent: MemoryPartition
}

export interface Appender {
  append(partition: StoredPartition, batch: Batch): Promise<Appended>
  /** Resolves when everything accepted so far has its answer. */
  drain(): Promise<void>
}

export interface AppenderOptions {
  readonly session: Pick<Session, 'query' | 'connection'>
  readonly clock: Clock
  /** The database's offsets are not ours: somebody else wrote. */
  readonly onForeignWriter: (error: unknown) => void
  /** Valid records with a `cmd` below `resume` were committed to this partition. */
  readonly onResume: (batch: Batch, resume: Offset) => void
}

interface Waiting {
  readonly partition: StoredPartition
  readonly batch: Batch
  readonly bytes: number
  readonly promise: PromiseWithResolvers<Appended>
}

/** One transaction takes at most this; the rest waits for the next. */
const transactionRecordsMax = 5000
const transactionBytesMax = 8 * 1024 * 1024
/** Beyond this appends are refused with `log_overloaded`. */
const waitingBytesMax = 64 * 1024 * 1024
const waitingBatchesMax = 20_000

/**
 * Group commit: one transaction is in flight, and what is appended meanwhile makes the next one, whatever its partitions. Nothing ever
 * waits for a timer, so a lone append costs one commit and a crowd shares one.
 */
export const createAppender = (options: AppenderOptions): Appender => {
  let waiting: Waiting[] = []
  let waitingBytes = 0
  let running: Promise<void> | undefined

  const run = async (): Promise<void> => {
    await Promise.resolve() // What is appended in this turn travels together.
    while (waiting.length > 0) {
      const count = countForTransaction(waiting)
      const taken = waiting.slice(0, count)
      waiting = waiting.slice(count)
      waitingBytes -= taken.reduce((sum, { bytes }) => sum + bytes, 0)
      await commit(taken, options)
    }
    running = undefined
  }

  return {
    append: (partition, batch) => {
      const bytes = batch.records.reduce((sum, record) => sum + (record.value?.length ?? 0), 0)
      if (waiting.length >= waitingBatchesMax || waitingBytes + bytes > waitingBytesMax)
        return Promise.reject(new Fault('log_overloaded', 'too many appends wait for the database'))
      const promise = Promise.withResolvers<Appended>()
      waiting.push({ partition, batch, bytes, promise })
      waitingBytes += bytes
      running ??= run()
      return promise.promise
    },
    drain: async () => {
      while (running !== undefined) await running
    },
  }
}

const countForTransaction = (waiting: readonly Waiting[]): number => {
  let count = 0
  let records = 0
  let bytes = 0
  for (const item of waiting) {
    records += item.batch.records.length
    bytes += item.bytes
    if (count > 0 && (records > transactionRecordsMax || bytes > transactionBytesMax)) break
    count++
  }
  return count
}

interface Group {
  readonly partition: StoredPartition
  readonly records: NewRecord[]
  readonly members: { readonly item: Waiting; readonly index: number }[]
  resume: Offset
}

const commit = async (taken: readonly Waiting[], options: AppenderOptions): Promise<void> => {
  const groups = groupByPartition(taken)
  const fail = (error: unknown) => {
    for (const { promise } of taken) promise.reject(error)
  }
  let landed: ReadonlyMap<number, Landed>
  try {
    landed = landedOf(await options.session.query(appendStatement(groups.map(toHeadAppend), options.clock.now())))
  } catch (error) {
    return fail(error)
  }
  for (const { partition } of groups)
    if (landed.get(partition.head)?.baseOffset !== partition.recent.end()) {
      const error = unavailable('its offsets are not those of this process: somebody else writes it', undefined)
      options.onForeignWriter(error)
      return fail(error)
    }
  for (const group of groups) settle(group, landed, options)
}

const groupByPartition = (taken: readonly Waiting[]): readonly Group[] => {
  const groups = new Map<number, Group>()
  for (const item of taken) {
    const { partition, batch } = item
    let group = groups.get(partition.head)
    if (group === undefined) {
      group = { partition, records: [], members: [], resume: 0 }
      groups.set(partition.head, group)
    }
    group.members.push({ item, index: group.records.length })
    for (const record of batch.records) {
      if (batch.topic.kind === 'events') {
        const offset = partition.recent.end() + group.records.length
        group.resume = Math.max(group.resume, resumeAfter(record, offset))
      }
      group.records.push(record)
    }
  }
  return [...groups.values()]
}

const toHeadAppend = ({ partition, records, resume }: Group): HeadAppend => ({ head: partition.head, records, resume })

/** 0 unless the record will be valid at `offset` and names its command. */
const resumeAfter = (record: NewRecord, offset: Offset): Offset => {
  const { cmd } = record.headers
  const counts = isValid({ ...record, key: null, offset, timestamp: 0 }) && cmd !== undefined && /^\d+$/.test(cmd)
  return counts ? Number(cmd) + 1 : 0
}

/** Tails are woken before answers are given, so nobody reads an acknowledged record later than its writer knows of it. */
const settle = (group: Group, landed: ReadonlyMap<number, Landed>, options: AppenderOptions): void => {
  const { partition, members, records, resume } = group
  const { baseOffset = 0, timestamp = 0 } = landed.get(partition.head) ?? {}
  partition.recent.append(records, timestamp)
  const connection = options.session.connection()
  for (const { item, index } of members) item.promise.resolve({ baseOffset: baseOffset + index, timestamp, connection })
  const [first] = members
  if (first !== undefined && resume > 0) options.onResume(first.item.batch, resume)
}
