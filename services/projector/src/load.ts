import type { EventLog } from '@chat/event-log'
import type { NextReadModels } from '@chat/read-models'
import type { Logger } from '@chat/runtime'
import { chainStart, type Topics } from '@chat/schemas'
import { projectEvents, projectReceipts } from './catch-up.ts'

/** One partition of the log, up to these offsets. */
export interface PartitionJob {
  readonly partition: number
  readonly ends: { readonly events: number; readonly receipts: number }
}

export interface Loaded {
  readonly events: number
  readonly receipts: number
}

/**
 * Loads one partition into the next read models: all of it is there when this resolves, and nothing when it rejects. `passed` hears of the
 * records on the way. Rejects with the signal's reason when it is aborted.
 */
export type LoadPartition = (
  job: PartitionJob,
  passed: (records: number) => void,
  signal: AbortSignal,
) => Promise<Loaded>

export interface LoaderPorts {
  readonly log: EventLog
  readonly topics: Topics
  readonly logger: Logger
  readonly into: Pick<NextReadModels, 'loadPartition'>
}

/** Reads and folds in this thread. */
export const createLoader =
  (ports: LoaderPorts): LoadPartition =>
  async ({ partition, ends }, passed, signal) => {
    const { log, topics, into } = ports
    const loaded = { events: 0, receipts: 0 }
    await into.loadPartition(partition, async (load) => {
      const start = { nextOffset: 0, lastPos: -1, chain: chainStart }
      const events = log.read(topics.events, partition, 0, ends.events, signal)
      await projectEvents(ports, partition, start, events, (batch) => {
        loaded.events += batch.events.length
        passed(batch.to.nextOffset - batch.from)
        return load.events(batch)
      })
      const receipts = log.read(topics.receipts, partition, 0, ends.receipts, signal)
      await projectReceipts(partition, 0, receipts, (batch) => {
        loaded.receipts += batch.receipts.length
        passed(batch.to - batch.from)
        load.receipts(batch)
      })
      signal.throwIfAborted() // A read that was ended early looks like one that is done.
    })
    return loaded
  }
