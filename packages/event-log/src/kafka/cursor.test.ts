import { Fault } from '@chat/runtime'
import type { TopicKind } from '@chat/schemas'
import { createFakeClock } from '@chat/testkit'
import { expect, test } from 'vitest'
import { createCursor, prefetchBytesMax } from './cursor.ts'
import type { DecodedBatch } from './record-batch.ts'

const cursorAt = (from: number, to?: number, kind: TopicKind = 'events') => {
  const calls: string[] = []
  const cursor = createCursor({
    topic: { name: 't', kind, partitions: 1 },
    partition: 0,
    from,
    to,
    clock: createFakeClock(0),
    onWanting: () => calls.push('wanting'),
    onClosed: () => calls.push('closed'),
  })
  return { cursor, calls, iteration: (signal = new AbortController().signal) => cursor.records(signal) }
}

const batch = (base: number, offsets: readonly number[], next = base + offsets.length): DecodedBatch => ({
  base,
  next,
  isControl: false,
  records: offsets.map((offset) => ({ offset, timestamp: 0, key: null, value: null, headers: {} })),
})

const range = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index)

const taken = async (iteration: AsyncGenerator<readonly { readonly offset: number }[]>) => {
  const { value, done } = await iteration.next()
  return done ? 'ended' : value.map(({ offset }) => offset)
}

test('starts in the middle of a batch', async () => {
  const { cursor, iteration } = cursorAt(5)
  expect(cursor.accept([batch(3, range(3, 4))], 100)).toBe('moved')
  expect(await taken(iteration())).toEqual([5, 6])
  expect(cursor.next()).toBe(7)
})

test('what comes again is dropped', async () => {
  const { cursor, iteration } = cursorAt(0)
  cursor.accept([batch(0, [0, 1])], 100)
  expect(cursor.accept([batch(0, [0, 1])], 100)).toBe('nothing')
  cursor.accept([batch(0, [0, 1]), batch(2, [2])], 100)
  expect(await taken(iteration())).toEqual([0, 1, 2])
})

test('whatever waits is given at once, so that a slow caller works in larger batches', async () => {
  const { cursor, iteration } = cursorAt(0)
  const records = iteration()
  for (let offset = 0; offset < 5; offset++) cursor.accept([batch(offset, [offset])], 100)
  expect(await taken(records)).toEqual([0, 1, 2, 3, 4])
  cursor.accept([batch(5, [5])], 100)
  expect(await taken(records)).toEqual([5])
})

test('a first record beyond the expected one is not taken, nor is anything behind it: fetch again', () => {
  const { cursor } = cursorAt(4)
  expect(cursor.accept([batch(6, [6, 7])], 100)).toBe('hole')
  expect(cursor.next()).toBe(4)
  expect(cursor.accept([batch(4, [4]), batch(6, [6])], 100)).toBe('hole')
  expect(cursor.next()).toBe(5)
})

test('a dense topic has no holes inside a batch either', () => {
  expect(cursorAt(0).cursor.accept([batch(0, [0, 2], 3)], 100)).toBe('hole')
  expect(cursorAt(0).cursor.accept([batch(0, [0, 1], 3)], 100)).toBe('hole')
  expect(cursorAt(0).cursor.accept([batch(0, [], 3)], 100)).toBe('hole')
})

test('a compacted topic jumps over holes and over batches that were emptied', async () => {
  const { cursor, iteration } = cursorAt(0, undefined, 'receipts')
  expect(cursor.accept([batch(2, [3], 6), batch(6, [], 9), batch(11, [12])], 100)).toBe('moved')
  expect(await taken(iteration())).toEqual([3, 12])
  expect(cursor.next()).toBe(12)
  expect(cursor.accept([batch(12, [], 20)], 100)).toBe('moved')
  expect(cursor.next()).toBe(20)
})

test("a control batch is passed over: it holds another writer's marker", () => {
  const { cursor } = cursorAt(0)
  expect(cursor.accept([{ ...batch(0, [], 1), isControl: true }, batch(1, [1])], 100)).toBe('moved')
  expect(cursor.next()).toBe(2)
})

test('a range ends exactly at its end', async () => {
  const { cursor, iteration, calls } = cursorAt(1, 3)
  cursor.accept([batch(0, range(0, 10))], 100)
  expect(cursor.isWanting()).toBe(false)
  const records = iteration()
  expect(await taken(records)).toEqual([1, 2])
  expect(await taken(records)).toBe('ended')
  expect(calls).toContain('closed')
})

test('wants no more than its bound holds, and again when the reader took it', async () => {
  const { cursor, iteration, calls } = cursorAt(0)
  cursor.accept([batch(0, [0])], prefetchBytesMax - 1)
  expect(cursor.isWanting()).toBe(true)
  cursor.accept([batch(1, [1])], 1)
  expect(cursor.isWanting()).toBe(false)
  await taken(iteration())
  expect(cursor.isWanting()).toBe(true)
  expect(calls).toEqual(['wanting'])
})

test('a fault comes after what was already there', async () => {
  const { cursor, iteration } = cursorAt(0)
  cursor.accept([batch(0, [0])], 100)
  cursor.fail(new Fault('log_cut', 'cut'))
  const records = iteration()
  expect(await taken(records)).toEqual([0])
  await expect(records.next()).rejects.toMatchObject({ code: 'log_cut' })
})

test('an abort ends a waiting tail, and fails a waiting read', async () => {
  const aborting = new AbortController()
  const tail = taken(cursorAt(0).iteration(aborting.signal))
  const read = taken(cursorAt(0, 5).iteration(aborting.signal))
  read.catch(() => {})
  aborting.abort(new Error('enough'))
  expect(await tail).toBe('ended')
  await expect(read).rejects.toThrow('enough')
})
