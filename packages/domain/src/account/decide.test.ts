import { given, givenWith, messageId, registerUser, userRegistered } from '@chat/testkit'
import { test } from 'vitest'

test('a registration claims the name and is given the next id', () => {
  given()
    .when(registerUser('Ann'))
    .then({ type: 'UserRegistered', userId: 1, actor: 1, name: 'Ann', normalisedName: 'ann' })
    .when(registerUser('Bob'))
    .then({ type: 'UserRegistered', userId: 2, actor: 2 })
})

test('a claimed name is refused, however it is written', () => {
  given(userRegistered(1, 'Ann')).when(registerUser('ANN')).thenRejected('name_taken')
})

test('a repeated registration is answered with the id it got', () => {
  given(userRegistered(1, 'Ann', { clientMsgId: messageId(5) }), userRegistered(2, 'Bob'))
    .when(registerUser('Ann', { clientMsgId: messageId(5) }))
    .thenRepeated({ id: 1, pos: 0, conversation: null, seq: null })
})

test('users and groups have names of their own', () => {
  given(userRegistered(1, 'Ann')).when(registerUser('Bob')).then({ type: 'UserRegistered', userId: 2 })
})

test('a partition without ids left refuses registrations', () => {
  givenWith({ partition: 0, partitions: 2 ** 30 }, userRegistered(1, 'Ann'))
    .when(registerUser('Bob'))
    .then({ type: 'UserRegistered', userId: 2 ** 30 + 1 })
    .when(registerUser('Eve'))
    .thenRejected('unavailable')
})

test('ids carry their partition', () => {
  givenWith({ partition: 2, partitions: 4 })
    .when(registerUser('Ann'), registerUser('Bob'))
    .then({ type: 'UserRegistered', userId: 3 }, { type: 'UserRegistered', userId: 7 })
})
