import { createSeededRandom } from '@chat/testkit'
import { randomHistory } from '@chat/testkit/contracts/read-models-random'
import { createStory } from '@chat/testkit/contracts/read-models-story'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { emptyFold, foldEvents, foldReceipts, memberKey, noRows } from './fold.ts'
import { noWordsOfHour } from './popular-words.ts'
import { project } from './project.ts'

const groupOf = (count: number) => {
  const story = createStory(1)
  const group = story.group(1, 1, { members: [2, 2, 1] })
  for (let posted = 0; posted < count; posted++) story.post(group, 1 + (posted % 2))
  return { story, group, events: story.events[0] ?? [] }
}

test('a batch comes down to one row a key, in its last state', () => {
  const { events, group } = groupOf(5)
  const rows = foldEvents({ partition: 0, events }, emptyFold())
  expect([...rows.conversations.values()]).toMatchObject([{ id: group, last_seq: 6, last_pos: 5, messages: 5 }])
  expect([...rows.memberships.values()].map((stay) => [stay.user_id, stay.role])).toEqual([
    [1, 'owner'],
    [2, 'member'],
  ])
  expect(rows.events_read.map(({ ordinal, own_ordinal }) => [ordinal, own_ordinal])).toEqual([
    [0, null],
    [1, 1],
    [2, 1],
    [3, 2],
    [4, 2],
    [5, 3],
  ])
})

test('the same event on the same rows gives the same changes', () => {
  const { events } = groupOf(3)
  const state = emptyFold()
  foldEvents({ partition: 0, events: events.slice(0, 3) }, state)
  const last = events[3]
  if (last === undefined) throw new Error('there are four events')
  const prior = {
    conversation: state.conversations.get('g1'),
    stay: undefined,
    standing: undefined,
    ownMessages: 1,
    user: undefined,
    words: noWordsOfHour,
  }
  const place = { partition: 0, pos: last.pos }
  expect(project(last.event, place, prior)).toEqual(project(last.event, place, prior))
})

test('a history cut into batches anywhere folds to the same rows', () => {
  fc.assert(
    fc.property(
      fc.nat(1e6),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 10 }),
      (seed, cuts) => {
        const story = createStory(1)
        randomHistory(story, createSeededRandom(seed)).continue(120)
        const events = story.events[0] ?? []
        const whole = foldEvents({ partition: 0, events }, emptyFold())
        const [state, rows] = [emptyFold(), noRows()]
        for (let from = 0, cut = 0; from < events.length; cut++) {
          const size = cuts[cut % cuts.length] ?? 1
          foldEvents({ partition: 0, events: events.slice(from, from + size) }, state, rows)
          from += size
        }
        expect(rows).toEqual(whole)
        expect(whole.failed).toEqual([])
      },
    ),
    { numRuns: 50 },
  )
})

test('an event that cannot follow parks its aggregate and what follows of it, nothing else', () => {
  const { story, events, group } = groupOf(1)
  const other = story.group(2, 1)
  const gap = { ...events[1]?.event, seq: 9 } as (typeof events)[number]['event']
  const batch = [...events, { pos: 3, event: gap }, { pos: 4, event: { ...gap, seq: 3 } as typeof gap }]
  const state = emptyFold()
  const rows = foldEvents({ partition: 0, events: batch }, state)
  expect(rows.failed).toMatchObject([{ aggregate: group, pos: 3, reason: 'seq 9 came where 3 was due' }])
  expect(rows.parked.map(({ pos }) => pos)).toEqual([3, 4])
  expect(state.conversations.get(group)).toMatchObject({ last_seq: 2 })
  expect(state.conversations.get(other)).toMatchObject({ last_seq: 1 })
})

test('joining twice and leaving without a stay are handler failures, not rows', () => {
  const story = createStory(1)
  const group = story.group(1, 1)
  story.join(group, 1)
  const twice = foldEvents({ partition: 0, events: story.events[0] ?? [] }, emptyFold())
  expect(twice.failed).toMatchObject([{ reason: `user 1 is a member of ${group} already` }])
  const stranger = createStory(1)
  stranger.leave(stranger.group(1, 1), 7)
  expect(foldEvents({ partition: 0, events: stranger.events[0] ?? [] }, emptyFold()).failed).toHaveLength(1)
})

test('leaving closes the stay with its place, and rejoining begins another', () => {
  const story = createStory(1)
  const group = story.group(1, 1, { members: [2] })
  story.leave(group, 2)
  story.join(group, 2)
  const state = emptyFold()
  const rows = foldEvents({ partition: 0, events: story.events[0] ?? [] }, state)
  expect([...rows.memberships.values()].filter((stay) => stay.user_id === 2)).toMatchObject([
    { joined_seq: 1, left_seq: 2, left_pos: 1 },
    { joined_seq: 3, left_seq: null, left_pos: null },
  ])
  expect(state.stays.get(memberKey(group, 2))).toMatchObject({ joined_seq: 3 })
})

test('cursors never go back, and the offset is kept of what raised the read one', () => {
  const receipt = { type: 'ReceiptAdvanced', conversation: 'g1', user: 1, device: 'd' } as const
  const placed = [
    { offset: 0, receipt: { ...receipt, deliveredSeq: 5, readSeq: 4 } },
    { offset: 1, receipt: { ...receipt, deliveredSeq: 9, readSeq: 4 } },
    { offset: 2, receipt: { ...receipt, deliveredSeq: 2, readSeq: 1 } },
  ]
  const rows = foldReceipts(0, placed, new Map())
  expect([...rows.values()]).toMatchObject([{ delivered_seq: 9, read_seq: 4, read_offset: 0 }])
  expect(foldReceipts(0, placed, rows)).toEqual(rows)
})
