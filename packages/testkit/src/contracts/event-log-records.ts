import type { Appended, EventLog, NewRecord, Offset, StoredRecord } from '@chat/event-log'
import type { Topic } from '@chat/schemas'

/** A generous bound on anything that a healthy server answers, ms. */
export const patienceMs = 20_000

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export const textRecord = (text: string): NewRecord => ({ key: null, value: encoder.encode(text), headers: {} })

export const textRecords = (prefix: string, count: number): readonly NewRecord[] =>
  Array.from({ length: count }, (_, index) => textRecord(`${prefix}.${index}`))

export const textOf = (record: StoredRecord | undefined): string | undefined =>
  record?.value == null ? undefined : decoder.decode(record.value)

export const append = (
  log: EventLog,
  topic: Topic,
  partition: number,
  records: readonly NewRecord[],
): Promise<Appended> => log.append({ topic, partition, records })

export const endOf = async (log: EventLog, topic: Topic, partition: number): Promise<Offset> => {
  const end = (await log.ends(topic)).get(partition)
  if (end === undefined) throw new Error(`${topic.name} has no end of partition ${partition}`)
  return end
}

export const readAll = async (
  log: EventLog,
  topic: Topic,
  partition: number,
  from: Offset,
  to: Offset,
): Promise<readonly StoredRecord[]> => {
  const found: StoredRecord[] = []
  for await (const records of log.read(topic, partition, from, to, AbortSignal.timeout(patienceMs)))
    found.push(...records)
  return found
}

/** The first `count` records of a tail; it is stopped then. Fails after `patienceMs`. */
export const takeFromTail = async (
  log: EventLog,
  topic: Topic,
  partition: number,
  from: Offset,
  count: number,
): Promise<readonly StoredRecord[]> => {
  const found: StoredRecord[] = []
  const signal = AbortSignal.timeout(patienceMs)
  for await (const records of log.tail(topic, partition, from, signal)) {
    found.push(...records)
    if (found.length >= count) return found
  }
  throw new Error(`the tail gave ${found.length} of ${count} records`)
}

export const offsetsFrom = (from: Offset, count: number): readonly Offset[] =>
  Array.from({ length: count }, (_, index) => from + index)

/** Rejects when `promise` takes longer than `ms`: for things that must be prompt. */
export const within = async <T>(ms: number, what: string, promise: Promise<T>): Promise<T> => {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(`${what}: not within ${ms} ms`)), ms)
  try {
    return await Promise.race([promise, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
