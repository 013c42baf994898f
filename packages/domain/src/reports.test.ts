import { deepStrictEqual } from 'node:assert/strict'
import {
  addReaction,
  given,
  groupClosed,
  groupCreated,
  memberBanned,
  memberLeft,
  messageDeleted,
  messageId,
  messagePinned,
  messagePosted,
  messageReported,
  postMessage,
  relationCommand,
  removeMessage,
  reportMessage,
  reportResolved,
  resolveReport,
} from '@chat/testkit'
import { describe, expect, test } from 'vitest'
import { audienceOf } from './route.ts'

const [ann, bob, eve, operator] = [101, 102, 103, 900]
const pair = 'd101.102'
const talk = [messagePosted(ann, pair, 1), messagePosted(bob, pair, 2)]
const tea = [groupCreated(1, ann, [bob]), messagePosted(bob, 'g1', 2), messagePosted(ann, 'g1', 3)]
const ofBob = { author: bob }

describe('a report', () => {
  test('takes no place: the next event follows the one before it', () => {
    given(...talk)
      .when(reportMessage(ann, pair, 2, { ...ofBob, reason: Buffer.from('rude') }))
      .then({ type: 'MessageReported', seq: null, actor: ann, message: 2, author: bob, reason: Buffer.from('rude') })
      .when(postMessage(ann, pair))
      .then({ type: 'MessagePosted', seq: 3 })
    given(...tea)
      .when(reportMessage(ann, 'g1', 2, ofBob))
      .then({ type: 'MessageReported', seq: null, message: 2 })
      .when(postMessage(bob, 'g1'))
      .then({ type: 'MessagePosted', seq: 4 })
  })

  test('sent twice is one, and said again with another id it is another', () => {
    given(...talk, messageReported(ann, pair, 2, { clientMsgId: messageId(5) }))
      .when(reportMessage(ann, pair, 2, { ...ofBob, clientMsgId: messageId(5) }))
      .thenRepeated({ pos: 2, conversation: pair, seq: null, id: null })
      .when(reportMessage(ann, pair, 2, ofBob))
      .then({ type: 'MessageReported', message: 2 })
  })

  test('is told to nobody but who made it', () => {
    const event = messageReported(ann, 'g1', 2)
    deepStrictEqual(audienceOf(event, undefined, undefined), new Set([ann]))
  })

  test('is of a message that is there and that one sees', () => {
    given(...talk)
      .when(reportMessage(ann, pair, 2, { author: null }))
      .thenRejected('no_such_message')
    given(...talk)
      .when(reportMessage(ann, pair, 3, ofBob))
      .thenRejected('no_such_message')
    given(...talk, messageDeleted(bob, pair, 3, 2))
      .when(reportMessage(ann, pair, 2, ofBob))
      .thenRejected('no_such_message')
    given(...tea)
      .when(reportMessage(ann, 'g1', 1, { author: null }))
      .thenRejected('no_such_message')
  })

  test('is possible across a block, after one has left, and for who may not write', () => {
    given(...talk)
      .when(relationCommand('BlockUser', ann, pair))
      .then({ type: 'UserBlocked' })
      .when(reportMessage(ann, pair, 2, ofBob), reportMessage(bob, pair, 1, { author: ann }))
      .then({ type: 'MessageReported' }, { type: 'MessageReported' })
    given(...tea, memberLeft(bob, 'g1', 4))
      .when(reportMessage(bob, 'g1', 3, { author: ann }))
      .then({ type: 'MessageReported' })
  })

  test('is not for a third person, the banned, or of a group that is closed', () => {
    given(...talk)
      .when(reportMessage(eve, pair, 2, ofBob))
      .thenRejected('no_such_conversation') // [G5]
    given(...tea)
      .when(reportMessage(eve, 'g1', 2, ofBob))
      .thenRejected('no_such_conversation') // [G5]
    given(...tea, memberBanned(ann, 'g1', 4, bob))
      .when(reportMessage(bob, 'g1', 3, { author: ann }))
      .thenRejected('banned')
    given(...tea, groupClosed(ann, 'g1', 4))
      .when(reportMessage(bob, 'g1', 3, { author: ann }))
      .thenRejected('forbidden')
  })
})

describe('an operator deletes a message', () => {
  test('of a conversation that he is not in, and the event names him', () => {
    given(...talk)
      .when(removeMessage(operator, pair, 2, ofBob))
      .then({ type: 'MessageDeleted', seq: 3, actor: operator, message: 2, author: bob })
    given(...tea, messagePinned(ann, 'g1', 4, 2))
      .when(removeMessage(operator, 'g1', 2, ofBob))
      .then({ type: 'MessageDeleted', seq: 5, actor: operator, message: 2, author: bob })
  })

  test('whatever became of the conversation', () => {
    given(...tea, groupClosed(ann, 'g1', 4))
      .when(removeMessage(operator, 'g1', 2, ofBob))
      .then({ type: 'MessageDeleted', seq: 5 })
    given(...tea, memberBanned(ann, 'g1', 4, bob))
      .when(removeMessage(bob, 'g1', 3, { author: ann }))
      .then({ type: 'MessageDeleted', seq: 5 })
  })

  test('which then is gone for everybody', () => {
    given(...talk)
      .when(removeMessage(operator, pair, 2, ofBob))
      .then({ type: 'MessageDeleted' })
      .when(addReaction(ann, pair, 2, ofBob))
      .thenRejected('no_such_message')
      .when(removeMessage(operator, pair, 2, ofBob))
      .thenRejected('no_such_message')
  })

  test('only if it is one', () => {
    given(...talk)
      .when(removeMessage(operator, pair, 2, { author: null }))
      .thenRejected('no_such_message')
    given(...talk)
      .when(removeMessage(operator, pair, 9, ofBob))
      .thenRejected('no_such_message')
    given(...talk)
      .when(removeMessage(operator, 'g77', 1, ofBob))
      .thenRejected('no_such_conversation')
  })

  test('sent twice it happens once', () => {
    given(...talk, messageDeleted(operator, pair, 3, 2, { ...ofBob, clientMsgId: messageId(5) }))
      .when(removeMessage(operator, pair, 2, { ...ofBob, clientMsgId: messageId(5) }))
      .thenRepeated({ pos: 2, conversation: pair, seq: 3, id: null })
  })

  test('members hear of it, he does not by this', () => {
    const group = {
      kind: 'group',
      members: new Map([
        [ann, {}],
        [bob, {}],
      ]),
    } as never
    const audience = audienceOf(messageDeleted(operator, 'g1', 4, 2), group, group)
    expect([...audience.keys()]).toEqual([ann, bob])
  })
})

describe('an operator is done with a report', () => {
  const told = [...talk, messageReported(ann, pair, 2)]
  const report = { message: 2, user: ann, report: 2 }

  test('by an event without a place, which names him and the report, and nobody there is told', () => {
    given(...told)
      .when(resolveReport(operator, pair, report))
      .then({ type: 'ReportResolved', seq: null, actor: operator, ...report })
      .when(postMessage(ann, pair))
      .then({ type: 'MessagePosted', seq: 3 })
    expect([...audienceOf(reportResolved(operator, pair, report), undefined, undefined).keys()]).toEqual([])
  })

  test('whatever became of the message and of the conversation', () => {
    given(...told, messageDeleted(bob, pair, 3, 2))
      .when(resolveReport(operator, pair, report))
      .then({ type: 'ReportResolved' })
    given(...tea, messageReported(ann, 'g1', 2), groupClosed(ann, 'g1', 4))
      .when(resolveReport(operator, 'g1', { ...report, report: 3 }))
      .then({ type: 'ReportResolved' })
  })

  test('sent twice it happens once, and said again it is said again', () => {
    const clientMsgId = messageId(5)
    given(...told, reportResolved(operator, pair, { ...report, clientMsgId }))
      .when(resolveReport(operator, pair, report, { clientMsgId }))
      .thenRepeated({ pos: 3, conversation: pair, seq: null, id: null })
      .when(resolveReport(operator, pair, report))
      .then({ type: 'ReportResolved' })
  })

  test('only where there can be one', () => {
    for (const message of [0, 3])
      given(...told)
        .when(resolveReport(operator, pair, { ...report, message }))
        .thenRejected('not_found')
    given(...told)
      .when(resolveReport(operator, 'g77', report))
      .thenRejected('no_such_conversation')
  })
})
