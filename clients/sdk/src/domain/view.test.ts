import { expect, test } from 'vitest'
import type { ChatEvent } from './event.ts'
import { emptyOutbox } from './outbox.ts'
import { emptyTimeline, withEvent, withRange } from './timeline.ts'
import { messagesOf } from './view.ts'

const event = (seq: number, type: string, data: object, actor = 1): ChatEvent => ({
  ...{ conversation: 'g1', seq, type, actor, at: 't' },
  data: { ...data },
})
const text = (words: string) => ({ kind: 'text', text: words }) as const
const log: readonly ChatEvent[] = [
  event(1, 'messagePosted', { clientMsgId: 'a', body: text('one') }),
  event(2, 'messageEdited', { seq: 1, body: text('two'), mentions: [2] }),
  event(3, 'reactionAdded', { seq: 1, emoji: '👍' }, 2),
  event(4, 'reactionAdded', { seq: 1, emoji: '👍' }, 3),
  event(5, 'messageEdited', { seq: 1, body: text('three') }),
  event(6, 'reactionAdded', { seq: 1, emoji: '👍' }, 3),
  event(7, 'reactionRemoved', { seq: 1, emoji: '👍' }, 2),
  event(8, 'messagePosted', { clientMsgId: 'b', body: text('gone'), replyTo: 1 }),
  event(9, 'reactionAdded', { seq: 8, emoji: '🎉' }),
  event(10, 'reactionRemoved', { seq: 8, emoji: '🎉' }),
  event(11, 'messageDeleted', { seq: 8 }),
  event(12, 'messageEdited', { seq: 8, deleted: true }),
  event(13, 'messageEdited', { seq: 99, body: text('of what is not held') }),
]
const shownAfter = (events: readonly ChatEvent[]) =>
  messagesOf(events.reduce(withEvent, emptyTimeline), emptyOutbox, 'g1', 1)

test('what became of a message is in the view: edits, reactions, deletions', () => {
  const placed = { conversation: 'g1', actor: 1, at: 't' }
  expect(shownAfter(log.slice(0, 4))).toEqual([
    {
      ...{ ...placed, seq: 1, clientMsgId: 'a', state: 'logged', body: text('two'), mentions: [2], editedSeq: 2 },
      reactions: { '👍': [2, 3] },
    },
  ])
  expect(shownAfter(log.slice(0, 10))).toMatchObject([
    { seq: 1, body: text('three'), editedSeq: 5, reactions: { '👍': [3] } },
    { seq: 8, body: text('gone'), reactions: {} },
  ])
  expect(shownAfter(log.slice(0, 10))[0]).not.toHaveProperty('mentions')
  expect(shownAfter(log)[1]).toEqual({ ...placed, seq: 8, clientMsgId: 'b', replyTo: 1, state: 'deleted' })
})

test('whom it reached and who has read it stands at each message, its author aside', () => {
  const receipts = [
    { user: 1, deliveredSeq: 13, readSeq: 13 },
    { user: 2, deliveredSeq: 13, readSeq: 1 },
    { user: 3, deliveredSeq: 7, readSeq: 0 },
  ]
  const [first, second] = messagesOf(log.reduce(withEvent, emptyTimeline), emptyOutbox, 'g1', 1, receipts)
  expect(first).toMatchObject({ seq: 1, deliveredTo: [2, 3], readBy: [2] })
  expect(second).toMatchObject({ seq: 8, deliveredTo: [2] })
  expect(second).not.toHaveProperty('readBy')
})

test('a page that gives a message as it is now ends in the same view as the events', () => {
  const now = [
    event(1, 'messagePosted', {
      ...{ clientMsgId: 'a', body: text('three'), editedSeq: 5 },
      reactions: [{ emoji: '👍', count: 1, users: [3] }],
    }),
    ...log.slice(1, 7),
    event(8, 'messagePosted', { clientMsgId: 'b', replyTo: 1, deleted: true }),
    ...log.slice(8),
  ]
  const paged = withRange(emptyTimeline, { from: 1, to: 13, events: now })
  expect(messagesOf(paged, emptyOutbox, 'g1', 1)).toEqual(shownAfter(log))
})
