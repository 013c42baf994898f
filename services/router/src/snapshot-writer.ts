import { type Dump, domainHash, dumpDelta, dumpFull, type PartitionState } from '@chat/domain'
import type { EventLog } from '@chat/event-log'
import { type Clock, type Random, randomId, sleep } from '@chat/runtime'
import type { Encoder, SnapshotRecord, Topics } from '@chat/schemas'
import { createDigest, dumpHeader } from './snapshot-catalogue.ts'

/** Where a dump stands: position and chain of the last event in it. */
export interface Place {
  readonly pos: number
  readonly chain: string
}

export interface WrittenDump {
  readonly place: Place
  readonly parts: number
  readonly bytes: number
}

export interface SnapshotWriterPorts {
  readonly log: EventLog
  readonly topics: Topics
  readonly encoder: Encoder
  readonly clock: Clock
  readonly random: Random
}

/**
 * Writes a full dump of the state, or a delta over the dump at `from`, one record after the other, while the state goes on. Of the
 * dump one part is in memory at a time. Throws Fault, or the signal's reason when aborted: what was written then is without an end, and
 * no reader uses it.
 */
export const writeDump = async (
  state: PartitionState,
  from: Place | undefined,
  ports: SnapshotWriterPorts,
  signal: AbortSignal,
): Promise<WrittenDump> => {
  const dump = from === undefined ? dumpFull(state) : dumpDelta(state)
  try {
    const written = await write(dump, state, from, ports, signal)
    dump.keep()
    return written
  } catch (error) {
    dump.discard()
    throw error
  }
}

const write = async (
  { head, parts }: Dump,
  { partition, partitions }: PartitionState,
  from: Place | undefined,
  { log, topics, encoder, clock, random }: SnapshotWriterPorts,
  signal: AbortSignal,
): Promise<WrittenDump> => {
  const dump = randomId(random)
  const digest = createDigest()
  let bytes = 0
  const append = async (record: SnapshotRecord): Promise<void> => {
    const { schema, value } = encoder.encode(record)
    bytes += value.length
    if (record.type !== 'SnapshotEnded') digest.add(value)
    const headers = { type: record.type, schema, [dumpHeader]: dump }
    await log.append({ topic: topics.snapshots, partition, records: [{ key: null, value, headers }] })
  }
  await append({
    ...{ type: 'SnapshotBegun', dump, partition, partitions, domainHash, ...head },
    ...{ fromPos: from?.pos ?? null, fromChain: from?.chain ?? null },
  })
  let part = 0
  let startedMs = clock.monotonic()
  for (const entries of parts) {
    const appended = append({ type: 'SnapshotPart', dump, part: part++, ...entries })
    const workedMs = clock.monotonic() - startedMs
    await appended
    // As long a rest as the work took: deciding goes first, and no two parts are made in one turn of the event loop.
    await sleep(clock, workedMs, signal)
    startedMs = clock.monotonic()
  }
  await append({ type: 'SnapshotEnded', dump, parts: part, digest: digest.end() })
  return { place: { pos: head.lastPos, chain: head.chain }, parts: part, bytes }
}
