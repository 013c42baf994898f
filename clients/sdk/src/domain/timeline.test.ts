import { expect, test } from 'vitest'
import type { ChatEvent } from './event.ts'
import { emptyTimeline, gapOf, gapSeqMax, type Timeline, withEvent, withLastSeq, withRange } from './timeline.ts'

const event = (seq: number): ChatEvent => ({ conversation: 'g1', seq, type: 'x', actor: 1, at: '', data: {} })
const range = (from: number, to: number, seqs?: readonly number[]) => ({
  ...{ from, to },
  events: (seqs ?? Array.from({ length: to - from + 1 }, (_, i) => from + i)).map(event),
})
const seqs = ({ events }: Timeline) => events.map(({ seq }) => seq)
const held = (from: number, to: number) => withRange(emptyTimeline, range(from, to))

test('an event beyond a gap is not shown before the gap is closed', () => {
  const gapped = withEvent(held(1, 2), event(4))
  expect([seqs(gapped), gapOf(gapped)]).toEqual([[1, 2], { after: 2 }])
  expect(seqs(withEvent(gapped, event(3)))).toEqual([1, 2, 3, 4])
  expect(seqs(withRange(gapped, range(3, 3)))).toEqual([1, 2, 3, 4])
})

test('a seq that a page covers without an event counts as seen', () => {
  const withHole = withRange(held(1, 2), range(3, 6, [3, 6]))
  expect([seqs(withHole), withHole.to, gapOf(withHole)]).toEqual([[1, 2, 3, 6], 6, undefined])
  const onlyHidden = withRange(withEvent(held(1, 2), event(5)), range(3, 4, []))
  expect([seqs(onlyHidden), onlyHidden.to]).toEqual([[1, 2, 5], 5])
})

test('the first that is heard of a conversation is its middle: its newest page is asked for', () => {
  const first = withEvent(emptyTimeline, event(7))
  expect([seqs(first), gapOf(first)]).toEqual([[], {}])
  expect(seqs(withRange(first, range(5, 6)))).toEqual([5, 6, 7])
  expect(seqs(withEvent(emptyTimeline, event(1)))).toEqual([1])
})

test('an older page that does not touch the run is left out, one that does is kept', () => {
  expect(seqs(withRange(held(10, 12), range(1, 5)))).toEqual([10, 11, 12])
  expect(seqs(withRange(held(10, 12), range(8, 9)))).toEqual([8, 9, 10, 11, 12])
})

test('a newer page that does not touch the run waits; too far away it is the new run', () => {
  const near = withRange(held(1, 2), range(5, 6))
  expect([seqs(near), gapOf(near)]).toEqual([[1, 2], { after: 2 }])
  expect(seqs(withRange(near, range(3, 4)))).toEqual([1, 2, 3, 4, 5, 6])
  const far = withLastSeq(held(1, 2), gapSeqMax + 3)
  expect(gapOf(far)).toEqual({})
  const jumped = withRange(far, range(gapSeqMax + 2, gapSeqMax + 3))
  expect([jumped.from, gapOf(jumped)]).toEqual([gapSeqMax + 2, undefined])
})

test('an empty range says only how far the conversation goes', () => {
  expect(withRange(held(1, 4), range(5, 4), 4)).toEqual(held(1, 4))
  expect(gapOf(withRange(emptyTimeline, { from: 1, to: 0, events: [] }, 9))).toEqual({})
})

test('new events push out the oldest of a long run, but not those that somebody paged back to', () => {
  const full = held(1, 1_000)
  expect([withEvent(full, event(1_001)).from, withEvent(full, event(1_001)).events.length]).toEqual([2, 1_000])
  const paged = withRange(held(201, 1_200), range(1, 200))
  expect(withEvent(paged, event(1_201))).toMatchObject({ from: 2, to: 1_201 })
})
