import { at, bodyOf, given, joinGroup, messagePosted, postMessage } from '@chat/testkit'
import { test } from 'vitest'

test('either of two may post, and the conversation begins with the first message', () => {
  given()
    .when(postMessage(12, 'd12.57', { body: bodyOf('hello') }))
    .then({ type: 'MessagePosted', conversation: 'd12.57', seq: 1, actor: 12, body: bodyOf('hello') })
    .when(postMessage(57, 'd12.57'))
    .then({ type: 'MessagePosted', conversation: 'd12.57', seq: 2, actor: 57 })
})

test('one may talk with oneself', () => {
  given().when(postMessage(12, 'd12.12')).then({ type: 'MessagePosted', seq: 1, actor: 12 })
})

test('a third person learns nothing of the conversation of two others', () => {
  given(messagePosted(12, 'd12.57', 1))
    .when(postMessage(13, 'd12.57'))
    .thenRejected('no_such_conversation')
  given().when(postMessage(13, 'd12.57')).thenRejected('no_such_conversation')
})

test.each(['d57.12', 'd0.1', 'd1', 'x1', ''])('%j is no conversation', (conversation) => {
  given().when(postMessage(12, conversation)).thenRejected('no_such_conversation')
})

test('a reply names a message that exists', () => {
  const talk = given(messagePosted(12, 'd12.57', 1))
  talk.when(postMessage(57, 'd12.57', { replyTo: 2 })).thenRejected('no_such_message')
  talk.when(postMessage(57, 'd12.57', { replyTo: 0 })).thenRejected('no_such_message')
  given(messagePosted(12, 'd12.57', 1))
    .when(postMessage(57, 'd12.57', { replyTo: 1 }))
    .then({ type: 'MessagePosted', seq: 2, replyTo: 1 })
})

test('nobody joins a direct conversation', () => {
  given(messagePosted(12, 'd12.57', 1))
    .when(joinGroup(12, 'd12.57'))
    .thenRejected('forbidden')
})

test('the time of an event is that of its command, and never runs back', () => {
  given(messagePosted(12, 'd12.57', 1, { at: at(-5) }))
    .when(postMessage(57, 'd12.57', { atMs: at(-9) }), postMessage(57, 'd12.57', { atMs: at(-3) }))
    .then({ type: 'MessagePosted', at: at(-5) }, { type: 'MessagePosted', at: at(-3) })
})
