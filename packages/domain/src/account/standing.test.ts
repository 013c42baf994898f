import { deepStrictEqual } from 'node:assert/strict'
import {
  at,
  broadcastNotice,
  changeProfile,
  given,
  givenWith,
  grantOperator,
  messageId,
  noticeBroadcast,
  operatorGranted,
  profileChanged,
  reinstateUser,
  revokeOperator,
  suspendUser,
  userRegistered,
  userSuspended,
} from '@chat/testkit'
import { expect, test } from 'vitest'
import { audienceOfAccount, everybody } from '../route.ts'

const ann = userRegistered(1, 'Ann')
const bob = userRegistered(2, 'Bob')
const text = (value: string) => Buffer.from(value)

test('a profile changes in what is said, and is said again when nothing changes', () => {
  given(ann)
    .when(changeProfile(1, { about: text('tea') }))
    .then({ type: 'ProfileChanged', userId: 1, actor: 1, displayName: null, about: text('tea') })
    .when(changeProfile(1))
    .then({ type: 'ProfileChanged', displayName: null, about: null })
})

test('the same change sent twice happens once', () => {
  given(ann, profileChanged(1, { clientMsgId: messageId(5) }))
    .when(changeProfile(1, { clientMsgId: messageId(5), about: text('other') }))
    .thenRepeated({ pos: 1, conversation: null, seq: null, id: null })
})

test('who does not exist has no profile and cannot be suspended or made an operator', () => {
  given(ann).when(changeProfile(7)).thenRejected('no_such_user')
  given(ann).when(suspendUser(1, 7)).thenRejected('no_such_user')
  given(ann).when(grantOperator('Eve')).thenRejected('no_such_user')
  given(ann).when(revokeOperator('Eve')).thenRejected('no_such_user')
})

test('a group is nobody, although its id is one of the same numbers', () => {
  givenWith({ partitions: 1 }, ann).when(reinstateUser(1, 2)).thenRejected('no_such_user')
})

test('who is suspended cannot change his profile until he is reinstated', () => {
  given(ann, bob)
    .when(suspendUser(1, 2))
    .then({ type: 'UserSuspended', userId: 2, actor: 1, reason: text('spam') })
    .when(changeProfile(2))
    .thenRejected('suspended')
    .when(reinstateUser(1, 2))
    .then({ type: 'UserReinstated', userId: 2, actor: 1 })
    .when(changeProfile(2))
    .then({ type: 'ProfileChanged', userId: 2 })
})

test('what was refused to the suspended stays refused when a copy of it comes after he was reinstated', () => {
  const late = changeProfile(2)
  given(ann, bob, userSuspended(1, 2))
    .when(late)
    .thenRejected('suspended')
    .when(reinstateUser(1, 2))
    .then({ type: 'UserReinstated' })
    .when(late)
    .thenRejected('suspended')
})

test('a suspension is said again, a reinstatement of who is not suspended too', () => {
  given(ann, bob, userSuspended(1, 2))
    .when(suspendUser(1, 2, { reason: text('worse') }))
    .then({ type: 'UserSuspended', reason: text('worse') })
  given(ann, bob).when(reinstateUser(1, 2)).then({ type: 'UserReinstated', userId: 2 })
})

test('nobody suspends or reinstates himself', () => {
  given(ann).when(suspendUser(1, 1)).thenRejected('forbidden')
  given(ann).when(reinstateUser(1, 1)).thenRejected('forbidden')
})

test('the machine makes operators by name, and says who did it', () => {
  given(ann)
    .when(grantOperator('ANN', { by: 'root@here' }))
    .then({ type: 'OperatorGranted', userId: 1, actor: 0, by: 'root@here' })
    .when(revokeOperator('Ann'))
    .then({ type: 'OperatorRevoked', userId: 1, actor: 0 })
})

test('only an operator who is not suspended tells something to everybody, and not too often', () => {
  given(ann).when(broadcastNotice(1)).thenRejected('not_found')
  given(ann, operatorGranted(1), userSuspended(2, 1)).when(broadcastNotice(1)).thenRejected('suspended')
  given(ann, operatorGranted(1))
    .when(revokeOperator('ann'))
    .then({ type: 'OperatorRevoked' })
    .when(broadcastNotice(1))
    .thenRejected('not_found')
  given(ann, operatorGranted(1), noticeBroadcast(1, { at: at(0) }))
    .when(broadcastNotice(1, { atMs: at(9) }))
    .thenRejected('too_many')
    .when(broadcastNotice(1, { atMs: at(10), text: text('now') }))
    .then({ type: 'NoticeBroadcast', actor: 1, text: text('now'), at: at(10) })
})

test('an account is told of itself, a notice goes to everybody, who is an operator is told to nobody', () => {
  deepStrictEqual([...(audienceOfAccount(profileChanged(3))?.keys() ?? [])], [3])
  deepStrictEqual([...(audienceOfAccount(userSuspended(1, 3))?.keys() ?? [])], [3])
  expect(audienceOfAccount(noticeBroadcast(1))).toBe(everybody)
  expect(audienceOfAccount(operatorGranted(3))?.size).toBe(0)
})
