import { type EventLog, type NewRecord, posHeader } from '@chat/event-log'
import { chainOf, chainStart, createEncoder, idOf, type LogEvent, localSchemaIds, type Topics } from '@chat/schemas'

/** Events of one partition, stamped as its router would. */
interface PartitionWriter {
  readonly partition: number
  /** The next id of a user or group that is made there. */
  nextId(): number
  add(event: LogEvent): void
}

export interface PartitionWriters {
  readonly all: readonly PartitionWriter[]
  at(partition: number): PartitionWriter
  /** Appends what waits of every partition of which at least `min` records do. */
  flush(min: number): Promise<void>
}

/** Of one append. */
export const recordsMax = 1000

/** Commands are not written, so the events name none (`cmd` -1), and a router begins with the first that comes. */
export const createPartitionWriters = (log: EventLog, topics: Topics): PartitionWriters => {
  const encoder = createEncoder(localSchemaIds)
  const writers = Array.from({ length: topics.events.partitions }, (_, partition) => {
    const waiting: NewRecord[] = []
    let [pos, chain, made] = [0, chainStart, 0]
    return {
      partition,
      waiting,
      nextId: () => idOf(made++, partition, topics.events.partitions),
      add: (event: LogEvent) => {
        const { schema, value } = encoder.encode(event)
        chain = chainOf(chain, { pos, type: event.type, cmd: -1, value })
        const headers = { type: event.type, schema, [posHeader]: String(pos), cmd: '-1', ignorable: 'false', chain }
        waiting.push({ key: null, value, headers })
        pos++
      },
    }
  })
  return {
    all: writers,
    at: (partition) => {
      const writer = writers[partition]
      if (writer === undefined) throw new Error(`there is no partition ${partition}`)
      return writer
    },
    flush: async (min) => {
      for (const { partition, waiting } of writers)
        while (waiting.length >= min && waiting.length > 0)
          await log.append({ topic: topics.events, partition, records: waiting.splice(0, recordsMax) })
    },
  }
}
