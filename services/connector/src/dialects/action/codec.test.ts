import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeRequest, encodeReply, flatWords } from './codec.ts'

const frame = (action: unknown, data: unknown, more: object = {}) => JSON.stringify({ id: 1, action, data, ...more })
const read = (action: unknown, data: unknown, more: object = {}) => decodeRequest(frame(action, data, more))

test('what a stock client sends is read', () => {
  expect(read('login', { username: 'ann' })).toEqual({ type: 'logIn', name: 'ann', password: undefined })
  expect(read('login', { username: 'ann', password: 'x' })).toEqual({ type: 'logIn', name: 'ann', password: 'x' })
  expect(read('login', { username: 'ann', password: null })).toMatchObject({ password: undefined })
  const chat = { format: 'text', from: 'eve', to: 'bob', roomName: '', ts: 5, isGroup: false, message: 'hi \u0000you' }
  expect(read('chat', chat)).toEqual({ type: 'chat', to: 'bob', text: 'hi you' })
  const roomChat = { type: 'roomChat', room: 'tea', text: 'hi you' }
  expect(read('chat', { ...chat, to: null, roomName: 'tea', isGroup: true })).toEqual(roomChat)
  expect(read('chat', { ...chat, to: null, roomName: 'tea' })).toEqual(roomChat)
  expect(read('chat', { ...chat, roomName: 'tea', isGroup: true })).toEqual(roomChat)
  expect(read('userInfo', { username: 'ann' })).toEqual({ type: 'userInfo', name: 'ann' })
  expect(read('joinRoom', { roomName: 'tea', username: 'ann' })).toEqual({ type: 'joinRoom', room: 'tea' })
})

test.each([
  [undefined, 1],
  [0, 1],
  ['0', 1],
  ['-3', 1],
  [7, 7],
  ['12', 12],
])('popular with n %j asks for %i', (n, expected) => {
  expect(read('popular', { n })).toEqual({ type: 'popular', n: expected })
})

test.each([
  ['login', {}],
  ['login', { username: '' }],
  ['login', { username: 'ann', password: 5 }],
  ['chat', { to: 'bob', message: 5 }],
  ['chat', { to: 'bob' }],
  ['chat', { to: null, message: 'x' }],
  ['chat', { to: 57, message: 'x', roomName: ['tea'] }],
  ['userInfo', { username: null }],
  ['joinRoom', { roomName: 5 }],
  ['popular', { n: 'many' }],
  ['popular', { n: 1.5 }],
  ['popular', { n: '9'.repeat(400) }],
  ['login', []],
  ['login', 'ann'],
  ['logout', {}],
  ['leaderConnect', {}],
  ['syncServers', {}],
  ['forwardMessage', { to: 'bob', message: 'x' }],
  ['chat', { to: 'bob', message: 'x', sourceNode: 'n1' }],
  [undefined, {}],
  [{ toString: 'login' }, { username: 'ann' }],
])('%j with %j is not understood', (action, data) => {
  expect(read(action, data)).toMatchObject({ type: 'invalid' })
})

test('a node of the old cluster is not understood, whatever it says', () => {
  expect(read('chat', { to: 'bob', message: 'x' }, { sourceNode: 'n1' })).toMatchObject({ type: 'invalid' })
})

test('a frame cut anywhere, doubled, or with bytes of its own is no frame', () => {
  const whole = frame('chat', { to: 'bob', message: '你好 "q"', roomName: '' })
  expect(decodeRequest(whole)).toMatchObject({ type: 'chat' })
  for (let end = 0; end < whole.length; end++)
    expect(decodeRequest(whole.slice(0, end))).toMatchObject({ type: 'invalid' })
  expect(decodeRequest(whole + whole)).toMatchObject({ type: 'invalid' })
  expect(decodeRequest(`${whole}\u0000`)).toMatchObject({ type: 'invalid' })
})

test('property: nothing that comes throws, and what is read has texts where texts are', () => {
  const data = fc.dictionary(
    fc.constantFrom('username', 'password', 'to', 'roomName', 'isGroup', 'message', 'n'),
    fc.oneof(fc.string(), fc.jsonValue()),
  )
  const action = fc.constantFrom('login', 'chat', 'userInfo', 'joinRoom', 'popular', 'x')
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.tuple(action, data).map(([a, d]) => frame(a, d)),
      ),
      (text) => {
        const request = decodeRequest(text)
        const texts = Object.values(request).filter((value) => value !== undefined && typeof value !== 'number')
        expect(texts.every((value) => typeof value === 'string')).toBe(true)
        if (request.type === 'popular') expect(request.n).toBeGreaterThanOrEqual(1)
      },
    ),
    { numRuns: 20_000 },
  )
})

test('what is sent has an id, its action and its data, in this order', () => {
  expect(encodeReply(5, { action: 'error', data: { code: 404, message: 'é "x"', ext: '' } })).toBe(
    '{"id":5,"action":"error","data":{"code":404,"message":"é \\"x\\"","ext":""}}',
  )
  expect(
    flatWords([
      { word: 'one', count: 3 },
      { word: 'two', count: 2 },
    ]),
  ).toEqual(['one', '3', 'two', '2'])
})
