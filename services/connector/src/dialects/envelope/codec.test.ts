import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeRequest, frameOf, payloadBytesMax, payloads } from './codec.ts'
import { chatsOf, pagesOf } from './messages.ts'

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')
const credentials = hex('0a 03 616e6e 12 01 78')

test.each([
  ['Login', credentials, { type: 'Login', name: 'ann', password: 'x' }],
  ['Register', credentials, { type: 'Register', name: 'ann', password: 'x' }],
  ['Login', Buffer.alloc(0), { type: 'Login', name: '', password: '' }],
  ['Login', hex('ff'), { type: 'invalid', of: 'Login' }],
  ['Login', hex('08 01'), { type: 'invalid', of: 'Login' }],
  ['Login', hex('0a 05 616e6e'), { type: 'invalid', of: 'Login' }],
  ['Logout', hex('ff'), { type: 'Logout' }],
  ['getUserInfo', hex('ff'), { type: 'getUserInfo' }],
  ['chatMessage', hex('0a 01 78 12 03 616e6e 1a 03 610062 22 01 79'), { type: 'chatMessage', to: 'ann', text: 'ab' }],
  ['forwardMessage', credentials, { type: 'unknown' }],
  ['login', credentials, { type: 'unknown' }],
  ['', credentials, { type: 'unknown' }],
])('%# %s: a request is read by its type', (type, request, expected) => {
  expect(decodeRequest({ type, request })).toEqual(expected)
})

test('junk is read without a throw', () => {
  const types = fc.constantFrom('Login', 'Register', 'chatMessage', '__proto__')
  fc.assert(
    fc.property(types, fc.uint8Array({ maxLength: 60 }), (type, bytes) => {
      expect(typeof decodeRequest({ type, request: Buffer.from(bytes) }).type).toBe('string')
    }),
  )
})

test('a frame is 1,024 bytes: its payload, then NULs; what is false or empty is left out', () => {
  const frame = frameOf(payloads.outcome('Login', true, 'ok'))
  expect(frame).toHaveLength(1_024)
  expect(frame.subarray(0, 15).toString('hex')).toBe('0a054c6f67696e1206080112026f6b')
  expect(frame.subarray(15).every((byte) => byte === 0)).toBe(true)
  expect(payloads.outcome('Logout', false, '').toString('hex')).toBe('0a064c6f676f7574')
  expect(payloads.noUserNames().includes(0)).toBe(false)
  expect(payloads.chat({ sendName: 'a', recvName: '', msg: '', time: '' }).includes(0)).toBe(false)
})

test('a text of any length goes out whole in chats that fit by themselves and among missed ones, cut between graphemes', () => {
  const around = { sendName: '😀'.repeat(64), recvName: '李'.repeat(64), time: '2026-01-01 00:00:00' }
  const family = '👨‍👩‍👧‍👦'
  for (const { msg } of chatsOf(family.repeat(100), around)) expect(msg.replaceAll(family, '')).toBe('')
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 4_000, size: 'max' }), (text) => {
      const shown = text.replaceAll('\0', '')
      const chats = chatsOf(shown, around)
      expect(chats.map(({ msg }) => msg).join('')).toBe(shown)
      for (const payload of [...chats.map(payloads.chat), ...pagesOf(chats, payloads.offline)]) {
        expect(payload.length).toBeLessThanOrEqual(payloadBytesMax)
        expect(payload.includes(0)).toBe(false)
      }
    }),
    { numRuns: 50 },
  )
  // Nothing is given away: the last byte of a frame is used.
  expect(payloads.offline(chatsOf('x'.repeat(4_000), around).slice(0, 1)).length).toBeGreaterThan(payloadBytesMax - 4)
})

test('lists go out whole, in order, as few answers as they fit into', () => {
  const names = Array.from({ length: 200 }, (_, n) => `user ${n}`)
  const pages = pagesOf(names, payloads.userNames)
  for (const page of pages) expect(page.length).toBeLessThanOrEqual(payloadBytesMax)
  expect(pages).toHaveLength(2)
  expect(pagesOf([], payloads.userNames)).toEqual([])
})
