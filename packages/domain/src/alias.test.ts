import {
  given,
  groupCreated,
  groupImported,
  importGroup,
  importUser,
  memberLeft,
  messageId,
  messagePosted,
  postMessage,
  roomCreated,
  userImported,
  userRegistered,
  userSuspended,
} from '@chat/testkit'
import { describe, expect, test } from 'vitest'
import { audienceNow, audienceOf, audienceOfAccount } from './route.ts'

const [ann, bob] = [1001, 1002]
const opened = { type: 'LogOpened', partitions: 1, firstId: 1000, hash: 'h', at: 0 } as const
const users = [opened, userRegistered(ann, 'Ann'), userRegistered(bob, 'Bob')]
const group = [...users, groupCreated(1003, ann, [bob])]

describe('an old number', () => {
  test('of a user stands with his account, by whom it was put there', () => {
    given(...users)
      .when(importUser('Ann', 7))
      .then({ type: 'UserImported', userId: ann, actor: 0, by: 'root@here', dialect: 'json-to', oldId: 7 })
      .when(importUser('Eve', 8))
      .thenRejected('no_such_user')
  })

  test('of a group takes no place: the next event follows the one before it', () => {
    given(...group)
      .when(importGroup('g1003', 7))
      .then({ type: 'GroupImported', conversation: 'g1003', seq: null, actor: 0, dialect: 'json-to', oldId: 7 })
      .when(postMessage(bob, 'g1003'))
      .then({ type: 'MessagePosted', seq: 2 })
  })

  test('is for ever: the same is said again, another is refused, another dialect has its own', () => {
    given(...users, userImported(ann, 7))
      .when(importUser('Ann', 7))
      .then({ type: 'UserImported', oldId: 7 })
      .when(importUser('Ann', 8))
      .thenRejected('invalid')
      .when(importUser('Ann', 8, { dialect: 'unit' }))
      .then({ type: 'UserImported', dialect: 'unit', oldId: 8 })
    given(...group, groupImported('g1003', 7))
      .when(importGroup('g1003', 7))
      .then({ type: 'GroupImported', oldId: 7 })
      .when(importGroup('g1003', 8))
      .thenRejected('invalid')
      .when(importGroup('g1003', 8, { dialect: 'unit' }))
      .then({ type: 'GroupImported', dialect: 'unit', oldId: 8 })
  })

  test('of a user and of a group are counted each for themselves', () => {
    given(...group, userImported(ann, 7))
      .when(importGroup('g1003', 7))
      .then({ type: 'GroupImported', oldId: 7 })
  })

  test.each([0, -1, 1000, 1001])('%d is none: it is below every id of this log, and above 0', (oldId) => {
    given(...group)
      .when(importUser('Ann', oldId))
      .thenRejected('invalid')
    given(...group)
      .when(importGroup('g1003', oldId))
      .thenRejected('invalid')
  })

  test('999 and 1 are the greatest and the least where ids begin at 1000', () => {
    for (const oldId of [1, 999])
      given(...users)
        .when(importUser('Ann', oldId))
        .then({ type: 'UserImported', oldId })
  })

  test('belongs to a dialect that has a name', () => {
    given(...users)
      .when(importUser('Ann', 7, { dialect: '' }))
      .thenRejected('invalid')
  })

  test('is given to whoever is suspended, and to a group that somebody left', () => {
    given(...users, userSuspended(bob, ann))
      .when(importUser('Ann', 7))
      .then({ type: 'UserImported' })
    given(...group, memberLeft(bob, 'g1003', 2))
      .when(importGroup('g1003', 7))
      .then({ type: 'GroupImported' })
  })

  test('is not for two who talk, a room, or what is not there', () => {
    given(...users, messagePosted(ann, 'd1001.1002', 1))
      .when(importGroup('d1001.1002', 7))
      .thenRejected('no_such_conversation')
    given(...users, roomCreated(1004, ann, 'hall'))
      .when(importGroup('g1004', 7))
      .thenRejected('no_such_conversation')
    given(...users)
      .when(importGroup('g1003', 7))
      .thenRejected('no_such_conversation')
  })

  test('sent twice with one id happens once', () => {
    const clientMsgId = messageId(5)
    given(...group, userImported(ann, 7, { clientMsgId }))
      .when(importUser('Ann', 7, { clientMsgId }))
      .thenRepeated({ pos: 4 })
    given(...group, groupImported('g1003', 7, { clientMsgId }))
      .when(importGroup('g1003', 7, { clientMsgId }))
      .thenRepeated({ pos: 4, conversation: 'g1003', seq: null })
  })

  test('is told to nobody', () => {
    const { state } = given(...group)
    const tea = state.tables.conversations.get('g1003')
    expect(audienceOf(groupImported('g1003', 7), tea, tea).size).toBe(0)
    expect(audienceNow(groupImported('g1003', 7), tea).size).toBe(0)
    expect(audienceOfAccount(userImported(ann, 7))?.size).toBe(0)
  })
})
