import fc from 'fast-check'
import { expect, test } from 'vitest'
import { answers, decodeRequest, pushes } from './codec.ts'
import { bodyOf, bytesOf } from './opaque.ts'

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')

test.each([
  ['Login', '08 16 12 01 78', { type: 'Login', id: 22, password: 'x' }],
  ['Regist', '0a 03 616e6e 12 01 78', { type: 'Regist', name: 'ann', password: 'x' }],
  ['LoginOut', '08 16', { type: 'LoginOut' }],
  ['AddFriend', '08 01 10 02', { type: 'AddFriend', friend: 2 }],
  ['DelteFriend', '08 01 10 02', { type: 'DeleteFriend', friend: 2 }],
  ['DeleteFriend', '08 01 10 02', { type: 'DeleteFriend', friend: 2 }],
  ['GetUserInfo', '08 02', { type: 'GetUserInfo', id: 2 }],
  ['GetUserInfo', '08 ffffffffffffffffff01', { type: 'GetUserInfo', id: -1 }],
  ['GetFriendList', '', { type: 'GetFriendList' }],
  ['ReadOfflineMsg', '08 02', { type: 'ReadOfflineMsg' }],
  ['CreateGroup', '08 01 12 03 746561', { type: 'CreateGroup', name: 'tea' }],
  ['AddGroup', '08 01 10 03', { type: 'AddGroup', group: 3 }],
  ['QuitGroup', '10 03', { type: 'QuitGroup', group: 3 }],
  ['GetGroupUsers', '08 03', { type: 'GetGroupUsers', group: 3 }],
  ['ChatMsg', '08 02 12 03 610062', { type: 'ChatMsg', to: 2, bytes: Buffer.from('a\0b') }],
  ['ChatMsg', '08', { type: 'invalid', of: 'ChatMsg' }],
  ['Login', '0a 01 78', { type: 'invalid', of: 'Login' }],
  ['ConveyMsg', '08 02', { type: 'unknown' }],
  ['toString', '', { type: 'unknown' }],
])('%# %s: a request is read by its type', (type, request, expected) => {
  expect(decodeRequest({ type, request: hex(request) })).toEqual(expected)
})

test('junk is read without a throw', () => {
  const types = fc.constantFrom('Login', 'Regist', 'AddFriend', 'GetUserInfo', 'CreateGroup', 'ChatMsg', 'valueOf')
  fc.assert(
    fc.property(types, fc.uint8Array({ maxLength: 60 }), (type, bytes) => {
      expect(typeof decodeRequest({ type, request: Buffer.from(bytes) }).type).toBe('string')
    }),
  )
})

test.each([
  ['logged in', answers.loggedIn(), '0801'],
  ['not logged in', answers.notLoggedIn('no'), '120412026e6f'],
  ['registered', answers.registered(22), '08011016'],
  ['not registered', answers.notRegistered(), '10ffffffffffffffffff01'],
  ['a user', answers.user({ id: 2, name: 'li' }), '080212026c69'],
  ['no user', answers.user(undefined), '08ffffffffffffffffff01'],
  ['friends', answers.friends([{ id: 2, name: 'li' }]), '08011206080212026c69'],
  ['no friends', answers.friends([]), '0801'],
  ['friends that cannot be told', answers.friends(undefined), '1200'],
  ['offline messages', answers.offline([Buffer.from('a'), Buffer.from('b')]), '0a01610a0162'],
  ['no offline messages', answers.offline([]), '0a00'],
  ['a group', answers.group(3), '0803'],
  ['no group', answers.group(undefined), '08ffffffffffffffffff01'],
  ['members', answers.groupUsers([{ id: 2, name: 'li' }]), '0a06080212026c69'],
  ['no members', answers.groupUsers([]), '0a00'],
  ['a chat', pushes.chat(hex('ff00')), '0a07436861744d73671202ff00'],
])('%s, byte by byte, never nothing', (_, bytes, expected) => {
  expect(bytes.toString('hex')).toBe(expected)
})

test('bytes come out of a body as they went in', () => {
  expect(bodyOf(Buffer.from('你好'))).toEqual({ kind: 'text', text: '你好' })
  expect(bodyOf(Buffer.from('a\0b'))).toMatchObject({ kind: 'custom', type: 'bytes' })
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
      ),
      (bytes) => {
        expect(bytesOf(bodyOf(Buffer.from(bytes)))).toEqual(Buffer.from(bytes))
      },
    ),
  )
  expect(bytesOf({ kind: 'custom', type: 'poll', data: {} }).toString()).toBe('[poll]')
  expect(bytesOf({ kind: 'custom', type: 'bytes', data: null }).toString()).toBe('[bytes]')
})
