import { type Clock, Fault, type Logger, type Random } from '@chat/runtime'
import type { TopicKind } from '@chat/schemas'
import { checkBatch } from '../batch-check.ts'
import type { Appended, Batch } from '../index.ts'
import type { Cluster } from './cluster.ts'
import { createLanes, type LaneSettings, type Lanes, laneLimits } from './lanes.ts'
import { batchHeaderBytes, recordBytes, recordOverheadBytesMax } from './record-batch.ts'

/**
 * `max.message.bytes` of every topic. A draft of events closes at 512 KiB and one command may double that; what the encoding
 * adds stays far below the rest.
 */
export const messageBytesMax = 2 * 1024 * 1024

/**
 * Kinds have connections of their own, because requests of one connection are served one by one: a snapshot of a megabyte
 * must not hold up an event.
 */
const settingsOf: Readonly<Record<'commands' | 'events' | 'deliveries' | 'snapshots' | 'others', LaneSettings>> = {
  // One try: of two copies the first may be refused and its sender told, and the second accepted once the sender became a member. Who
  // asked sends it again, when nobody waits for the first any more. [G11]
  commands: { purpose: 'commands', acks: -1, lanesPerBroker: 1, triesMax: 1, deadlineMs: 5000, failsFollowers: true },
  // One try: whether a stamped batch counts is decided by where it stands, so the writer reads the log before it repeats. [G8]
  // Four connections: with `flush.messages=1` a broker syncs one partition after the other within a request; side by side they share
  // the journal's commits.
  events: { purpose: 'events', acks: -1, lanesPerBroker: 4, triesMax: 1, deadlineMs: 5000, failsFollowers: true },
  deliveries: {
    purpose: 'deliveries',
    acks: 1,
    lanesPerBroker: 1,
    triesMax: 2,
    deadlineMs: 5000,
    failsFollowers: false,
  },
  // Half a megabyte a record: receipts and dead letters must not wait behind it.
  snapshots: { purpose: 'snapshots', acks: -1, lanesPerBroker: 1, triesMax: 2, deadlineMs: 5000, failsFollowers: true },
  others: { purpose: 'others', acks: -1, lanesPerBroker: 1, triesMax: 2, deadlineMs: 5000, failsFollowers: true },
}

const laneOf: Readonly<Record<TopicKind, keyof typeof settingsOf>> = {
  commands: 'commands',
  events: 'events',
  deliveries: 'deliveries',
  signals: 'deliveries',
  receipts: 'others',
  snapshots: 'snapshots',
  deadLetters: 'others',
}

export interface Appender {
  append(batch: Batch): Promise<Appended>
  drained(): Promise<void>
}

export interface AppenderOptions {
  readonly cluster: Cluster
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

/** Checks and measures each batch, refuses what no topic takes, and hands it to the lanes of its kind. */
export const createAppender = (options: AppenderOptions): Appender => {
  const lanes = new Map<keyof typeof settingsOf, Lanes>()
  const lanesFor = (kind: TopicKind): Lanes => {
    const name = laneOf[kind]
    let found = lanes.get(name)
    if (found === undefined) {
      found = createLanes({ ...options, settings: settingsOf[name], limits: laneLimits })
      lanes.set(name, found)
    }
    return found
  }
  return {
    append: async (batch) => {
      checkBatch(batch)
      const { records } = batch
      const bodies = new Array<number>(records.length)
      let bytes = 0
      for (let i = 0; i < records.length; i++) {
        const record = records[i]
        const body = record === undefined ? 0 : recordBytes(record)
        bodies[i] = body
        bytes += body
      }
      if (batchHeaderBytes + bytes + records.length * recordOverheadBytesMax > messageBytesMax) {
        const what = `a batch of ${bytes} bytes for ${batch.topic.name}, headers included, is over ${messageBytesMax}`
        throw new Fault('record_too_large', what, { isRetryable: false })
      }
      return lanesFor(batch.topic.kind).append(batch, { records, bodies }, bytes)
    },
    drained: async () => {
      await Promise.all([...lanes.values()].map((each) => each.drained()))
    },
  }
}
