import {
  createGroup,
  given,
  groupCreated,
  joinGroup,
  leaveGroup,
  memberJoined,
  memberLeft,
  messageId,
  messagePosted,
  postMessage,
  registerUser,
  userRegistered,
} from '@chat/testkit'
import { describe, test } from 'vitest'
import { groupMembersMax } from './state.ts'

const [ann, bob, eve] = [101, 102, 103]
const publicly = { normalisedName: 'tea' }

describe('creating', () => {
  test('a group begins with its owner and the members named, each once', () => {
    given()
      .when(createGroup(ann, { members: [bob, ann, bob, eve] }))
      .then({ type: 'GroupCreated', conversation: 'g1', groupId: 1, seq: 1, actor: ann, members: [bob, eve] })
  })

  test('users and groups of a partition share its ids', () => {
    given(userRegistered(1, 'Ann'))
      .when(createGroup(ann), registerUser('Bob'))
      .then({ type: 'GroupCreated', groupId: 2 }, { type: 'UserRegistered', userId: 3 })
  })

  test('the name of a public group is unique among groups', () => {
    given(userRegistered(1, 'tea'))
      .when(createGroup(ann, publicly))
      .then({ type: 'GroupCreated', normalisedName: 'tea', visibility: 'public' })
      .when(createGroup(bob, publicly))
      .thenRejected('name_taken')
  })

  test('a name stays claimed after everybody left', () => {
    given(groupCreated(1, ann, [], publicly), memberLeft(ann, 'g1', 2))
      .when(createGroup(bob, publicly))
      .thenRejected('name_taken')
  })

  test('a public group has a name, a private one has none', () => {
    given()
      .when(createGroup(ann, { visibility: 'public' }))
      .thenRejected('invalid')
    given()
      .when(createGroup(ann, { normalisedName: 'tea', visibility: 'private' }))
      .thenRejected('invalid')
  })

  test('a repeated creation is answered with the first group', () => {
    given(groupCreated(1, ann, [], { clientMsgId: messageId(9) }), groupCreated(2, ann))
      .when(createGroup(ann, { clientMsgId: messageId(9) }))
      .thenRepeated({ id: 1, conversation: 'g1', seq: 1, pos: 0 })
  })

  test('the same id of another user is another creation', () => {
    given(groupCreated(1, ann, [], { clientMsgId: messageId(9) }))
      .when(createGroup(bob, { clientMsgId: messageId(9) }))
      .then({ type: 'GroupCreated', groupId: 2 })
  })

  test(`a group has at most ${groupMembersMax} members`, () => {
    const others = Array.from({ length: groupMembersMax }, (_, index) => 1000 + index)
    given()
      .when(createGroup(ann, { members: others }))
      .thenRejected('too_many')
    given(groupCreated(1, ann, others.slice(1), publicly))
      .when(joinGroup(bob, 'g1'))
      .thenRejected('too_many')
  })
})

describe('posting', () => {
  test('members post', () => {
    given(groupCreated(1, ann, [bob]))
      .when(postMessage(bob, 'g1'), postMessage(ann, 'g1', { replyTo: 2 }))
      .then({ type: 'MessagePosted', seq: 2, actor: bob }, { type: 'MessagePosted', seq: 3, replyTo: 2 })
  })

  test('others do not', () => {
    given(groupCreated(1, ann, [bob], publicly))
      .when(postMessage(eve, 'g1'))
      .thenRejected('not_member')
  })

  test('who left does not, until he joins again', () => {
    given(groupCreated(1, ann, [bob], publicly), memberLeft(bob, 'g1', 2))
      .when(postMessage(bob, 'g1'))
      .thenRejected('not_member')
      .when(joinGroup(bob, 'g1'), postMessage(bob, 'g1'))
      .then({ type: 'MemberJoined', seq: 3 }, { type: 'MessagePosted', seq: 4 })
  })

  test('a group that nobody created is no conversation', () => {
    given().when(postMessage(ann, 'g1')).thenRejected('no_such_conversation')
  })
})

describe('a private group', () => {
  const group = () => given(groupCreated(1, ann, [bob]))

  test('does not exist for strangers', () => {
    group().when(postMessage(eve, 'g1')).thenRejected('no_such_conversation')
    group().when(joinGroup(eve, 'g1')).thenRejected('no_such_conversation')
    group().when(leaveGroup(eve, 'g1')).thenRejected('no_such_conversation')
  })

  test('tells those who left it what they may not do', () => {
    const left = () => given(groupCreated(1, ann, [bob]), memberLeft(bob, 'g1', 2))
    left().when(postMessage(bob, 'g1')).thenRejected('not_member')
    left().when(joinGroup(bob, 'g1')).thenRejected('forbidden')
    left().when(leaveGroup(bob, 'g1')).thenRejected('not_member')
  })
})

describe('joining', () => {
  test('anybody joins an open public group', () => {
    given(groupCreated(1, ann, [], publicly))
      .when(joinGroup(bob, 'g1'))
      .then({ type: 'MemberJoined', conversation: 'g1', seq: 2, user: bob, actor: bob })
  })

  test('a member does not join again', () => {
    given(groupCreated(1, ann, [], publicly), memberJoined(bob, 'g1', 2))
      .when(joinGroup(bob, 'g1'))
      .thenRejected('already_member')
  })

  test('a group that nobody created cannot be joined', () => {
    given().when(joinGroup(bob, 'g1')).thenRejected('no_such_conversation')
  })
})

describe('leaving', () => {
  test('a member leaves', () => {
    given(groupCreated(1, ann, [bob]), messagePosted(bob, 'g1', 2))
      .when(leaveGroup(bob, 'g1'))
      .then({ type: 'MemberLeft', seq: 3, user: bob })
  })

  test('the only owner stays while others are there, and may be the last to go', () => {
    given(groupCreated(1, ann, [bob]))
      .when(leaveGroup(ann, 'g1'))
      .thenRejected('forbidden')
      .when(leaveGroup(bob, 'g1'), leaveGroup(ann, 'g1'))
      .then({ type: 'MemberLeft', user: bob }, { type: 'MemberLeft', user: ann })
  })

  test('who is no member cannot leave', () => {
    given(groupCreated(1, ann, [], publicly))
      .when(leaveGroup(eve, 'g1'))
      .thenRejected('not_member')
  })
})
