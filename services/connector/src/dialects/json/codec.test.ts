import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeRequest, encodeFrame, FrameSplitter, jsonBytes, jsonBytesMax, requestBytesMax } from './codec.ts'
import { chatMessages } from './messages.ts'
import { jsonTo, jsonToid } from './numbers.ts'

const split = (...reads: readonly (string | Buffer)[]) => {
  const splitter = new FrameSplitter()
  return reads.flatMap((read) => splitter.take(Buffer.from(read)) ?? ['too long'])
}

test('what comes is cut at NULs and at LFs, however it was read', () => {
  const text = '{"msgid":5,"msg":"é😀"}\0{"msgid":6}\n\r\n{"msgid":7}\0'
  const bytes = Buffer.from(text)
  const whole = ['{"msgid":5,"msg":"é😀"}', '{"msgid":6}', '{"msgid":7}']
  for (let at = 0; at <= bytes.length; at++) expect(split(bytes.subarray(0, at), bytes.subarray(at))).toEqual(whole)
  expect(split(...Array.from(bytes, (_, at) => bytes.subarray(at, at + 1)))).toEqual(whole)
})

test('fifty in one read are fifty', () => {
  expect(split('{"msgid":5}\0'.repeat(50))).toHaveLength(50)
})

test('what is too long is said to be, with an end and without', () => {
  expect(split('x'.repeat(requestBytesMax))).toEqual([])
  expect(split('x'.repeat(requestBytesMax), 'x')).toEqual(['too long'])
  expect(split(`${'x'.repeat(requestBytesMax)}\0`)).toHaveLength(1)
  expect(split(`${'x'.repeat(requestBytesMax + 1)}\0`)).toEqual(['too long'])
})

test.each([
  [jsonTo, { msgid: 1, id: 22, password: '' }, { type: 'logIn', id: 22, password: '' }],
  [jsonTo, { msgid: 10, id: 22 }, { type: 'logOut' }],
  [jsonToid, { msgid: 3 }, { type: 'logOut' }],
  [jsonTo, { msgid: 3, name: 'a', password: 'b' }, { type: 'register', name: 'a', password: 'b' }],
  [jsonToid, { msgid: 4, name: 'a', password: 'b' }, { type: 'register', name: 'a', password: 'b' }],
  [jsonTo, { msgid: 5, id: 1, to: 2, msg: 'x' }, { type: 'chat', to: 2, text: 'x' }],
  [jsonToid, { msgid: 6, id: 1, toid: 2, msg: 'x' }, { type: 'chat', to: 2, text: 'x' }],
  [jsonToid, { msgid: 6, id: 1, to: 2, msg: 'x' }, { type: 'invalid', of: 'chat' }],
  [jsonTo, { msgid: 6, id: 1, friendid: 2 }, { type: 'addFriend', friend: 2 }],
  [jsonToid, { msgid: 8, groupname: 'g', groupdesc: '' }, { type: 'createGroup', name: 'g', description: '' }],
  [jsonTo, { msgid: 8, groupid: 3 }, { type: 'joinGroup', group: 3 }],
  [jsonToid, { msgid: 10, groupid: 3, msg: 'a\0b' }, { type: 'groupChat', group: 3, text: 'ab' }],
  [jsonTo, { msgid: 1, id: '22', password: 'x' }, { type: 'invalid', of: 'logIn' }],
  [jsonTo, { msgid: 9, groupid: 1.5, msg: 'x' }, { type: 'invalid', of: 'groupChat' }],
  [jsonTo, { msgid: 99 }, { type: 'unknown' }],
  [jsonTo, { msgid: '1', id: 1, password: 'x' }, { type: 'unknown' }],
  [jsonTo, {}, { type: 'unknown' }],
] as const)('%#: a request is read by its number', (dialect, message, request) => {
  expect(decodeRequest(dialect, JSON.stringify(message))).toEqual(request)
})

test('what is no object is no request', () => {
  for (const text of ['', 'x', '1', 'null', '[]', '"{}"', '{']) expect(decodeRequest(jsonTo, text)).toBeUndefined()
})

test('junk is read without a throw, and never as somebody else', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      const request = decodeRequest(jsonTo, text)
      expect(request === undefined || typeof request.type === 'string').toBe(true)
    }),
  )
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), (reads) => {
      const whole = split(Buffer.concat(reads))
      expect(split(...reads.map((read) => Buffer.from(read)))).toEqual(whole)
    }),
  )
})

test('a frame is 1,024 bytes: its JSON, then NULs', () => {
  const frame = encodeFrame({ msgid: 5, msg: 'é' })
  expect(frame).toHaveLength(1_024)
  expect(frame.subarray(0, 22).toString()).toBe('{"msgid":5,"msg":"é"}')
  expect(frame.subarray(22).every((byte) => byte === 0)).toBe(true)
})

test('a text of any length goes out whole, in messages that fit, cut between graphemes', () => {
  const from = { id: 2_147_483_647, name: '😀'.repeat(64) }
  const chat = (text: string) => chatMessages(jsonTo, 2, { from, group: undefined, text, time: '2026-01-01 00:00:00' })
  const family = '👨‍👩‍👧‍👦'
  const pieces = chat(family.repeat(200)).map((message) => (message as { msg: string }).msg)
  expect(pieces.length).toBeGreaterThan(1)
  for (const piece of pieces) expect(piece.replaceAll(family, '')).toBe('')
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 4_000, size: 'max' }), (text) => {
      const messages = chat(text)
      expect(messages.map((message) => (message as { msg: string }).msg).join('')).toBe(text)
      for (const message of messages) expect(jsonBytes(message)).toBeLessThanOrEqual(jsonBytesMax)
    }),
    { numRuns: 50 },
  )
})
