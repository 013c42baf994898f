import { expect, test } from 'vitest'
// @ts-expect-error The page is plain JavaScript, served as it is.
import { shownOf } from './shown.js'

const event = (seq: number, type: string, data: object, actor = 1) => ({ conversation: 'g1', seq, type, actor, data })
const text = (words: string) => ({ kind: 'text', text: words })
const posted = (seq: number, words: string) =>
  event(seq, 'messagePosted', { clientMsgId: `m${seq}`, body: text(words) })

test('a message shows as it is now, and what changed it shows nowhere else', () => {
  const shown = shownOf([
    event(1, 'groupCreated', { title: 't' }),
    posted(2, 'hello'),
    event(3, 'reactionAdded', { seq: 2, emoji: '👍' }, 2),
    event(4, 'reactionAdded', { seq: 2, emoji: '👍' }, 3),
    event(5, 'messageEdited', { seq: 2, body: text('hi') }),
    event(6, 'reactionRemoved', { seq: 2, emoji: '👍' }, 2),
    event(7, 'reactionAdded', { seq: 2, emoji: '🎉' }, 2),
    event(8, 'reactionRemoved', { seq: 2, emoji: '🎉' }, 2),
    posted(9, 'gone'),
    event(10, 'messageDeleted', { seq: 9 }),
    event(11, 'messageEdited', { seq: 9, body: text('back') }),
    event(12, 'messageEdited', { seq: 99, body: text('of what is not held') }),
    event(13, 'messagePinned', { seq: 2 }),
  ])
  expect(shown).toMatchObject([
    { seq: 1, type: 'groupCreated' },
    { seq: 2, data: { clientMsgId: 'm2', body: text('hi'), editedSeq: 5, reactedBy: new Map([['👍', [3]]]) } },
    { seq: 9, data: { clientMsgId: 'm9', deleted: true } },
    { seq: 13, type: 'messagePinned' },
  ])
  expect(shown[2].data).not.toHaveProperty('body')
})

test('a page of history, which has messages as they are, ends in the same', () => {
  const events = [
    posted(1, 'a'),
    event(2, 'messageEdited', { seq: 1, body: text('b') }),
    event(3, 'messageEdited', { seq: 1, body: text('c') }),
  ]
  const now = event(1, 'messagePosted', { clientMsgId: 'm1', body: text('c'), editedSeq: 3 })
  expect(shownOf([now, ...events.slice(1)])).toEqual(shownOf(events))
})
