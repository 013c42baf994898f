import { createMemoryStore } from '@chat/event-log/memory'
import { createTopics } from '@chat/schemas'
import { createFakeClock } from '@chat/testkit'
import { expect, test } from 'vitest'
import { createWatermark } from './watermark.ts'

const topics = createTopics({ prefix: 't.', partitions: 2, slots: 1 })
const record = { key: null, value: Buffer.from('x'), headers: {} }

test('names the last position of every partition that has one', async () => {
  const log = createMemoryStore({ clock: createFakeClock(0) }).client()
  await log.append({ topic: topics.events, partition: 1, records: [record, record] })
  const watermark = createWatermark({ log, topics })
  expect(await watermark.now()).toEqual([{ partition: 1, pos: 1 }])
  expect(await watermark.ofPartition(0)).toEqual([])
})

test('a call made while a request is out waits for the next one, which later calls share', async () => {
  const asked: ((ends: ReadonlyMap<number, number>) => void)[] = []
  const log = createMemoryStore({ clock: createFakeClock(0) }).client()
  const ends = () => new Promise<ReadonlyMap<number, number>>((resolve) => asked.push(resolve))
  const watermark = createWatermark({ log: { ...log, ends }, topics })
  const first = watermark.now()
  const second = watermark.now()
  const third = watermark.now()
  asked[0]?.(new Map([[0, 5]]))
  expect(await first).toEqual([{ partition: 0, pos: 4 }])
  await Promise.resolve()
  expect(asked.length).toBe(2)
  asked[1]?.(new Map([[0, 9]]))
  expect(await second).toEqual([{ partition: 0, pos: 8 }])
  expect(await third).toEqual([{ partition: 0, pos: 8 }])
})
