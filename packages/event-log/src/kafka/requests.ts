import type { Offset, Partition } from '../index.ts'
import type { ProtocolCall } from './patches.ts'
import { batchHeaderBytes, type MeasuredRecords, recordOverheadBytesMax, writeRecordBatch } from './record-batch.ts'
import { ByteReader, ByteWriter } from './wire.ts'

/** Error codes of the protocol that the adapter tells apart. */
export const errorCodes = {
  none: 0,
  offsetOutOfRange: 1,
  messageTooLarge: 10,
  invalidTopic: 17,
  recordListTooLarge: 18,
  topicAuthorizationFailed: 29,
  invalidRecord: 87,
} as const

export interface ProducePartition {
  readonly topic: string
  readonly partition: Partition
  readonly parts: readonly MeasuredRecords[]
  /** Sum of the bodies. */
  readonly bytes: number
  readonly count: number
}

export interface ProduceAnswer {
  readonly topic: string
  readonly partition: Partition
  readonly errorCode: number
  readonly baseOffset: Offset
  readonly logAppendTime: number
}

const partitionOverhead = batchHeaderBytes + 8

/**
 * Produce, version 7: acks int16, timeout int32, [topic, [partition int32, size int32, RecordBatch]]
 *   → [topic, [partition int32, error int16, baseOffset int64, logAppendTime int64, logStartOffset int64]], throttle int32.
 * One record batch a partition. kafkajs' own call throws away the whole answer when one partition failed.
 */
export const produceCall = (
  partitions: readonly ProducePartition[],
  options: { readonly acks: -1 | 1; readonly timeoutMs: number; readonly nowMs: number },
): ProtocolCall<readonly ProduceAnswer[]> => ({
  request: {
    apiKey: 0,
    apiVersion: 7,
    apiName: 'Produce',
    encode: async () => encodeProduce(partitions, options),
  },
  response: { decode: async (payload) => payload, parse: async (payload) => decodeProduce(payload as Buffer) },
})

const encodeProduce = (
  partitions: readonly ProducePartition[],
  options: { readonly acks: -1 | 1; readonly timeoutMs: number; readonly nowMs: number },
) => {
  const topics = Map.groupBy(partitions, ({ topic }) => topic)
  let capacity = 12
  for (const topic of topics.keys()) capacity += 6 + 3 * topic.length
  for (const { bytes, count } of partitions) capacity += partitionOverhead + bytes + count * recordOverheadBytesMax
  const writer = new ByteWriter(capacity)
  writer.int16(-1)
  writer.int16(options.acks)
  writer.int32(options.timeoutMs)
  writer.int32(topics.size)
  for (const [topic, ofTopic] of topics) {
    writer.text(topic)
    writer.int32(ofTopic.length)
    for (const { partition, parts } of ofTopic) {
      writer.int32(partition)
      const sizeAt = writer.at
      writer.int32(0)
      writeRecordBatch(writer, parts, options.nowMs)
      writer.bytes.writeInt32BE(writer.at - sizeAt - 4, sizeAt)
    }
  }
  return writer.encoded()
}

const decodeProduce = (payload: Buffer): readonly ProduceAnswer[] => {
  const reader = new ByteReader(payload)
  const answers: ProduceAnswer[] = []
  for (let topics = reader.int32(); topics > 0; topics--) {
    const topic = reader.text()
    for (let partitions = reader.int32(); partitions > 0; partitions--) {
      const partition = reader.int32()
      const errorCode = reader.int16()
      const baseOffset = reader.int64()
      const logAppendTime = reader.int64()
      reader.at += 8
      answers.push({ topic, partition, errorCode, baseOffset, logAppendTime })
    }
  }
  return answers
}

export interface FetchPartition {
  readonly partition: Partition
  /** The leader's epoch as we know it, -1 unknown: a broker of another epoch refuses. */
  readonly epoch: number
  readonly offset: Offset
}

export interface FetchAnswer {
  readonly partition: Partition
  readonly errorCode: number
  readonly records: Buffer
}

/**
 * Fetch, version 11: replica int32, maxWait int32, minBytes int32, maxBytes int32, isolation int8, session int32, epoch int32,
 *   [topic, [partition int32, leaderEpoch int32, offset int64, logStart int64, maxBytes int32]], [forgotten], rack
 *   → throttle int32, error int16, session int32, [topic, [partition int32, error int16, highWatermark int64,
 *     lastStable int64, logStart int64, [aborted: producer int64, first int64], preferredReplica int32, records bytes]].
 */
export const fetchCall = (
  topic: string,
  partitions: readonly FetchPartition[],
  options: { readonly maxWaitMs: number; readonly bytesMax: number; readonly partitionBytesMax: number },
): ProtocolCall<readonly FetchAnswer[]> => ({
  request: {
    apiKey: 1,
    apiVersion: 11,
    apiName: 'Fetch',
    encode: async () => {
      const writer = new ByteWriter(64 + 3 * topic.length + partitions.length * 28)
      writer.int32(-1)
      writer.int32(options.maxWaitMs)
      writer.int32(1)
      writer.int32(options.bytesMax)
      writer.int8(0)
      writer.int32(0)
      writer.int32(-1)
      writer.int32(1)
      writer.text(topic)
      writer.int32(partitions.length)
      for (const { partition, epoch, offset } of partitions) {
        writer.int32(partition)
        writer.int32(epoch)
        writer.int64(offset)
        writer.int64(-1)
        writer.int32(options.partitionBytesMax)
      }
      writer.int32(0)
      writer.text('')
      return writer.encoded()
    },
  },
  response: { decode: async (payload) => payload, parse: async (payload) => decodeFetch(payload as Buffer) },
})

const decodeFetch = (payload: Buffer): readonly FetchAnswer[] => {
  const reader = new ByteReader(payload, 10)
  const answers: FetchAnswer[] = []
  for (let topics = reader.int32(); topics > 0; topics--) {
    reader.text()
    for (let partitions = reader.int32(); partitions > 0; partitions--) {
      const partition = reader.int32()
      const errorCode = reader.int16()
      reader.at += 24
      const aborted = Math.max(0, reader.int32())
      reader.at += aborted * 16 + 4
      const size = Math.max(0, reader.int32())
      reader.at += size
      answers.push({ partition, errorCode, records: payload.subarray(reader.at - size, reader.at) })
    }
  }
  return answers
}
