import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { NewRecord } from '../index.ts'
import { crc32c, type MeasuredRecords, readRecordBatches, recordBytes, writeRecordBatch } from './record-batch.ts'
import { ByteReader, ByteWriter } from './wire.ts'

const measured = (records: readonly NewRecord[]): MeasuredRecords => ({ records, bodies: records.map(recordBytes) })

const encode = (parts: readonly (readonly NewRecord[])[], baseOffset = 0): Buffer => {
  const writer = new ByteWriter(10_000_000)
  writeRecordBatch(writer, parts.map(measured), 1_700_000_000_123)
  const bytes = Buffer.from(writer.encoded().buffer)
  bytes.writeBigInt64BE(BigInt(baseOffset), 0)
  return bytes
}

const record = (text: string): NewRecord => ({ key: null, value: Buffer.from(text), headers: {} })

const anyRecord: fc.Arbitrary<NewRecord> = fc.record({
  key: fc.option(fc.string({ unit: 'grapheme' })),
  value: fc.option(fc.uint8Array({ maxLength: 300 })),
  headers: fc.dictionary(
    fc.string({ unit: 'grapheme' }).filter((name) => name !== '__proto__'),
    fc.string({ unit: 'grapheme', maxLength: 80 }),
    { noNullPrototype: true },
  ),
})

test('the checksum is CRC-32C', () => {
  expect(crc32c(Buffer.from('123456789'), 0, 9)).toBe(0xe3069283)
  expect(crc32c(Buffer.alloc(32), 0, 32)).toBe(0x8a9136aa)
})

test('what was written is read, whatever the keys, values and headers, with contiguous offsets over all parts', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(anyRecord, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER - 100 }),
      (parts, base) => {
        const records = parts.flat()
        const [batch, ...others] = readRecordBatches(encode(parts, base))
        expect(others).toEqual([])
        expect(batch?.next).toBe(base + records.length)
        expect(
          batch?.records.map(({ key, value, headers, offset }) => ({
            key: key === null ? null : String(key),
            value: value === null ? null : Uint8Array.from(value),
            headers,
            offset,
          })),
        ).toEqual(
          records.map(({ key, value, headers }, index) => ({
            key,
            value: value === null ? null : Uint8Array.from(value),
            headers,
            offset: base + index,
          })),
        )
      },
    ),
  )
})

test('a batch is as long as it was measured, and its checksum covers it', () => {
  fc.assert(
    fc.property(fc.array(anyRecord, { minLength: 1, maxLength: 300 }), (records) => {
      const bytes = encode([records])
      const bodies = records.map(recordBytes).reduce((sum, each) => sum + each, 0)
      expect(bytes.length).toBeLessThanOrEqual(61 + bodies + 12 * records.length)
      expect(bytes.readUInt32BE(17)).toBe(crc32c(bytes, 21, bytes.length))
    }),
    { numRuns: 30 },
  )
})

test('the time of a record is the append time of its batch where the broker stamped one', () => {
  const bytes = encode([[record('a'), record('b')]])
  expect(readRecordBatches(bytes)[0]?.records[1]?.timestamp).toBe(1_700_000_000_123)
  bytes.writeInt16BE(0x08, 21)
  bytes.writeBigInt64BE(1_800_000_000_000n, 35)
  expect(readRecordBatches(bytes)[0]?.records[1]?.timestamp).toBe(1_800_000_000_000)
})

test('a batch that compaction emptied says where the next one begins', () => {
  const bytes = encode([[record('a'), record('b')]], 40).subarray(0, 61)
  bytes.writeInt32BE(61 - 12, 8)
  bytes.writeInt32BE(0, 57)
  expect(readRecordBatches(Buffer.from(bytes))).toEqual([{ base: 40, next: 42, isControl: false, records: [] }])
})

test('a control batch gives no records and says where the next one begins', () => {
  const bytes = encode([[record('marker')]], 7)
  bytes.writeInt16BE(0x20, 21)
  expect(readRecordBatches(bytes)).toEqual([{ base: 7, next: 8, isControl: true, records: [] }])
})

test('a batch that was cut short at the end of an answer is left for the next fetch', () => {
  const whole = encode([[record('a')]])
  const both = Buffer.concat([whole, encode([[record('b'), record('c')]], 1)])
  for (const missing of [1, 5, 40, both.length - whole.length - 1]) {
    const batches = readRecordBatches(both.subarray(0, both.length - missing))
    expect(batches.map(({ records }) => records.length)).toEqual([1])
  }
  expect(readRecordBatches(both)).toHaveLength(2)
})

test('a compressed batch is refused, not misread', () => {
  const bytes = encode([[record('a')]])
  bytes.writeInt16BE(0x01, 21)
  expect(() => readRecordBatches(bytes)).toThrow('not compressed')
})

test('a number beyond the safe integers is refused', () => {
  expect(() => new ByteReader(Buffer.from('7fffffffffffffff', 'hex')).int64()).toThrow('safe integer')
})
