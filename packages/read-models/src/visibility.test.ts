import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { StoredStay } from './memberships.ts'
import { clip, highestOf, isMember, visibleTo } from './visibility.ts'

const stay = (joined: number, left: number | null = null): StoredStay => ({
  conversation: 'g1',
  user_id: 1,
  joined_seq: joined,
  left_seq: left,
  left_pos: left,
  role: 'member',
  muted_until: null,
})

const stored = { last_seq: 9, membership: 'stored' } as const

test('a member sees from his joining to the end', () => {
  expect(visibleTo({ ...stored, history: 'sinceJoin' }, [stay(4)])).toEqual([{ from: 4, to: 9 }])
})

test('whoever left sees up to his leaving, that included', () => {
  expect(visibleTo({ ...stored, history: 'sinceJoin' }, [stay(2, 6)])).toEqual([{ from: 2, to: 6 }])
})

test('where the history is for all, everything up to the end of the last stay is seen', () => {
  expect(visibleTo({ ...stored, history: 'all' }, [stay(7, 8), stay(2, 3)])).toEqual([{ from: 1, to: 8 }])
  expect(visibleTo({ ...stored, history: 'all' }, [])).toEqual([])
})

test('stays are seen in order, whatever order they come in', () => {
  expect(visibleTo({ ...stored, history: 'sinceJoin' }, [stay(8), stay(1, 3)])).toEqual([
    { from: 1, to: 3 },
    { from: 8, to: 9 },
  ])
})

test('a clipped part holds exactly the seqs that lie in both', () => {
  const interval = fc.tuple(fc.nat(30), fc.nat(10)).map(([from, length]) => ({ from, to: from + length }))
  fc.assert(
    fc.property(fc.array(interval, { maxLength: 4 }), interval, (intervals, range) => {
      const inside = (seq: number, list: readonly { from: number; to: number }[]) =>
        list.some(({ from, to }) => from <= seq && seq <= to)
      for (let seq = 0; seq <= 45; seq++)
        expect(inside(seq, clip(intervals, range))).toBe(inside(seq, intervals) && inside(seq, [range]))
    }),
  )
})

test('the highest seq is the end of the last stay, and 0 for a stranger', () => {
  expect(highestOf([])).toBe(0)
  expect(highestOf([{ from: 1, to: 3 }])).toBe(3)
  const isMemberWith = (...stays: readonly StoredStay[]) => isMember({ conversation: stored, stays })
  expect([isMemberWith(), isMemberWith(stay(1, 2)), isMemberWith(stay(1, 2), stay(4))]).toEqual([false, false, true])
})

test('everybody sees all of an online room, as if he were a member', () => {
  const room = { ...stored, membership: 'online', history: 'sinceJoin' } as const
  expect(visibleTo(room, [])).toEqual([{ from: 1, to: 9 }])
  expect(isMember({ conversation: room, stays: [] })).toBe(true)
})
