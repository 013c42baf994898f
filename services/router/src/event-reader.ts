import { applyEvent, type Head, type PartitionState, passInvalid, type StoredEvent, type Wire } from '@chat/domain'
import { type EventLog, isValid, type StoredRecord } from '@chat/event-log'
import type { Logger } from '@chat/runtime'
import { decodeEvent, type Topic } from '@chat/schemas'
import type { BrokerTime } from './broker-time.ts'

/** The partition cannot go on until a person acted: its log was cut, or holds what this build cannot read. Nothing is skipped. */
export class PartitionStopped extends Error {
  override readonly name: string = 'PartitionStopped'
}

/** A valid event as it lies on the log. */
export interface LoggedEvent extends StoredEvent {
  readonly schema: string
  readonly timestamp: number
}

interface Ports {
  readonly log: EventLog
  readonly events: Topic
  readonly wire: Wire
  readonly brokerTime: BrokerTime
  readonly logger: Logger
}

/**
 * Takes the valid events from the head of `state` to the end of the log into it and calls `onApplied` after each. Every reader skips
 * what is not where its writer meant it. [G8] First it compares the last event that the state has with what stands there: a log that
 * was cut and written anew up to the same end looks whole otherwise. Throws Fault (call again), or PartitionStopped.
 */
export const readToEnd = async (
  state: PartitionState,
  { log, events, wire, brokerTime, logger }: Ports,
  signal: AbortSignal,
  onApplied: (event: LoggedEvent) => void,
): Promise<void> => {
  const { partition } = state
  const known = state.head
  const end = (await log.ends(events)).get(partition) ?? 0
  if (end < known.nextPos)
    throw new PartitionStopped(
      `the log of partition ${partition} ends at ${end}, before the ${known.nextPos} already read: it was cut`,
    )
  for await (const records of log.read(events, partition, Math.max(0, known.lastPos), end, signal))
    for (const record of records) {
      brokerTime.observe(record.timestamp)
      if (record.offset < known.nextPos) {
        compare(record, known, partition)
        continue
      }
      if (!isValid(record)) {
        passInvalid(state, record.offset)
        continue
      }
      const event = readEvent(record, partition)
      const applied = applyEvent(state, event, wire)
      if (applied.outcome === 'cut')
        throw new PartitionStopped(
          `event ${record.offset} of partition ${partition} does not continue the chain of ${state.head.lastPos}: the log was cut`,
        )
      if (applied.outcome === 'contained')
        logger.error({ partition, pos: record.offset, err: applied.error }, 'conversation stopped: event does not fit')
      onApplied(event)
    }
}

/** What was read before stands there still: the last valid event, and behind it only what does not count. */
const compare = (record: StoredRecord, known: Head, partition: number): void => {
  const isSame = record.offset === known.lastPos ? record.headers.chain === known.chain : !isValid(record)
  if (!isSame)
    throw new PartitionStopped(
      `another record stands at ${record.offset} of partition ${partition} than was read there: the log was cut`,
    )
}

/** Shows the valid events among the `count` records before the head of `state`, which has them already. Throws like `readToEnd`. */
export const readBehind = async (
  { partition, head }: PartitionState,
  { log, events, brokerTime }: Pick<Ports, 'log' | 'events' | 'brokerTime'>,
  count: number,
  signal: AbortSignal,
  onRead: (event: LoggedEvent) => void,
): Promise<void> => {
  const from = Math.max(0, head.nextPos - count)
  if (from === head.nextPos) return
  for await (const records of log.read(events, partition, from, head.nextPos, signal))
    for (const record of records) {
      brokerTime.observe(record.timestamp)
      if (isValid(record)) onRead(readEvent(record, partition))
    }
}

const readEvent = (record: StoredRecord, partition: number): LoggedEvent => {
  const { headers, offset: pos, timestamp } = record
  const schema = headers.schema ?? ''
  const decoded = decodeEvent(schema, record.value)
  if (!('record' in decoded) && headers.ignorable !== 'true')
    throw new PartitionStopped(`event ${pos} of partition ${partition} cannot be read: ${decoded.detail}`)
  const cmd = Number(headers.cmd)
  if (!Number.isSafeInteger(cmd))
    throw new PartitionStopped(`event ${pos} of partition ${partition} names no command: cmd is ${headers.cmd}`)
  return {
    pos,
    cmd,
    timestamp,
    schema,
    type: headers.type ?? '',
    chain: headers.chain ?? '',
    value: asBuffer(record.value),
    event: 'record' in decoded ? decoded.record : undefined,
  }
}

/** avsc writes Buffers only. */
const asBuffer = (value: Uint8Array | null): Buffer =>
  value === null ? Buffer.alloc(0) : Buffer.from(value.buffer, value.byteOffset, value.byteLength)
