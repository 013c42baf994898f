import { assert } from '@chat/runtime'
import type { NewRecord, Offset, StoredRecord } from '../index.ts'
import { ByteReader, type ByteWriter, textBytes, varintBytes } from './wire.ts'

/*
 * Record batch, magic 2 (Kafka protocol guide, "Record Batch"). kafkajs encodes and decodes the same layout, but spends an
 * encoder of 512 zeroed bytes and big-integer arithmetic on each header of each record, and a batch that compaction emptied
 * decodes there to nothing at all, which stops the consumer for ever.
 *
 * RecordBatch => baseOffset int64, length int32, partitionLeaderEpoch int32, magic int8, crc uint32 (CRC-32C of what
 *   follows), attributes int16, lastOffsetDelta int32, baseTimestamp int64, maxTimestamp int64, producerId int64,
 *   producerEpoch int16, baseSequence int32, count int32, Record*
 * Record => length varint, attributes int8, timestampDelta varlong, offsetDelta varint, key, value, headers
 *   key, value => length varint (-1: null), bytes;  headers => count varint, (name, value)*
 */
export const batchHeaderBytes = 61
const lengthAt = 8
const magicAt = 16
const crcAt = 17
const attributesAt = 21
const lastOffsetDeltaAt = 23
const baseTimestampAt = 27
const maxTimestampAt = 35
const countAt = 57

const magic = 2
const codecMask = 0x07
const logAppendTimeFlag = 0x08
const controlFlag = 0x20
/** Length, attributes and deltas of a record, at most: 5 + 1 + 1 + 5. */
export const recordOverheadBytesMax = 12

const fieldBytes = (length: number): number => varintBytes(length) + length

/** Bytes of key, value and headers as encoded. */
export const recordBytes = (record: NewRecord): number => {
  let bytes = record.key === null ? 1 : fieldBytes(textBytes(record.key))
  bytes += record.value === null ? 1 : fieldBytes(record.value.length)
  let count = 0
  for (const name in record.headers) {
    bytes += fieldBytes(textBytes(name)) + fieldBytes(textBytes(record.headers[name] ?? ''))
    count++
  }
  return bytes + varintBytes(count)
}

/** `bodies[i]` is `recordBytes(records[i])`: measured once, when the batch was queued. */
export interface MeasuredRecords {
  readonly records: readonly NewRecord[]
  readonly bodies: readonly number[]
}

/** Writes all records of `parts`, in order, as one record batch; the broker gives them contiguous offsets. */
export const writeRecordBatch = (writer: ByteWriter, parts: readonly MeasuredRecords[], nowMs: number): void => {
  const start = writer.at
  writer.at = start + batchHeaderBytes
  let index = 0
  for (const { records, bodies } of parts) {
    for (let i = 0; i < records.length; i++) {
      const record = records[i]
      assert(record !== undefined, 'a measured batch holds its records')
      writeRecord(writer, record, bodies[i] ?? recordBytes(record), index)
      index++
    }
  }
  const end = writer.at
  writer.at = start
  writer.int64(0)
  writer.int32(end - start - lengthAt - 4)
  writer.int32(-1)
  writer.int8(magic)
  writer.int32(0)
  writer.int16(0)
  writer.int32(index - 1)
  writer.int64(nowMs)
  writer.int64(nowMs)
  writer.int64(-1)
  writer.int16(-1)
  writer.int32(-1)
  writer.int32(index)
  writer.bytes.writeUInt32BE(crc32c(writer.bytes, start + attributesAt, end), start + crcAt)
  writer.at = end
}

const writeRecord = (writer: ByteWriter, record: NewRecord, body: number, offsetDelta: number): void => {
  writer.varint(2 + varintBytes(offsetDelta) + body)
  writer.int8(0)
  writer.varint(0)
  writer.varint(offsetDelta)
  if (record.key === null) writer.varint(-1)
  else writer.varText(record.key)
  if (record.value === null) writer.varint(-1)
  else writer.varBytes(record.value)
  let count = 0
  for (const _ in record.headers) count++
  writer.varint(count)
  for (const name in record.headers) {
    writer.varText(name)
    writer.varText(record.headers[name] ?? '')
  }
}

/**
 * `next` is the offset after the batch, whatever it still holds: compaction keeps the last offset of a batch that it
 * emptied. A control batch (a transaction's marker) holds no records of ours.
 */
export interface DecodedBatch {
  readonly base: Offset
  readonly next: Offset
  readonly isControl: boolean
  readonly records: readonly StoredRecord[]
}

/** Decodes the whole batches in `bytes`; a last one that was cut short is left for the next fetch. Throws on what it cannot read. */
export const readRecordBatches = (bytes: Buffer): readonly DecodedBatch[] => {
  const batches: DecodedBatch[] = []
  let at = 0
  while (at + batchHeaderBytes <= bytes.length) {
    const end = at + lengthAt + 4 + bytes.readInt32BE(at + lengthAt)
    if (end > bytes.length) break
    batches.push(readRecordBatch(bytes, at, end))
    at = end
  }
  return batches
}

const readRecordBatch = (bytes: Buffer, at: number, end: number): DecodedBatch => {
  assert(bytes.readInt8(at + magicAt) === magic, 'a record batch has magic 2')
  const attributes = bytes.readInt16BE(at + attributesAt)
  assert((attributes & codecMask) === 0, 'a record batch is not compressed: no writer of ours compresses')
  const reader = new ByteReader(bytes, at)
  const base = reader.int64()
  const next = base + bytes.readInt32BE(at + lastOffsetDeltaAt) + 1
  const isControl = (attributes & controlFlag) !== 0
  if (isControl) return { base, next, isControl, records: [] }
  reader.at = at + baseTimestampAt
  const baseTimestamp = reader.int64()
  reader.at = at + maxTimestampAt
  const maxTimestamp = reader.int64()
  const isAppendTime = (attributes & logAppendTimeFlag) !== 0
  reader.at = at + countAt
  const count = reader.int32()
  const records: StoredRecord[] = []
  for (let i = 0; i < count; i++) {
    records.push(readRecord(reader, base, isAppendTime ? maxTimestamp : undefined, baseTimestamp))
  }
  assert(reader.at === end, 'a record batch ends where its length says')
  return { base, next, isControl, records }
}

const readRecord = (
  reader: ByteReader,
  base: Offset,
  appendTime: number | undefined,
  baseTimestamp: number,
): StoredRecord => {
  reader.varint()
  reader.at++
  const timestampDelta = reader.varlong()
  const offset = base + reader.varint()
  const key = reader.varBytes()
  const value = reader.varBytes()
  const headers: Record<string, string> = {}
  const count = reader.varint()
  for (let i = 0; i < count; i++) {
    const name = reader.headerName(i)
    headers[name] = reader.varText()
  }
  return { offset, timestamp: appendTime ?? baseTimestamp + timestampDelta, key, value, headers }
}

/** CRC-32C (Castagnoli), eight bytes a step: Node's zlib has only the other polynomial. */
const tables = ((): readonly Int32Array[] => {
  const all = Array.from({ length: 8 }, () => new Int32Array(256))
  const [first] = all
  assert(first !== undefined, 'there are eight tables')
  for (let n = 0; n < 256; n++) {
    let c = n
    for (let k = 0; k < 8; k++) c = c & 1 ? 0x82f63b78 ^ (c >>> 1) : c >>> 1
    first[n] = c
  }
  for (let t = 1; t < 8; t++) {
    const [table, previous] = [all[t], all[t - 1]]
    if (table === undefined || previous === undefined) continue
    for (let n = 0; n < 256; n++) {
      const c = previous[n] ?? 0
      table[n] = (c >>> 8) ^ (first[c & 0xff] ?? 0)
    }
  }
  return all
})()

const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as [
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
]

export const crc32c = (bytes: Uint8Array, from: number, to: number): number => {
  const b = bytes as { readonly [index: number]: number } & Uint8Array
  const at = (table: Int32Array, index: number): number => table[index] as number
  let crc = -1
  let i = from
  for (; i + 8 <= to; i += 8) {
    const low =
      crc ^
      ((b[i] as number) | ((b[i + 1] as number) << 8) | ((b[i + 2] as number) << 16) | ((b[i + 3] as number) << 24))
    crc =
      at(t7, low & 0xff) ^
      at(t6, (low >>> 8) & 0xff) ^
      at(t5, (low >>> 16) & 0xff) ^
      at(t4, low >>> 24) ^
      at(t3, b[i + 4] as number) ^
      at(t2, b[i + 5] as number) ^
      at(t1, b[i + 6] as number) ^
      at(t0, b[i + 7] as number)
  }
  for (; i < to; i++) crc = at(t0, (crc ^ (b[i] as number)) & 0xff) ^ (crc >>> 8)
  return (crc ^ -1) >>> 0
}
