import type { StoredRecord } from '@chat/event-log'
import { chainOf, chainStart, createEncoder, localSchemaIds } from '@chat/schemas'
import { expect, test } from 'vitest'
import { batchBytesMax, batchesOf, batchRecordsMax, readEvents, readReceipts } from './batch.ts'

const start = { nextOffset: 0, lastPos: -1, chain: chainStart }
const encoder = createEncoder(localSchemaIds)
const recordOf = (offset: number, over: Partial<StoredRecord> = {}): StoredRecord => ({
  offset,
  timestamp: 0,
  key: null,
  value: Buffer.alloc(0),
  headers: {},
  ...over,
})

/** Events one after the other; `astray` ones say another place. */
const logOf = (kinds: readonly ('valid' | 'astray')[]): readonly StoredRecord[] => {
  let chain = chainStart
  return kinds.map((kind, offset) => {
    const pos = kind === 'valid' ? offset : offset + 7
    const { schema, value } = encoder.encode({
      type: 'CommandsRejected',
      at: 1,
      rejections: [{ cmd: offset, code: 'x', refused: null }],
    })
    const next = chainOf(chain, { pos, type: 'CommandsRejected', cmd: offset, value })
    if (kind === 'valid') chain = next
    const headers = {
      type: 'CommandsRejected',
      schema,
      pos: String(pos),
      cmd: String(offset),
      ignorable: 'true',
      chain: next,
    }
    return recordOf(offset, { value, headers })
  })
}

test('takes valid events, passes the others, and remembers the last valid one', () => {
  const log = logOf(['valid', 'astray', 'valid', 'astray'])
  const { batch, dead, halt } = readEvents(3, start, log)
  expect(batch).toMatchObject({
    partition: 3,
    from: 0,
    to: { nextOffset: 4, lastPos: 2, chain: log[2]?.headers.chain },
  })
  expect(batch.events.map(({ pos }) => pos)).toEqual([0, 2])
  expect([dead, halt]).toEqual([[], undefined])
})

test('goes on from any place as if it had read all', () => {
  const log = logOf(['valid', 'astray', 'valid', 'valid'])
  const first = readEvents(0, start, log.slice(0, 2))
  expect(readEvents(0, first.batch.to, log.slice(2)).batch.to).toEqual(readEvents(0, start, log).batch.to)
})

test('halts before a valid event whose chain does not continue, and keeps what came before', () => {
  const [first] = logOf(['valid'])
  // Written by a router that took another event for the one before.
  const [, other] = logOf(['astray', 'valid'])
  if (first === undefined || other === undefined) throw new Error('two records')
  const { batch, halt } = readEvents(0, start, [first, other])
  expect(halt).toMatchObject({ reason: 'log_cut' })
  expect(batch.to).toMatchObject({ nextOffset: 1, lastPos: 0 })
  expect(batch.events).toHaveLength(1)
})

test('halts before a valid event that cannot be read', () => {
  const value = Buffer.from([0, 0, 0, 0, 1, 255, 255])
  for (const [schema, ignorable] of [
    ['message-posted.v1', 'true'],
    ['unheard-of.v1', 'false'],
    ['post-message.v1', 'true'],
  ] as const) {
    const chain = chainOf(chainStart, { pos: 0, type: 'X', cmd: 0, value })
    const headers = { type: 'X', schema, pos: '0', cmd: '0', ignorable, chain }
    const { batch, halt } = readEvents(0, start, [recordOf(0, { headers, value })])
    expect(halt).toMatchObject({ reason: 'unreadable_event' })
    expect(batch.to).toEqual(start)
  }
})

test('puts aside what is no event, and goes on', () => {
  const records = [
    recordOf(0),
    recordOf(1, { headers: { pos: '9', schema: 'message-posted.v1' } }),
    recordOf(2, { value: null }),
  ]
  const { batch, dead, halt } = readEvents(0, start, records)
  expect(dead.map(({ record, reason }) => [record.offset, reason])).toEqual([
    [0, 'undecodable'],
    [1, 'undecodable'],
    [2, 'undecodable'],
  ])
  expect(batch.to).toEqual({ ...start, nextOffset: 3 })
  expect(halt).toBeUndefined()
})

test('reads receipts over holes and puts aside what is none', () => {
  const receipt = {
    type: 'ReceiptAdvanced',
    conversation: 'g1',
    user: 1,
    device: 'd',
    deliveredSeq: 1,
    readSeq: 1,
  } as const
  const good = encoder.encode(receipt)
  const nowhere = encoder.encode({ ...receipt, conversation: 'nowhere' })
  const endless = encoder.encode({ ...receipt, device: 'd'.repeat(5000) })
  const records = [good, nowhere, endless].map(({ schema, value }, index) =>
    recordOf(10 + index * 5, { headers: { schema }, value }),
  )
  const { batch, dead } = readReceipts(1, 3, [...records, recordOf(30, { value: null })])
  expect(batch).toMatchObject({ partition: 1, from: 3, to: 31, receipts: [{ offset: 10 }] })
  expect(dead.map(({ record }) => record.offset)).toEqual([15, 20, 30])
})

test('a run is cut into batches of bounded count and bytes, in order, without loss', () => {
  const small = Array.from({ length: 2 * batchRecordsMax + 1 }, (_, offset) => recordOf(offset))
  expect([...batchesOf(small)].map((part) => part.length)).toEqual([batchRecordsMax, batchRecordsMax, 1])
  const large = [0, 1, 2].map((offset) => recordOf(offset, { value: Buffer.alloc(batchBytesMax * 0.6) }))
  expect([...batchesOf(large)].map((part) => part.length)).toEqual([1, 1, 1])
  expect([...batchesOf(large)].flat()).toEqual(large)
  expect([...batchesOf([])]).toEqual([])
})
