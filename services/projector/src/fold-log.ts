import type { EventLog } from '@chat/event-log'
import type { Projection } from '@chat/read-models'
import { Fault } from '@chat/runtime'
import type { Topics } from '@chat/schemas'
import { batchesOf, readEvents, readReceipts } from './batch.ts'

/**
 * Projects everything that is on the log now, from where `projection` stands: into the memory twin it gives what the read models must
 * equal. Throws Fault `log_unreadable` for a log that a projector would stop at.
 */
export const foldLog = async (log: EventLog, topics: Topics, projection: Projection): Promise<void> => {
  const signal = new AbortController().signal
  for (const [partition, end] of await log.ends(topics.events)) {
    let place = await projection.offset('events', partition)
    for await (const records of log.read(topics.events, partition, place.nextOffset, end, signal))
      for (const part of batchesOf(records)) {
        const { batch, halt } = readEvents(partition, place, part)
        await projection.applyEvents(batch)
        if (halt !== undefined)
          throw new Fault('log_unreadable', `${halt.reason}: ${halt.detail}`, { isRetryable: false })
        place = batch.to
      }
  }
  for (const [partition, end] of await log.ends(topics.receipts)) {
    let { nextOffset } = await projection.offset('receipts', partition)
    for await (const records of log.read(topics.receipts, partition, nextOffset, end, signal))
      for (const part of batchesOf(records)) {
        const { batch } = readReceipts(partition, nextOffset, part)
        await projection.applyReceipts(batch)
        nextOffset = batch.to
      }
  }
}
