import {
  at,
  given,
  givenWith,
  groupCreated,
  leaveGroup,
  memberLeft,
  messageId,
  messagePosted,
  otherDevice,
  postMessage,
} from '@chat/testkit'
import { expect, test } from 'vitest'
import { idleDaysMax, windowIdsMax } from './window.ts'

const day = 24 * 60 * 60
const posted = (n: number, seq: number, seconds = 0) =>
  messagePosted(12, 'd12.57', seq, { clientMsgId: messageId(n, seconds), at: at(seconds) })

test('a repeated message is answered with the place of the first', () => {
  given(posted(1, 1), posted(2, 2))
    .when(postMessage(12, 'd12.57', { clientMsgId: messageId(1) }))
    .thenRepeated({ conversation: 'd12.57', seq: 1, pos: 0, id: null })
})

test('a message repeated within one batch has one effect', () => {
  const message = postMessage(12, 'd12.57', { clientMsgId: messageId(1) })
  const { draft } = given().when(message, message, message)
  expect(draft.events.map(({ type }) => type)).toEqual(['MessagePosted'])
  expect(draft.replies.map(({ reply }) => [reply.outcome, reply.seq, reply.pos])).toEqual([
    ['accepted', 1, 0],
    ['repeated', 1, 0],
    ['repeated', 1, 0],
  ])
})

test('a repeat is recognised by conversation, sender and device together', () => {
  const same = { clientMsgId: messageId(1) }
  given(posted(1, 1))
    .when(
      postMessage(12, 'd12.12', same),
      postMessage(57, 'd12.57', same),
      postMessage(12, 'd12.57', { ...same, device: otherDevice }),
    )
    .then({ type: 'MessagePosted' }, { type: 'MessagePosted' }, { type: 'MessagePosted' })
})

test('a repeat is recognised even if its sender may not write any more', () => {
  given(
    groupCreated(1, 12, [57]),
    messagePosted(57, 'g1', 2, { clientMsgId: messageId(1) }),
    memberLeft(57, 'g1', 3, { clientMsgId: messageId(2) }),
  )
    .when(postMessage(57, 'g1', { clientMsgId: messageId(1) }))
    .thenRepeated({ seq: 2 })
    .when(leaveGroup(57, 'g1', { clientMsgId: messageId(2) }))
    .thenRepeated({ seq: 3 })
})

test('an id too old to be told apart is refused, not posted twice', () => {
  const history = Array.from({ length: windowIdsMax + 1 }, (_, index) => posted(index + 1, index + 1))
  given(...history)
    .when(postMessage(12, 'd12.57', { clientMsgId: messageId(1) }))
    .thenRejected('too_late')
  given(...history)
    .when(postMessage(12, 'd12.57', { clientMsgId: messageId(2) }))
    .thenRepeated({ seq: 2 })
  given(...history)
    .when(postMessage(12, 'd12.57', { clientMsgId: messageId(0) }))
    .thenRejected('too_late')
})

test('a message follows the one its device named', () => {
  given(posted(1, 1))
    .when(
      postMessage(12, 'd12.57', { clientMsgId: messageId(2), after: messageId(1) }),
      postMessage(12, 'd12.57', { clientMsgId: messageId(3), after: messageId(2) }),
    )
    .then({ type: 'MessagePosted', seq: 2 }, { type: 'MessagePosted', seq: 3 })
})

test('a message whose predecessor was not accepted is out of order', () => {
  given(posted(1, 1))
    .when(postMessage(12, 'd12.57', { clientMsgId: messageId(3), after: messageId(2) }))
    .thenRejected('out_of_order')
    .when(postMessage(12, 'd12.57', { clientMsgId: messageId(3), after: messageId(1) }))
    .then({ type: 'MessagePosted', seq: 2 })
})

test('a refused message holds back what was sent after it', () => {
  const { draft } = given(posted(1, 1)).when(
    postMessage(12, 'd12.57', { clientMsgId: messageId(2), after: messageId(1), replyTo: 99 }),
    postMessage(12, 'd12.57', { clientMsgId: messageId(3), after: messageId(2) }),
  )
  expect(draft.rejections.map(({ code }) => code)).toEqual(['no_such_message', 'out_of_order'])
})

test('a command that waited too long is refused, and its id stays usable', () => {
  const clientMsgId = messageId(1)
  const scenario = givenWith({ context: { brokerTimeMs: at(601) } })
  scenario
    .when(postMessage(12, 'd12.57', { clientMsgId, atMs: at(0) }))
    .thenRejected('timeout')
    .when(postMessage(12, 'd12.57', { clientMsgId, atMs: at(2) }))
    .then({ type: 'MessagePosted', seq: 1 })
})

test(`after ${idleDaysMax} idle days of log time a device's newest id is all that is remembered`, () => {
  const later = posted(9, 3, (idleDaysMax + 1) * day)
  const idle = [posted(1, 1), posted(2, 2), messagePosted(57, 'd12.57', 3, { at: later.at })]
  given(...idle)
    .when(postMessage(12, 'd12.57', { clientMsgId: messageId(1) }))
    .thenRejected('too_late')
  given(...idle)
    .when(postMessage(12, 'd12.57', { clientMsgId: messageId(2) }))
    .thenRepeated({ seq: 2 })
  given(...idle)
    .when(postMessage(12, 'd12.57', { clientMsgId: messageId(3), after: messageId(2) }))
    .then({ type: 'MessagePosted', seq: 4 })
})

test('an id that is no UUID v7 is invalid', () => {
  given()
    .when(postMessage(12, 'd12.57', { clientMsgId: 'x' }))
    .thenRejected('invalid')
  given()
    .when(postMessage(12, 'd12.57', { clientMsgId: '3b241101-e2bb-4255-8caf-4136c566a962' }))
    .thenRejected('invalid')
})
