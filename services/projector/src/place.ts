import { type EventLog, posHeader, type StoredRecord } from '@chat/event-log'
import type { ProjectionOffset } from '@chat/read-models'
import { Fault } from '@chat/runtime'
import { decodeEvent, type Topic } from '@chat/schemas'
import type { Halt } from './batch.ts'

/**
 * Compares a stored place with the log: the record of the last valid event must be there with the chain that was stored, and the log
 * must not end before the place. undefined: it is the same log. Throws Fault `log_mismatch` (not retryable) for a log with
 * another number of partitions.
 */
export const checkPlace = async (
  log: EventLog,
  events: Topic,
  partition: number,
  place: ProjectionOffset,
  signal: AbortSignal,
): Promise<Halt | undefined> => {
  const end = (await log.ends(events)).get(partition) ?? 0
  if (end < place.nextOffset)
    return { reason: 'log_cut', detail: `partition ${partition} ends at ${end}, before ${place.nextOffset}` }
  if (end > 0) checkPartitions(events, await readOne(log, events, partition, 0, signal))
  if (place.lastPos < 0) return undefined
  const record = await readOne(log, events, partition, place.lastPos, signal)
  const { [posHeader]: pos, chain } = record?.headers ?? {}
  if (pos === String(place.lastPos) && chain === place.chain) return undefined
  return { reason: 'log_cut', detail: `partition ${partition} has another event at ${place.lastPos}` }
}

const readOne = async (
  log: EventLog,
  topic: Topic,
  partition: number,
  offset: number,
  signal: AbortSignal,
): Promise<StoredRecord | undefined> => {
  for await (const records of log.read(topic, partition, offset, offset + 1, signal)) return records[0]
  return undefined
}

const checkPartitions = (events: Topic, first: StoredRecord | undefined): void => {
  const opened = decodeEvent(first?.headers.schema ?? '', first?.value ?? null)
  if (!('record' in opened) || opened.record.type !== 'LogOpened' || opened.record.partitions === events.partitions)
    return
  throw new Fault(
    'log_mismatch',
    `the log was made with ${opened.record.partitions} partitions; CHAT_PARTITIONS says ${events.partitions}`,
    { isRetryable: false },
  )
}
