import { expect, test } from 'vitest'
import type { PushedEvent } from '../deliveries/pushed-event.ts'
import { Hold, holdMaxMs } from './hold.ts'

const event = (conversation: string, seq: number, bytes = 10): PushedEvent => ({
  place: { conversation, seq },
  partition: 0,
  pos: seq,
  frame: Buffer.alloc(bytes),
})

test('what the sync answered is not pushed again, what came after it is', () => {
  const hold = new Hold(0)
  for (const seq of [3, 4, 5]) hold.add(event('d1.2', seq), 1)
  hold.add(event('g1', 1), 1)
  hold.cover('d1.2', 4)
  const { events, hasDropped } = hold.end()
  expect(events.map(({ place }) => `${place?.conversation}:${place?.seq}`)).toEqual(['d1.2:5', 'g1:1'])
  expect(hasDropped).toBe(false)
})

test('what has no place is in no sync, and is pushed after it', () => {
  const hold = new Hold(0)
  const placeless = { ...event('d1.2', 1), place: undefined }
  hold.add(placeless, 1)
  hold.cover('d1.2', 4)
  expect(hold.end().events).toEqual([placeless])
})

test('more bytes than it may hold are dropped, all of them, and said to be', () => {
  const hold = new Hold(0)
  hold.add(event('g1', 1, 200 * 1024), 1)
  hold.add(event('g1', 2, 100 * 1024), 1)
  hold.add(event('g1', 3), 1)
  expect(hold.end()).toEqual({ events: [], hasDropped: true })
})

test('pushes are dropped when the sync takes longer than they may be held', () => {
  const hold = new Hold(100)
  hold.add(event('g1', 1), 100)
  expect(hold.leftMs(100 + holdMaxMs - 1)).toBe(1)
  hold.add(event('g1', 2), 100 + holdMaxMs)
  expect(hold.end()).toEqual({ events: [], hasDropped: true })
})

test('giving up drops only when something was held', () => {
  const empty = new Hold(0)
  empty.giveUp()
  expect(empty.end().hasDropped).toBe(false)
  const full = new Hold(0)
  full.add(event('g1', 1), 1)
  full.giveUp()
  expect(full.end()).toEqual({ events: [], hasDropped: true })
})
