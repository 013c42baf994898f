import fc from 'fast-check'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { groupSettings, parseFrame, type RequestFrame, type SendFrame } from './frames.ts'
import { bodyBytesMax, customDataBytesMax, groupCreateMembersMax, textCodePointsMax } from './limits.ts'

const v7 = '0190a5c1-7d3e-7abc-8def-0123456789ab'
const device = '6f1ed002-ab5f-4d3e-9c1a-0123456789ab'

const samples: readonly RequestFrame[] = [
  { op: 'hello', ref: 1, token: 'x.y.z', device },
  { op: 'hello', ref: 1, token: 'x.y.z', device, sync: 'token' },
  { op: 'ping', ref: -3 },
  { op: 'send', ref: 2, to: { user: 57 }, clientMsgId: v7, body: { kind: 'text', text: 'hi' } },
  {
    op: 'send',
    ref: 2,
    to: { conversation: 'd12.57' },
    clientMsgId: v7,
    after: v7,
    body: { kind: 'custom', type: 'poll', data: { options: ['a', null, 1.5, true], nested: [{}] } },
    replyTo: 4,
  },
  { op: 'edit', ref: 3, conversation: 'g31', seq: 4, body: { kind: 'text', text: 'hi' }, clientMsgId: v7 },
  { op: 'delete', ref: 3, conversation: 'd12.57', seq: 4 },
  { op: 'react', ref: 3, conversation: 'g31', seq: 4, emoji: '👍🏽' },
  { op: 'unreact', ref: 3, conversation: 'g31', seq: 4, emoji: '👍🏽', clientMsgId: v7 },
  { op: 'pin', ref: 3, conversation: 'g31', seq: 4 },
  { op: 'unpin', ref: 3, conversation: 'g31', seq: 4, clientMsgId: v7 },
  { op: 'edits', ref: 3, conversation: 'g31', seq: 4, after: '7', limit: 10 },
  { op: 'history', ref: 3, conversation: 'g31' },
  { op: 'history', ref: 3, conversation: 'g31', after: 0, limit: 500 },
  { op: 'sync', ref: 4 },
  { op: 'sync', ref: 4, token: 't', known: { g31: 17, 'd12.57': 0 } },
  { op: 'conversations', ref: 5, after: 'c' },
  { op: 'conversation', ref: 5, conversation: 'd5.5' },
  { op: 'members', ref: 5, conversation: 'g31', after: 'c' },
  { op: 'users', ref: 5, query: 'an', after: 'c', limit: 10 },
  { op: 'user', ref: 5, id: 2147483647 },
  { op: 'user', ref: 5, name: 'ann' },
  { op: 'me', ref: 5 },
  { op: 'profile', ref: 5 },
  { op: 'profile', ref: 5, displayName: 'Ann 🦊', about: 'tea\nand cake', clientMsgId: v7 },
  { op: 'delivered', ref: 5, conversation: 'g31', seq: 3 },
  { op: 'read', ref: 5, conversation: 'g31', seq: 3, clientMsgId: v7 },
  { op: 'group.create', ref: 6, title: 'All', name: 'all', visibility: 'public', members: [1, 2], clientMsgId: v7 },
  { op: 'group.create', ref: 6, title: 'Us', description: 'two\nlines', visibility: 'private', joinPolicy: 'invite' },
  { op: 'group.join', ref: 7, conversation: 'g31' },
  { op: 'group.join', ref: 7, name: 'all', clientMsgId: v7 },
  { op: 'group.leave', ref: 7, conversation: 'g31' },
  { op: 'sessions', ref: 8, after: 'c', limit: 10 },
  { op: 'session.end', ref: 8, session: 'abc', clientMsgId: v7 },
  { op: 'session.end', ref: 8, others: true },
  { op: 'password.change', ref: 8, old: 'x', new: 'long enough', clientMsgId: v7 },
  { op: 'logout', ref: 8 },
]

const parse = (frame: unknown) => parseFrame(JSON.stringify(frame))
const send: SendFrame = { op: 'send', ref: 2, to: { user: 57 }, clientMsgId: v7, body: { kind: 'text', text: 'hi' } }
const group = { op: 'group.create', ref: 6, title: 'T', visibility: 'private' }

test.each(samples.map((frame) => [frame.op, frame] as const))('a valid %s parses to itself', (_op, frame) => {
  expect(parse(frame)).toEqual({ frame })
})

test.each(samples.map((frame) => [frame.op, frame] as const))('an unknown field makes %s invalid', (op, frame) => {
  expect(parse({ ...frame, extra: 1 })).toMatchObject({ ref: frame.ref, op, error: 'invalid' })
})

test.each(
  samples.flatMap((frame) =>
    Object.keys(frame)
      .filter((field) => field !== 'op' && field !== 'ref')
      .map((field) => [frame.op, field, frame] as const),
  ),
)('%s with a list in the place of %s is invalid', (_op, field, frame) => {
  expect(parse({ ...frame, [field]: [[]] })).toMatchObject({ ref: frame.ref, error: 'invalid' })
})

test.each([
  '',
  'hello',
  '[]',
  '[{"op":"ping","ref":1}]',
  'null',
  '1',
  '"ping"',
  '{}',
  '{"op":"ping"}',
  '{"ref":1}',
  '{"op":1,"ref":1}',
  '{"op":"ping","ref":"1"}',
  '{"op":"ping","ref":1.5}',
  '{"op":"ping","ref":1e300}',
  '{"op":"ping","ref":null}',
  '{"op":"ping","ref":1',
  '['.repeat(60_000),
])('what cannot be read as an object with op and ref is malformed: %.40s', (text) => {
  expect(parseFrame(text)).toEqual({ malformed: true })
})

test.each(['nope', '', 'toString', '__proto__', 'constructor', 'HELLO'])('the unknown op %o is invalid', (op) => {
  expect(parse({ op, ref: 9 })).toMatchObject({ ref: 9, op, error: 'invalid' })
})

test.each<[string, unknown]>([
  ['without clientMsgId', { ...send, clientMsgId: undefined }],
  ['with a clientMsgId of another version', { ...send, clientMsgId: device }],
  ['to nobody', { ...send, to: {} }],
  ['to two places', { ...send, to: { user: 1, conversation: 'g1' } }],
  ['to user 0', { ...send, to: { user: 0 } }],
  ['to a user beyond 32 bits', { ...send, to: { user: 2 ** 31 } }],
  ['to a fraction of a user', { ...send, to: { user: 1.5 } }],
  ['to a conversation that is not in canonical form', { ...send, to: { conversation: 'd57.12' } }],
  ['to a conversation of no kind', { ...send, to: { conversation: 'x1' } }],
  ['with an empty text', { ...send, body: { kind: 'text', text: '' } }],
  ['with NUL in its text', { ...send, body: { kind: 'text', text: 'a\0b' } }],
  ['with a lone surrogate', { ...send, body: { kind: 'text', text: 'a\ud800b' } }],
  ['with the reserved kind file', { ...send, body: { kind: 'file', url: 'x' } }],
  ['with an unknown field in its body', { ...send, body: { kind: 'text', text: 'a', bold: true } }],
  ['with custom data that is missing', { ...send, body: { kind: 'custom', type: 't' } }],
  ['with NUL in custom data', { ...send, body: { kind: 'custom', type: 't', data: { a: ['\0'] } } }],
  ['with NUL in a key of custom data', { ...send, body: { kind: 'custom', type: 't', data: { 'a\0': 1 } } }],
  ['answering seq 0', { ...send, replyTo: 0 }],
])('a send %s is invalid', (_case, frame) => {
  expect(parse(frame)).toMatchObject({ error: 'invalid' })
})

test.each(['👍', '👍🏽', '❤', '❤️', '👨‍👩‍👧‍👦', '👩🏻‍❤️‍💋‍👨🏻', '🇪🇺', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', '1️⃣', '☺︎'])('%s is an emoji', (emoji) => {
  expect(parse({ op: 'react', ref: 1, conversation: 'g1', seq: 1, emoji })).toHaveProperty('frame')
})

test.each([
  ['nothing', ''],
  ['a letter', 'a'],
  ['a digit', '1'],
  ['two emojis', '👍👍'],
  ['a joiner alone', '\u200d'],
  ['a zero-width space', '\u200b'],
  ['an emoji with a direction mark', '👍\u202e'],
  ['an emoji with a zero-width non-joiner', '👍\u200c'],
  ['an emoji under combining marks', `👍${'\u0301'.repeat(8)}`],
  ['one that never ends', `👍${'\u200d👍'.repeat(9)}`],
  ['a lone surrogate', '\ud83d'],
])('%s is no emoji', (_case, emoji) => {
  expect(parse({ op: 'react', ref: 1, conversation: 'g1', seq: 1, emoji })).toMatchObject({ error: 'invalid' })
})

test('the body of an edit has the bounds of any other', () => {
  const edit = { op: 'edit', ref: 1, conversation: 'g1', seq: 1 }
  const text = 'a'.repeat(textCodePointsMax + 1)
  expect(parse({ ...edit, body: { kind: 'text', text } })).toMatchObject({ error: 'too_large' })
  expect(parse({ ...edit, body: { kind: 'text', text: '' } })).toMatchObject({ error: 'invalid' })
})

describe('sizes of a body', () => {
  const ofText = (text: string) => parse({ ...send, body: { kind: 'text', text } })
  const ofData = (data: unknown) => parse({ ...send, body: { kind: 'custom', type: 't', data } })

  test('a text may have 4,000 code points, whatever their width', () => {
    expect(ofText('a'.repeat(textCodePointsMax))).toHaveProperty('frame')
    expect(ofText('😀'.repeat(textCodePointsMax))).toHaveProperty('frame')
  })

  test('a longer text is too large', () => {
    expect(ofText('a'.repeat(textCodePointsMax + 1))).toMatchObject({ ref: 2, op: 'send', error: 'too_large' })
    expect(ofText('😀'.repeat(textCodePointsMax + 1))).toMatchObject({ error: 'too_large' })
    expect(ofText('e\u0301'.repeat(textCodePointsMax / 2 + 1))).toMatchObject({ error: 'too_large' })
  })

  test('a body over 16 KiB of JSON is too large even if its text is not', () => {
    expect(ofText('\u0001'.repeat(Math.ceil(bodyBytesMax / 6)))).toMatchObject({ error: 'too_large' })
  })

  test('custom data may have 8 KiB of JSON and not a byte more', () => {
    expect(ofData('x'.repeat(customDataBytesMax - 2))).toHaveProperty('frame')
    expect(ofData('x'.repeat(customDataBytesMax - 1))).toMatchObject({ error: 'too_large' })
  })

  test('custom data is at most 32 levels deep', () => {
    const nested = (levels: number) => JSON.parse('['.repeat(levels) + ']'.repeat(levels))
    expect(ofData(nested(32))).toHaveProperty('frame')
    expect(ofData(nested(34))).toMatchObject({ error: 'invalid' })
    const bomb = '['.repeat(30_000) + ']'.repeat(30_000)
    const text = JSON.stringify({ ...send, body: { kind: 'custom', type: 't', data: 0 } }).replace(
      '"data":0',
      `"data":${bomb}`,
    )
    expect(parseFrame(text)).toMatchObject({ error: 'invalid' })
  })

  test('a number that JSON cannot write again is invalid', () => {
    const text = JSON.stringify({ ...send, body: { kind: 'custom', type: 't', data: 0 } }).replace(
      '"data":0',
      '"data":1e999',
    )
    expect(parseFrame(text)).toMatchObject({ error: 'invalid' })
  })
})

describe('group.create', () => {
  test('a public group must have a name and a private one must not', () => {
    expect(parse({ ...group, visibility: 'public' })).toMatchObject({ error: 'invalid' })
    expect(parse({ ...group, name: 'n' })).toMatchObject({ error: 'invalid' })
  })

  test('too many members are too large', () => {
    const members = Array.from({ length: groupCreateMembersMax + 1 }, (_, i) => i + 1)
    expect(parse({ ...group, members })).toMatchObject({ error: 'too_large' })
    expect(parse({ ...group, members: members.slice(1) })).toHaveProperty('frame')
  })

  test('a title is one visible line', () => {
    for (const title of ['', ' ', 'a\nb', 'a\u202eb', 'x'.repeat(129)])
      expect(parse({ ...group, title })).toMatchObject({ error: 'invalid' })
  })

  test('what is left out follows from the visibility', () => {
    expect(groupSettings({ op: 'group.create', ref: 1, title: 'T', visibility: 'public', name: 'n' })).toEqual({
      joinPolicy: 'open',
      history: 'all',
    })
    expect(groupSettings({ op: 'group.create', ref: 1, title: 'T', visibility: 'private' })).toEqual({
      joinPolicy: 'invite',
      history: 'sinceJoin',
    })
  })
})

test.each([{}, { before: 5 }, { after: 2 }, { before: 5, after: 2 }])('history takes the bounds %j', (bounds) => {
  const frame = { op: 'history', ref: 1, conversation: 'g1', ...bounds }
  expect(parse(frame)).toEqual({ frame })
})

test('known names conversations only', () => {
  expect(parse({ op: 'sync', ref: 1, known: { nope: 1 } })).toMatchObject({ error: 'invalid' })
  expect(parseFrame('{"op":"sync","ref":1,"known":{"__proto__":1}}')).toMatchObject({ error: 'invalid' })
})

test('a message names the place, never the value', () => {
  const parsed = parse({ ...send, replyTo: 'secret' })
  expect(parsed).toMatchObject({ message: expect.stringContaining('/replyTo') })
  expect(JSON.stringify(parsed)).not.toContain('secret')
})

test('the frame types tell the requests apart by op', () => {
  expectTypeOf<Extract<RequestFrame, { op: 'send' }>>().toEqualTypeOf<SendFrame>()
})

test('a mutilated frame is parsed or refused, never thrown on', () => {
  const frame = fc.constantFrom(...samples)
  const mutilated = fc.oneof(
    fc.string(),
    fc.json(),
    fc.tuple(frame, fc.nat(), fc.nat(), fc.string({ maxLength: 3, unit: 'binary' })).map(([f, at, count, insert]) => {
      const text = JSON.stringify(f)
      const start = at % text.length
      return text.slice(0, start) + insert + text.slice(start + (count % 4))
    }),
    fc.tuple(frame, fc.nat(), fc.jsonValue()).map(([f, at, value]) => {
      const keys = Object.keys(f)
      return JSON.stringify({ ...f, [keys[at % keys.length] ?? 'op']: value })
    }),
  )
  fc.assert(
    fc.property(mutilated, (text) => {
      const parsed = parseFrame(text)
      if ('frame' in parsed) expect(parsed.frame).toEqual(JSON.parse(text))
      else if ('error' in parsed) expect(['invalid', 'too_large']).toContain(parsed.error)
      else expect(parsed).toEqual({ malformed: true })
    }),
    { numRuns: 2_000 },
  )
})
