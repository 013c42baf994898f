import {
  addReaction,
  at,
  bodyOf,
  deleteMessage,
  editMessage,
  given,
  groupCreated,
  leaveGroup,
  memberLeft,
  messageDeleted,
  messageId,
  messagePinned,
  messagePosted,
  pinMessage,
  postMessage,
  removeReaction,
  unpinMessage,
} from '@chat/testkit'
import { describe, expect, test } from 'vitest'
import { deletionsMax, pinsMax } from './message-acts.ts'

const [ann, bob, eve] = [101, 102, 103]
const pair = 'd101.102'
const talk = [messagePosted(ann, pair, 1), messagePosted(bob, pair, 2)]
const tea = [groupCreated(1, ann, [bob]), messagePosted(bob, 'g1', 2), messagePosted(ann, 'g1', 3)]
const all = [editMessage, deleteMessage, addReaction, removeReaction, pinMessage, unpinMessage]

describe('in a direct conversation', () => {
  test('the author gives a message another body, and its mentions are those of the new one', () => {
    given(...talk)
      .when(editMessage(ann, pair, 1, { body: bodyOf('@bob'), mentions: [{ users: [eve, bob] }, { users: [eve] }] }))
      .then({ type: 'MessageEdited', seq: 3, actor: ann, message: 1, body: bodyOf('@bob'), mentions: [bob] })
  })

  test('the other one edits and deletes nothing, but reacts and pins', () => {
    const theirs = { author: ann }
    given(...talk)
      .when(editMessage(bob, pair, 1, theirs))
      .thenRejected('forbidden')
      .when(deleteMessage(bob, pair, 1, theirs))
      .thenRejected('forbidden')
      .when(addReaction(bob, pair, 1, theirs), removeReaction(bob, pair, 1, theirs))
      .then({ type: 'ReactionAdded', seq: 3, message: 1, emoji: '👍' }, { type: 'ReactionRemoved', seq: 4, message: 1 })
      .when(pinMessage(bob, pair, 1, theirs), unpinMessage(ann, pair, 1))
      .then({ type: 'MessagePinned', seq: 5, message: 1 }, { type: 'MessageUnpinned', seq: 6, message: 1 })
  })

  test('for a third person there is no conversation, whatever his connector says', () => {
    for (const act of all)
      given(...talk)
        .when(act(eve, pair, 1))
        .thenRejected('no_such_conversation') // [G5]
  })

  test('one who talks to himself may do everything with what he wrote', () => {
    for (const act of all)
      expect(
        given(messagePosted(ann, 'd101.101', 1))
          .when(act(ann, 'd101.101', 1))
          .draft.events.map(({ type }) => type),
      ).not.toContain('CommandsRejected')
  })

  test('what changes nothing is said again', () => {
    given(...talk)
      .when(addReaction(ann, pair, 1), addReaction(ann, pair, 1), removeReaction(bob, pair, 1, { author: ann }))
      .then({ type: 'ReactionAdded' }, { type: 'ReactionAdded' }, { type: 'ReactionRemoved' })
      .when(unpinMessage(ann, pair, 1), pinMessage(ann, pair, 1), pinMessage(ann, pair, 1))
      .then({ type: 'MessageUnpinned' }, { type: 'MessagePinned' }, { type: 'MessagePinned' })
  })

  test('a repeated command has no second effect', () => {
    const options = { clientMsgId: messageId(9) }
    given(...talk)
      .when(deleteMessage(ann, pair, 1, options))
      .then({ type: 'MessageDeleted', seq: 3, message: 1, author: ann })
      .when(deleteMessage(ann, pair, 1, { ...options, author: null }))
      .thenRepeated({ seq: 3, pos: 2 })
  })
})

describe('the edit window', () => {
  const edit = (seconds: number, windowMs: number) =>
    given(...talk).when(editMessage(ann, pair, 1, { postedAt: at(0), atMs: at(seconds), windowMs }))

  test('a message is edited until it is over', () => {
    edit(60, 60_000).then({ type: 'MessageEdited' })
    edit(60.001, 60_000).thenRejected('too_late')
  })

  test('without one, for ever', () => {
    edit(10_000_000, 0).then({ type: 'MessageEdited' })
  })
})

describe('in a group', () => {
  test('who is no member acts on nothing', () => {
    for (const act of all) {
      given(...tea)
        .when(act(eve, 'g1', 2))
        .thenRejected('no_such_conversation')
      given(...tea, memberLeft(bob, 'g1', 4))
        .when(act(bob, 'g1', 2))
        .thenRejected('not_member') // [G5]
    }
  })

  test('plain members edit and delete their own, react to all, and pin nothing', () => {
    given(...tea)
      .when(editMessage(bob, 'g1', 2), addReaction(bob, 'g1', 3, { author: ann }), deleteMessage(bob, 'g1', 2))
      .then({ type: 'MessageEdited', seq: 4 }, { type: 'ReactionAdded' }, { type: 'MessageDeleted', author: bob })
      .when(deleteMessage(bob, 'g1', 3, { author: ann }))
      .thenRejected('forbidden')
      .when(pinMessage(bob, 'g1', 2))
      .thenRejected('forbidden')
      .when(unpinMessage(bob, 'g1', 2, { author: null }))
      .thenRejected('forbidden')
  })

  test('an owner deletes what others wrote but does not edit it', () => {
    given(...tea)
      .when(editMessage(ann, 'g1', 2, { author: bob }))
      .thenRejected('forbidden')
      .when(deleteMessage(ann, 'g1', 2, { author: bob }), pinMessage(ann, 'g1', 3))
      .then({ type: 'MessageDeleted', message: 2, author: bob }, { type: 'MessagePinned', message: 3 })
  })

  test('those are named who are members when it is decided, the longest name first, each once and at most fifty', () => {
    const mentions = [{ users: [eve, bob] }, { users: [bob] }, { users: [eve] }, { users: [ann] }]
    given(...tea)
      .when(postMessage(ann, 'g1', { mentions }), leaveGroup(bob, 'g1'), postMessage(ann, 'g1', { mentions }))
      .then(
        { type: 'MessagePosted', mentions: [bob, ann] },
        { type: 'MemberLeft' },
        { type: 'MessagePosted', mentions: [ann] },
      )
    const many = Array.from({ length: 60 }, (_, index) => 200 + index)
    const draft = given(groupCreated(1, ann, many)).when(
      postMessage(ann, 'g1', { mentions: many.map((user) => ({ users: [user] })) }),
    ).draft
    expect(draft.events[0]?.event).toMatchObject({ mentions: many.slice(0, 50) })
  })

  test('pins are at most fifty, and a deleted message is none', () => {
    const last = 2 + pinsMax
    const posted = Array.from({ length: pinsMax + 1 }, (_, index) => messagePosted(ann, 'g1', 2 + index))
    const pinned = Array.from({ length: pinsMax }, (_, index) => messagePinned(ann, 'g1', last + 1 + index, 2 + index))
    given(groupCreated(1, ann), ...posted, ...pinned)
      .when(pinMessage(ann, 'g1', last))
      .thenRejected('too_many')
      .when(pinMessage(ann, 'g1', 2), deleteMessage(ann, 'g1', 3), pinMessage(ann, 'g1', last))
      .then({ type: 'MessagePinned' }, { type: 'MessageDeleted' }, { type: 'MessagePinned', message: last })
      .when(pinMessage(ann, 'g1', 3, { author: null }))
      .thenRejected('no_such_message')
  })
})

describe('the message', () => {
  test('that the connector did not find, or that lies ahead, is none', () => {
    for (const act of all)
      given(...tea)
        .when(act(ann, 'g1', 2, { author: null }))
        .thenRejected('no_such_message')
        .when(act(ann, 'g1', 9))
        .thenRejected('no_such_message')
  })

  test('that was deleted after the connector looked is none', () => {
    for (const act of all)
      given(...tea)
        .when(deleteMessage(ann, 'g1', 3), act(ann, 'g1', 3, { asOf: 3 }))
        .then({ type: 'MessageDeleted' }, { type: 'CommandsRejected', rejections: [{ code: 'no_such_message' }] })
  })

  test('is not known when deletions since the connector looked may be forgotten, and is when it looks again', () => {
    const many = Array.from({ length: deletionsMax }, (_, index) => messageDeleted(ann, 'g1', 4 + index, 2))
    // Each of another message, as far as the table goes.
    const deletions = many.map((event, index) => ({ ...event, conversation: pair, seq: index + 3, message: index + 3 }))
    const full = given(...tea, ...talk, ...deletions)
    const oldest = tea.length + talk.length
    full
      .when(addReaction(ann, 'g1', 3, { asOf: oldest - 1 }))
      .thenRejected('unavailable')
      .when(addReaction(ann, 'g1', 3, { asOf: oldest }))
      .then({ type: 'ReactionAdded' })
    given(...tea, ...talk, ...deletions.slice(1).map((event, index) => ({ ...event, seq: index + 3 })))
      .when(addReaction(ann, 'g1', 3, { asOf: 0 }))
      .then({ type: 'ReactionAdded' })
  })
})
