import type { Offset, Partition } from '../index.ts'
import type { ProtocolCall } from './patches.ts'
import { ByteReader, ByteWriter, textBytes } from './wire.ts'

export interface PartitionMetadata {
  readonly partition: Partition
  /** -1: none. */
  readonly leader: number
  readonly epoch: number
}

export interface Metadata {
  readonly nodes: ReadonlyMap<number, { readonly host: string; readonly port: number }>
  /** Topics that exist. */
  readonly topics: ReadonlyMap<string, readonly PartitionMetadata[]>
}

/**
 * Metadata, version 7: [topic], allowAutoCreation int8
 *   → throttle int32, [node int32, host, port int32, rack], clusterId, controller int32,
 *     [error int16, topic, isInternal int8, [error int16, partition int32, leader int32, leaderEpoch int32, [replica int32],
 *      [inSync int32], [offline int32]]].
 * kafkajs stops at version 6, without epochs, and throws when one topic is missing or one partition has no leader: all others
 * would be unknown with it.
 */
export const metadataCall = (topics: readonly string[]): ProtocolCall<Metadata> => ({
  request: {
    apiKey: 3,
    apiVersion: 7,
    apiName: 'Metadata',
    encode: async () => {
      const writer = new ByteWriter(topics.reduce((sum, topic) => sum + 2 + textBytes(topic), 5))
      writer.int32(topics.length)
      for (const topic of topics) writer.text(topic)
      writer.int8(0)
      return writer.encoded()
    },
  },
  response: { decode: async (payload) => payload, parse: async (payload) => decodeMetadata(payload as Buffer) },
})

const decodeMetadata = (payload: Buffer): Metadata => {
  const reader = new ByteReader(payload, 4)
  const nodes = new Map<number, { host: string; port: number }>()
  for (let count = reader.int32(); count > 0; count--) {
    const node = reader.int32()
    nodes.set(node, { host: reader.text(), port: reader.int32() })
    reader.text()
  }
  reader.text()
  reader.int32()
  const topics = new Map<string, readonly PartitionMetadata[]>()
  for (let count = reader.int32(); count > 0; count--) {
    const errorCode = reader.int16()
    const topic = reader.text()
    reader.at++
    const partitions = Array.from({ length: reader.int32() }, () => readPartition(reader))
    if (errorCode === 0) topics.set(topic, partitions)
  }
  return { nodes, topics }
}

const readPartition = (reader: ByteReader): PartitionMetadata => {
  reader.int16()
  const partition = reader.int32()
  const leader = reader.int32()
  const epoch = reader.int32()
  for (let list = 0; list < 3; list++) {
    const length = reader.int32()
    reader.at += 4 * Math.max(0, length)
  }
  return { partition, leader, epoch }
}

export interface ListedOffset {
  readonly partition: Partition
  readonly errorCode: number
  readonly offset: Offset
}

/**
 * ListOffsets, version 5: replica int32, isolation int8, [topic, [partition int32, leaderEpoch int32, time int64]]
 *   → throttle int32, [topic, [partition int32, error int16, time int64, offset int64, leaderEpoch int32]].
 * Time -1 is the end, -2 the beginning.
 */
export const listOffsetsCall = (
  topic: string,
  partitions: readonly { readonly partition: Partition; readonly epoch: number }[],
  time: -1 | -2,
): ProtocolCall<readonly ListedOffset[]> => ({
  request: {
    apiKey: 2,
    apiVersion: 5,
    apiName: 'ListOffsets',
    encode: async () => {
      const writer = new ByteWriter(15 + textBytes(topic) + 16 * partitions.length)
      writer.int32(-1)
      writer.int8(0)
      writer.int32(1)
      writer.text(topic)
      writer.int32(partitions.length)
      for (const { partition, epoch } of partitions) {
        writer.int32(partition)
        writer.int32(epoch)
        writer.int64(time)
      }
      return writer.encoded()
    },
  },
  response: { decode: async (payload) => payload, parse: async (payload) => decodeOffsets(payload as Buffer) },
})

const decodeOffsets = (payload: Buffer): readonly ListedOffset[] => {
  const reader = new ByteReader(payload, 4)
  const offsets: ListedOffset[] = []
  for (let topics = reader.int32(); topics > 0; topics--) {
    reader.text()
    for (let count = reader.int32(); count > 0; count--) {
      const partition = reader.int32()
      const errorCode = reader.int16()
      reader.int64()
      offsets.push({ partition, errorCode, offset: reader.int64() })
      reader.int32()
    }
  }
  return offsets
}

/** What is known of a partition; `doubtedAt`: since when brokers tell of an older epoch, ms. */
export interface KnownPartition extends PartitionMetadata {
  readonly doubtedAt: number | undefined
}

/** So long an older epoch is taken for the word of a broker that lags; later, for a topic that was made anew. */
export const doubtMsMax = 10_000

/** The newer of what is known and what a broker tells. A deposed leader that woke tells the past, and would serve it. */
export const newer = (known: KnownPartition | undefined, told: PartitionMetadata, now: number): KnownPartition => {
  if (known === undefined || told.epoch >= known.epoch) return { ...told, doubtedAt: undefined }
  const doubtedAt = known.doubtedAt ?? now
  return now - doubtedAt >= doubtMsMax ? { ...told, doubtedAt: undefined } : { ...known, doubtedAt }
}
