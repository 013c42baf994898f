import {
  at,
  blockEvent,
  friendEvent,
  given,
  givenWith,
  groupCreated,
  leaveGroup,
  messageId,
  messagePosted,
  postMessage,
  relationCommand,
  stored,
  testWire,
} from '@chat/testkit'
import { describe, expect, test } from 'vitest'
import { applyEvent } from '../partition.ts'
import { audienceNow } from '../route.ts'

const pair = 'd12.57'
const note = Buffer.from('it is me')
const asked = (actor: number, seq = 1) => friendEvent('FriendRequested', actor, pair, seq)
const friends = [asked(12), friendEvent('FriendAccepted', 57, pair, 2)]

describe('friendship', () => {
  test('one asks, the other one accepts', () => {
    given()
      .when(relationCommand('RequestFriend', 12, pair, { note }))
      .then({ type: 'FriendRequested', conversation: pair, seq: 1, actor: 12, user: 57, note })
      .when(relationCommand('AcceptFriend', 57, pair))
      .then({ type: 'FriendAccepted', seq: 2, actor: 57, user: 12 })
      .when(relationCommand('RequestFriend', 57, pair))
      .thenRejected('already_friends')
  })

  test('requests that cross make a friendship', () => {
    given()
      .when(relationCommand('RequestFriend', 57, pair), relationCommand('RequestFriend', 12, pair))
      .then({ type: 'FriendRequested', actor: 57, user: 12 }, { type: 'FriendAccepted', actor: 12, user: 57 })
  })

  test('a pending request is not made again', () => {
    given(asked(12))
      .when(relationCommand('RequestFriend', 12, pair))
      .thenRejected('too_many')
  })

  test('who asked may withdraw, who was asked may decline, and either may ask again', () => {
    given(asked(12))
      .when(relationCommand('WithdrawFriendRequest', 57, pair))
      .thenRejected('not_found')
      .when(relationCommand('DeclineFriend', 12, pair))
      .thenRejected('not_found')
      .when(relationCommand('AcceptFriend', 12, pair))
      .thenRejected('not_found')
      .when(relationCommand('WithdrawFriendRequest', 12, pair))
      .then({ type: 'FriendWithdrawn', seq: 2, actor: 12, user: 57 })
      .when(relationCommand('RequestFriend', 57, pair), relationCommand('DeclineFriend', 12, pair))
      .then({ type: 'FriendRequested', seq: 3 }, { type: 'FriendDeclined', seq: 4, actor: 12, user: 57 })
      .when(relationCommand('RequestFriend', 12, pair))
      .then({ type: 'FriendRequested', seq: 5 })
  })

  test('either ends a friendship, and there is nothing to end without one', () => {
    given(...friends)
      .when(relationCommand('RemoveFriend', 57, pair))
      .then({ type: 'FriendRemoved', seq: 3, actor: 57, user: 12 })
      .when(relationCommand('RemoveFriend', 12, pair))
      .thenRejected('not_friend')
    given(asked(12))
      .when(relationCommand('RemoveFriend', 12, pair))
      .thenRejected('not_friend')
  })

  test.each(['AcceptFriend', 'BlockUser', 'RequestFriend', 'UnblockUser'] as const)(
    '%s with oneself is invalid, by a third person or in a group it is refused as elsewhere',
    (type) => {
      given()
        .when(relationCommand(type, 12, 'd12.12'))
        .thenRejected('invalid')
      given(...friends)
        .when(relationCommand(type, 13, pair))
        .thenRejected('no_such_conversation')
      given(groupCreated(1, 12))
        .when(relationCommand(type, 12, 'g1'))
        .thenRejected('forbidden')
    },
  )
})

describe('blocks', () => {
  test('neither writes or becomes a friend while one of them blocks the other', () => {
    for (const [by, other] of [
      [12, 57],
      [57, 12],
    ] as const) {
      const blocked = given(asked(12), blockEvent('UserBlocked', by, pair))
      for (const user of [12, 57]) {
        blocked.when(postMessage(user, pair)).thenRejected('blocked')
        blocked.when(relationCommand('RequestFriend', user, pair)).thenRejected('blocked')
        blocked.when(relationCommand('AcceptFriend', user, pair)).thenRejected('blocked')
      }
      blocked
        .when(relationCommand('UnblockUser', other, pair), relationCommand('UnblockUser', by, pair))
        .then({ type: 'UserUnblocked', actor: other, user: by }, { type: 'UserUnblocked', actor: by, user: other })
        .when(postMessage(other, pair))
        .then({ type: 'MessagePosted', seq: 2 })
    }
  })

  test('each has a block of his own: both must go', () => {
    given(
      blockEvent('UserBlocked', 12, pair),
      blockEvent('UserBlocked', 57, pair),
      blockEvent('UserUnblocked', 12, pair),
    )
      .when(postMessage(12, pair))
      .thenRejected('blocked')
  })

  test('a block leaves a friendship and a request as they are, and both can be ended', () => {
    const blocked = blockEvent('UserBlocked', 57, pair)
    given(...friends, blocked)
      .when(relationCommand('RemoveFriend', 12, pair))
      .then({ type: 'FriendRemoved', seq: 3 })
    given(asked(12), blocked)
      .when(relationCommand('WithdrawFriendRequest', 12, pair))
      .then({ type: 'FriendWithdrawn', seq: 2 })
    given(asked(12), blocked)
      .when(relationCommand('DeclineFriend', 57, pair))
      .then({ type: 'FriendDeclined', seq: 2 })
  })

  test('what is so already is said again', () => {
    given(blockEvent('UserBlocked', 12, pair))
      .when(relationCommand('BlockUser', 12, pair), relationCommand('UnblockUser', 57, pair))
      .then({ type: 'UserBlocked', seq: null }, { type: 'UserUnblocked', seq: null })
  })
})

describe('events without a place', () => {
  test('take no seq, and the time of the conversation does not run back behind them', () => {
    const { draft } = given(messagePosted(12, pair, 1)).when(
      relationCommand('BlockUser', 57, pair, { atMs: at(5) }),
      relationCommand('UnblockUser', 57, pair, { atMs: at(3) }),
      postMessage(12, pair, { atMs: at(1) }),
    )
    expect(draft.events.map(({ event }) => event)).toMatchObject([
      { type: 'UserBlocked', seq: null, at: at(5) },
      { type: 'UserUnblocked', seq: null, at: at(5) },
      { type: 'MessagePosted', seq: 2, at: at(5) },
    ])
    expect(draft.replies.map(({ reply }) => reply)).toMatchObject([
      { outcome: 'accepted', conversation: pair, seq: null, pos: 1, at: at(5) },
      { outcome: 'accepted', seq: null, pos: 2 },
      { outcome: 'accepted', seq: 2, pos: 3 },
    ])
  })

  test('go to those alone whom they concern, after a takeover too', () => {
    const event = blockEvent('UserBlocked', 57, pair)
    const { draft, then } = given().when(relationCommand('BlockUser', 57, pair))
    expect([...(draft.events[0]?.audience.keys() ?? [])]).toEqual([57])
    const { state } = then({ type: 'UserBlocked' })
    if (event.type !== 'UserBlocked') throw new Error('not a block')
    expect([...audienceNow(event, state.tables.conversations.get(pair)).keys()]).toEqual([57])
  })

  test('a repeated command is answered with its position, and has one effect', () => {
    given(blockEvent('UserBlocked', 57, pair, { clientMsgId: messageId(1) }))
      .when(relationCommand('BlockUser', 57, pair, { clientMsgId: messageId(1) }))
      .thenRepeated({ conversation: pair, seq: null, pos: 0, id: null })
  })

  test('one that does not fit stops its conversation at the place where it is', () => {
    const strange = { ...blockEvent('UserBlocked', 57, pair), clientMsgId: 'x' }
    const { state } = given(messagePosted(12, pair, 1))
    expect(applyEvent(state, stored(state, strange, 1), testWire)).toMatchObject({ outcome: 'contained' })
    expect(state.tables.conversations.get(pair)).toMatchObject({ kind: 'halted', lastSeq: 1 })
  })
})

describe('where only friends may write', () => {
  const context = { policy: { direct: 'friends' } } as const

  test('nobody else does, but with himself', () => {
    const strangers = givenWith({ context })
    strangers.when(postMessage(12, pair)).thenRejected('not_friend')
    strangers.when(postMessage(12, 'd12.12')).then({ type: 'MessagePosted' })
    givenWith({ context }, asked(12)).when(postMessage(12, pair)).thenRejected('not_friend')
    givenWith({ context }, ...friends)
      .when(postMessage(57, pair))
      .then({ type: 'MessagePosted', seq: 3 })
  })

  test('a block is told before', () => {
    const blocked = givenWith({ context }, blockEvent('UserBlocked', 12, pair))
    blocked.when(postMessage(12, pair)).thenRejected('blocked')
  })

  test('groups go on', () => {
    givenWith({ context }, groupCreated(1, 12, [57]))
      .when(postMessage(57, 'g1'), leaveGroup(57, 'g1'))
      .then({ type: 'MessagePosted' }, { type: 'MemberLeft' })
  })
})

test('a refusal lasts, whatever happens after it', () => {
  const late = postMessage(12, pair, { clientMsgId: messageId(1) })
  given(blockEvent('UserBlocked', 57, pair))
    .when(late)
    .thenRejected('blocked')
    .when(relationCommand('UnblockUser', 57, pair))
    .then({ type: 'UserUnblocked' })
    .when(late)
    .thenRejected('blocked')
})
