import {
  addReaction,
  approveJoin,
  banMember,
  changeGroup,
  changeRole,
  closeGroup,
  closeRoom,
  createGroup,
  createRoom,
  deleteMessage,
  editMessage,
  type GivenCommand,
  given,
  groupClosed,
  groupCreated,
  inviteMembers,
  joinGroup,
  leaveGroup,
  messageId,
  messagePosted,
  messageReported,
  muteMember,
  pinMessage,
  postMessage,
  refuseJoin,
  relationCommand,
  removeMember,
  removeMessage,
  removeReaction,
  reportMessage,
  resolveReport,
  roomCreated,
  transferGroup,
  unbanMember,
  unpinMessage,
} from '@chat/testkit'
import { describe, expect, test } from 'vitest'
import type { RejectionCode } from '../decision.ts'
import { audienceNow, audienceOf, everybody, hintAudience } from '../route.ts'
import type { Room } from './state.ts'

const [operator, ann, bob] = [900, 101, 102]
const title = Buffer.from('The hall')

describe('making an online room', () => {
  test('it is public, open to all, without members, and names the operator', () => {
    given()
      .when(createRoom(operator, 'Hall', { title }))
      .then({
        ...{ type: 'GroupCreated', conversation: 'g1', groupId: 1, seq: 1, actor: operator, title },
        ...{ name: 'Hall', normalisedName: 'hall', visibility: 'public', joinPolicy: 'open', history: 'all' },
        ...{ members: [], membership: 'online' },
      })
  })

  test('its name is unique among groups and rooms', () => {
    given()
      .when(createRoom(operator, 'Hall'), createGroup(ann, { normalisedName: 'tea' }))
      .then({ type: 'GroupCreated', membership: 'online' }, { type: 'GroupCreated', membership: 'stored' })
      .when(createGroup(ann, { normalisedName: 'hall' }))
      .thenRejected('name_taken')
      .when(createRoom(operator, 'Tea'))
      .thenRejected('name_taken')
  })

  test('a repeated creation is answered with the first room', () => {
    given(roomCreated(1, operator, 'hall', { clientMsgId: messageId(9) }))
      .when(createRoom(operator, 'hall', { clientMsgId: messageId(9) }))
      .thenRepeated({ id: 1, conversation: 'g1', seq: 1, pos: 0 })
  })
})

const hall = [roomCreated(1, operator, 'hall'), messagePosted(ann, 'g1', 2)]
const ofAnn = { author: ann }

type Row = readonly [string, GivenCommand, 'ok' | RejectionCode]
/** What somebody may do who wrote nothing there, and what he is told. */
const rows = (by: number): readonly Row[] => [
  ['send', postMessage(by, 'g1'), 'ok'],
  ['edit another’s', editMessage(by, 'g1', 2, ofAnn), 'forbidden'],
  ['delete another’s', deleteMessage(by, 'g1', 2, ofAnn), 'forbidden'],
  ['react', addReaction(by, 'g1', 2, ofAnn), 'ok'],
  ['unreact', removeReaction(by, 'g1', 2, ofAnn), 'ok'],
  ['report', reportMessage(by, 'g1', 2, ofAnn), 'ok'],
  ['react to nothing', addReaction(by, 'g1', 3, ofAnn), 'no_such_message'],
  ['reply to nothing', postMessage(by, 'g1', { replyTo: 3 }), 'no_such_message'],
  ['join', joinGroup(by, 'g1'), 'already_member'],
  ['leave', leaveGroup(by, 'g1'), 'forbidden'],
  ['pin', pinMessage(by, 'g1', 2, ofAnn), 'forbidden'],
  ['unpin', unpinMessage(by, 'g1', 2, ofAnn), 'forbidden'],
  ['invite', inviteMembers(by, 'g1', [ann]), 'forbidden'],
  ['approve', approveJoin(by, 'g1', ann), 'forbidden'],
  ['refuse', refuseJoin(by, 'g1', by), 'forbidden'],
  ['kick', removeMember(by, 'g1', ann), 'forbidden'],
  ['ban', banMember(by, 'g1', ann), 'forbidden'],
  ['unban', unbanMember(by, 'g1', ann), 'forbidden'],
  ['mute', muteMember(by, 'g1', ann, 9_000_000_000_000), 'forbidden'],
  ['role', changeRole(by, 'g1', ann, 'admin'), 'forbidden'],
  ['transfer', transferGroup(by, 'g1', ann), 'forbidden'],
  ['change', changeGroup(by, 'g1', { posting: 'admins' }), 'forbidden'],
  ['close', closeGroup(by, 'g1'), 'forbidden'],
  ['befriend', relationCommand('RequestFriend', by, 'g1'), 'forbidden'],
]

const expectAnswer = (scenario: ReturnType<typeof given>, command: GivenCommand, answer: 'ok' | RejectionCode) => {
  const outcome = scenario.when(command)
  if (answer !== 'ok') return void outcome.thenRejected(answer)
  expect(outcome.draft.rejections).toEqual([])
  expect(outcome.draft.events).toHaveLength(1)
}

describe('in an online room', () => {
  describe.each([
    ['anybody', bob],
    ['the operator who made it', operator],
  ])('%s', (_who, by) => {
    test.each(rows(by))('%s', (_what, command, answer) => expectAnswer(given(...hall), command, answer))
    test.each(rows(by))('once it is closed: %s', (_what, command) =>
      expectAnswer(given(...hall, groupClosed(operator, 'g1', 3)), command, 'forbidden'),
    )
  })

  test('whoever wrote it edits and deletes it, and everybody can be mentioned', () => {
    given(...hall)
      .when(
        editMessage(ann, 'g1', 2, { mentions: [{ users: [4711, bob] }] }),
        postMessage(bob, 'g1', { mentions: [{ users: [ann] }] }),
        deleteMessage(ann, 'g1', 2),
      )
      .then(
        { type: 'MessageEdited', mentions: [4711] },
        { type: 'MessagePosted', seq: 4, mentions: [ann] },
        { type: 'MessageDeleted', message: 2 },
      )
  })

  test('an operator deletes what anybody wrote', () => {
    given(...hall)
      .when(removeMessage(operator, 'g1', 2, ofAnn))
      .then({ type: 'MessageDeleted', message: 2, author: ann, actor: operator })
  })

  test('an operator marks a report as done, and the next message follows the one before', () => {
    given(...hall, messageReported(bob, 'g1', 2))
      .when(resolveReport(operator, 'g1', { message: 2, user: bob, report: 2 }))
      .then({ type: 'ReportResolved', seq: null })
      .when(postMessage(bob, 'g1'))
      .then({ type: 'MessagePosted', seq: 3 })
  })
})

describe('closing an online room', () => {
  test('is done once', () => {
    given(...hall)
      .when(closeRoom(operator, 'g1'))
      .then({ type: 'GroupClosed', actor: operator, seq: 3 })
      .when(closeRoom(operator, 'g1'))
      .thenRejected('forbidden')
  })

  test.each(['g1', 'g2', 'd101.102'])('is not done to %s, which is none', (conversation) => {
    given(groupCreated(1, ann)).when(closeRoom(operator, conversation)).thenRejected('no_such_conversation')
  })
})

test('its events go to everybody, after a takeover too; of typing nobody is told', () => {
  const room: Room = { kind: 'room', isClosed: false, lastSeq: 2, lastAtMs: 0 }
  expect(audienceOf(roomCreated(1, operator, 'hall'), undefined, room)).toBe(everybody)
  expect(audienceOf(messagePosted(ann, 'g1', 2), room, room)).toBe(everybody)
  expect(audienceNow(messagePosted(ann, 'g1', 2), room)).toBe(everybody)
  expect(hintAudience(room, ann, 64)).toBeUndefined()
})
