import { createHmac, randomUUID } from 'node:crypto'
import { uuidV7 } from '@chat/runtime'
import { systemRandom } from '@chat/runtime/system'
import type { HttpQuestion } from './bad-input-client.ts'

/** What the cases are about. */
export interface HttpWorld {
  readonly token: string
  /** The key that the server signs with. */
  readonly key: Buffer
  readonly takenName: string
  /** A group that the caller is not in. */
  readonly foreignGroup: string
}

/** What is asked, and the status and code of the answer. */
export type HttpCase = readonly [title: string, (world: HttpWorld) => HttpQuestion, status: number, code: string]

const json = { 'content-type': 'application/json' }
const post = (path: string, body: unknown, headers: Readonly<Record<string, string>> = json): HttpQuestion => ({
  method: 'POST',
  path,
  headers,
  body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
})
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

const users = '/v1/users'
const sessions = '/v1/sessions'
const refresh = '/v1/sessions/refresh'
const resets = '/v1/password-resets'
const code = '7K2M9-QX4TD-0HRNW-V8ZB3'
const requests = '/v1/requests'
const password = 'correct horse'
const name = 'newcomer'

/** [title, body] of each that is `invalid` wherever JSON is taken. */
export const notAnObject: readonly (readonly [string, string | Buffer])[] = [
  ['no body', ''],
  ['half a body', '{"name":'],
  ['an array', '[]'],
  ['null', 'null'],
  ['a number', '1'],
  ['a string', '"x"'],
  ['an empty object', '{}'],
  ['bytes that are no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
  ['__proto__', '{"__proto__":{"name":"x"},"name":"someone","password":"correct horse"}'],
  ['constructor.prototype', '{"constructor":{"prototype":{"a":1}},"name":"someone","password":"correct horse"}'],
  ['deep nesting', `{"name":${'['.repeat(20_000)}${']'.repeat(20_000)}}`],
  ['an unknown field', `{"name":"${name}","password":"${password}","refreshToken":"x","admin":true}`],
]

const bodyCases: readonly HttpCase[] = [users, sessions, refresh, resets].flatMap((path) =>
  notAnObject.map(([what, body]): HttpCase => [`POST ${path} with ${what}`, () => post(path, body), 400, 'invalid']),
)

const contentTypes = ['text/plain', 'application/xml', 'multipart/form-data; boundary=x', 'application/jsonx', 'x']
const typeCases: readonly HttpCase[] = contentTypes.map((type) => [
  `POST ${users} as ${type}`,
  () => post(users, { name, password }, { 'content-type': type }),
  400,
  'invalid',
])

/** [title, field values] that no registration may have. */
const registrations: readonly (readonly [string, object])[] = [
  ['no password', { name }],
  ['no name', { password }],
  ['a name that is a number', { name: 7, password }],
  ['a name that is null', { name: null, password }],
  ['a name that is a list', { name: [name], password }],
  ['an empty name', { name: '', password }],
  ['a name of 65 characters', { name: 'n'.repeat(65), password }],
  ['a name of 65 astral characters', { name: '𝒳'.repeat(65), password }],
  ['a name that starts with a space', { name: ' n', password }],
  ['a name with NUL', { name: 'a\0b', password }],
  ['a name with a line break', { name: 'a\nb', password }],
  ['a name with a lone surrogate', { name: 'a\ud800', password }],
  ['a name that turns direction', { name: 'a\u202eb', password }],
  ['a name with a zero-width joiner', { name: 'a\u200db', password }],
  ['a name of 10,000 combining marks', { name: `a${'\u0301'.repeat(10_000)}`, password }],
  ['a name that grows when it is normalised', { name: '\ufdfa'.repeat(64), password }],
  ['a password of 7 characters', { name, password: '1234567' }],
  ['a password of 257 characters', { name, password: 'p'.repeat(257) }],
  ['a password that is a number', { name, password: 12345678 }],
  ['a password with NUL', { name, password: '1234567\0' }],
  ['an empty displayName', { name, password, displayName: '' }],
  ['a displayName of 65 characters', { name, password, displayName: 'd'.repeat(65) }],
  ['a displayName of two lines', { name, password, displayName: 'a\u2028b' }],
  ['a clientMsgId of version 4', { name, password, clientMsgId: randomUUID() }],
  ['a clientMsgId 25 hours ahead', { name, password, clientMsgId: uuidV7(Date.now() + 25 * 3_600_000, systemRandom) }],
]

const logins: readonly (readonly [string, object])[] = [
  ['no password', { name }],
  ['neither name nor userId', { password }],
  ['name and userId', { name, userId: 1, password }],
  ['a userId of text', { userId: '1', password }],
  ['a userId of 0', { userId: 0, password }],
  ['a userId beyond 31 bits', { userId: 2 ** 31, password }],
  ['a device that is no UUID', { name, password, device: 'phone' }],
  ['a password of 257 characters', { name, password: 'p'.repeat(257) }],
  ['a name of 65 characters', { name: 'n'.repeat(65), password }],
  ['a token of somebody else', { externalToken: 'x' }],
]

const refreshes: readonly (readonly [string, object])[] = [
  ['a number', { refreshToken: 1 }],
  ['an empty token', { refreshToken: '' }],
  ['a token of 513 characters', { refreshToken: 'r'.repeat(513) }],
  ['a token with NUL', { refreshToken: 'a\0' }],
]

const passwordResets: readonly (readonly [string, object])[] = [
  ['no code', { name, password }],
  ['no password', { name, code }],
  ['neither name nor userId', { code, password }],
  ['name and userId', { name, userId: 1, code, password }],
  ['a code that is a number', { name, code: 7, password }],
  ['an empty code', { name, code: '', password }],
  ['a code of 65 characters', { name, code: 'c'.repeat(65), password }],
  ['a code with NUL', { name, code: 'c\0', password }],
  ['a password of 7 characters', { name, code, password: '1234567' }],
  ['an unknown field', { name, code, password, device: randomUUID() }],
]

const invalidAt = (path: string, bodies: readonly (readonly [string, object])[]): readonly HttpCase[] =>
  bodies.map(([what, body]): HttpCase => [`POST ${path} with ${what}`, () => post(path, body), 400, 'invalid'])

const accountCases: readonly HttpCase[] = [
  ...invalidAt(users, registrations),
  ...invalidAt(sessions, logins),
  ...invalidAt(refresh, refreshes),
  ...invalidAt(resets, passwordResets),
  [`a name that is taken`, ({ takenName }) => post(users, { name: takenName, password }), 409, 'name_taken'],
  [
    'a name that is taken, in other letters',
    ({ takenName }) => post(users, { name: takenName.toUpperCase(), password }),
    409,
    'name_taken',
  ],
  ['an unknown name', () => post(sessions, { name: 'nobody at all', password }), 401, 'bad_credentials'],
  ['an unknown userId', () => post(sessions, { userId: 2 ** 31 - 1, password }), 401, 'bad_credentials'],
  ['a wrong password', ({ takenName }) => post(sessions, { name: takenName, password: 'x' }), 401, 'bad_credentials'],
  ['a wrong code', ({ takenName }) => post(resets, { name: takenName, code, password }), 401, 'bad_credentials'],
  ['a code for nobody', () => post(resets, { name: 'nobody at all', code, password }), 401, 'bad_credentials'],
  ['a refresh token of nobody', () => post(refresh, { refreshToken: 'a'.repeat(43) }), 401, 'unauthorized'],
  ['a body of 64 KiB + 1', () => post(users, `"${'x'.repeat(64 * 1024 - 1)}"`), 413, 'too_large'],
  [
    'a body of 70,000 bytes in chunks',
    () => ({ ...post(users, 'x'.repeat(70_000)), headers: { ...json, 'transfer-encoding': 'chunked' } }),
    413,
    'too_large',
  ],
]

/** Tokens that are not ours, as functions of one that is. */
const forgeries: readonly (readonly [string, (world: HttpWorld) => string])[] = [
  ['the token of alg none', ({ token }) => `${encoded({ alg: 'none', typ: 'JWT' })}.${token.split('.')[1]}.`],
  ['the token of alg none, signed', ({ token }) => token.replace(/^[^.]+/, encoded({ alg: 'none', typ: 'JWT' }))],
  ['a token signed with another key', ({ token }) => signed(payloadOf(token), Buffer.alloc(32, 7))],
  ['a token signed with an empty key', ({ token }) => signed(payloadOf(token), Buffer.alloc(0))],
  [
    'an expired token',
    ({ token, key }) => signed({ ...payloadOf(token), exp: Math.floor(Date.now() / 1000) - 1 }, key),
  ],
  ['a token with another user', ({ token }) => withPayload(token, { ...payloadOf(token), sub: '1' })],
  ['a truncated token', ({ token }) => token.slice(0, -5)],
  ['a token without a signature', ({ token }) => token.split('.').slice(0, 2).join('.')],
  ['a token with a fourth part', ({ token }) => `${token}.x`],
  ['a token with a changed letter', ({ token }) => token.replace(/.(?=.{10}$)/, (c) => (c === 'A' ? 'B' : 'A'))],
  ['a token of 5,000 characters', () => 'x'.repeat(5_000)],
  ['dots', () => '...'],
  ['words', () => 'let me in'],
]

const protectedRoutes: readonly HttpQuestion[] = [
  { path: '/v1/me' },
  { path: '/v1/me/export' },
  { path: '/v1/users' },
  { path: '/v1/users/1' },
  { path: '/v1/conversations' },
  { path: '/v1/conversations/g1' },
  { path: '/v1/conversations/g1/members' },
  { path: '/v1/conversations/g1/events' },
  { path: '/v1/sessions/current', method: 'DELETE' },
  post(requests, { op: 'me' }),
]

const bearerCases: readonly HttpCase[] = [
  ...protectedRoutes.map(
    (route): HttpCase => [`${route.method ?? 'GET'} ${route.path} without a token`, () => route, 401, 'unauthorized'],
  ),
  ...forgeries.map(
    ([what, forge]): HttpCase => [
      `GET /v1/me with ${what}`,
      (world) => ({ path: '/v1/me', headers: bearer(forge(world)) }),
      401,
      'unauthorized',
    ],
  ),
  ...['Basic dXNlcjpwYXNz', 'Bearer', 'bearer\ttoken', 'token'].map(
    (value): HttpCase => [
      `GET /v1/me with Authorization: ${JSON.stringify(value)}`,
      () => ({ path: '/v1/me', headers: { authorization: value } }),
      401,
      'unauthorized',
    ],
  ),
]

/** Paths for a caller with a good token. */
const reads: readonly (readonly [path: string | ((world: HttpWorld) => string), status: number, code: string])[] = [
  ...['/v1/me?x=1', '/v1/me?op=users', '/v1/me?ref=5', '/v1/users/1?id=2', '/v1/users?limit=5&limit=6'].map(invalid),
  ...['/v1/users?limit=0', '/v1/users?limit=-1', '/v1/users?limit=1e3', '/v1/users?limit=', '/v1/users?after[]=x'].map(
    invalid,
  ),
  ...[`/v1/users?query=${'q'.repeat(65)}`, `/v1/users?after=${'a'.repeat(513)}`, '/v1/users?query=%00'].map(invalid),
  ...['/v1/users/x', '/v1/users/0', '/v1/users/-1', '/v1/users/1.5', '/v1/users/99999999999', '/v1/users/%00'].map(
    invalid,
  ),
  ...['/v1/conversations/x', '/v1/conversations/g0', '/v1/conversations/d2.1', '/v1/conversations/g01'].map(invalid),
  ...["/v1/conversations/g1'--", '/v1/conversations/%2e%2e', '/v1/conversations/g1%00', '/v1/users/%zz'].map(invalid),
  ...['before=-1', 'after=x', 'before=1&before=2', 'limit=0', 'before=2147483648', 'seq=1'].map((query) =>
    invalid(`/v1/conversations/g1/events?${query}`),
  ),
  ...['/v1/me?minPos=x', '/v1/me?minPos=', '/v1/me?minPos=a&minPos=b', `/v1/me?minPos=${'9'.repeat(400)}`].map(invalid),
  ['/v1/users/2147483647', 404, 'no_such_user'],
  ['/v1/conversations/g2147483647', 404, 'not_found'],
  ['/v1/conversations/g2147483647/events', 404, 'not_found'],
  ['/v1/conversations/g2147483647/members', 404, 'not_found'],
  [({ foreignGroup }) => `/v1/conversations/${foreignGroup}`, 404, 'not_found'],
  [({ foreignGroup }) => `/v1/conversations/${foreignGroup}/events`, 404, 'not_found'],
  [({ foreignGroup }) => `/v1/conversations/${foreignGroup}/members`, 404, 'not_found'],
  ['/v1/conversations/d1.2147483647/events', 404, 'not_found'],
]

function invalid(path: string): readonly [string, number, string] {
  return [path, 400, 'invalid']
}

const readCases: readonly HttpCase[] = reads.map(([path, status, code]) => [
  `GET ${typeof path === 'string' ? path.slice(0, 80) : 'something of a group that is not his'}`,
  (world) => ({ path: typeof path === 'string' ? path : path(world), headers: bearer(world.token) }),
  status,
  code,
])

/** Frames by HTTP; the rules of each op are tried on the socket. */
const frames: readonly (readonly [string, unknown, number, string])[] = [
  ['a list', [], 400, 'invalid'],
  ['null', 'null', 400, 'invalid'],
  ['no op', {}, 400, 'invalid'],
  ['an unknown op', { op: 'obey' }, 400, 'invalid'],
  ['a ref of text', { op: 'me', ref: 'x' }, 400, 'invalid'],
  ['hello', { op: 'hello', token: 'x', device: randomUUID() }, 400, 'invalid'],
  ['ping', { op: 'ping' }, 400, 'invalid'],
  ['typing', { op: 'typing', conversation: 'g1', isTyping: true }, 400, 'invalid'],
  ['presence.watch', { op: 'presence.watch', users: [1] }, 400, 'invalid'],
  ['an unknown field', { op: 'me', all: true }, 400, 'invalid'],
  ['a body of 70,000 bytes', { op: 'me', x: 'x'.repeat(70_000) }, 413, 'too_large'],
  ['an unknown conversation', { op: 'history', conversation: 'g2147483647' }, 404, 'not_found'],
]

const frameCases: readonly HttpCase[] = frames.map(([what, body, status, code]) => [
  `POST ${requests} with ${what}`,
  ({ token }) => post(requests, body, { ...json, ...bearer(token) }),
  status,
  code,
])

const nowhere: readonly (readonly [method: string, path: string])[] = [
  ['GET', '/v1'],
  ['GET', '/v1/nothing'],
  ['GET', '/v2/users'],
  ['GET', '/v1/sessions'],
  ['GET', '/v1/requests'],
  ['GET', '/v1/conversations/g1/secrets'],
  ['GET', '/page/../package.json'],
  ['GET', '/page/%2e%2e/%2e%2e/package.json'],
  ['GET', '/.env'],
  ['PUT', '/v1/users'],
  ['PATCH', '/v1/me'],
  ['DELETE', '/v1/users/1'],
  ['POST', '/v1/me'],
  ['POST', '/healthz'],
  ['OPTIONS', '/v1/users'],
  ['POST', '/v1/socket'],
]

const routeCases: readonly HttpCase[] = [
  ...nowhere.map(
    ([method, path]): HttpCase => [`${method} ${path.slice(0, 60)}`, () => ({ method, path }), 404, 'not_found'],
  ),
  ['GET of a path that does not decode', () => ({ path: '/%zz' }), 400, 'invalid'],
  ['GET of an endless id', () => ({ path: `/v1/users/${'1'.repeat(2_000)}` }), 400, 'invalid'],
  ['GET /v1/socket without an upgrade', () => ({ path: '/v1/socket' }), 400, 'invalid'],
]

const upgrade = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' } as const
const key = { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' } as const
const upgradeCases: readonly HttpCase[] = [
  ['an upgrade without a subprotocol', () => ({ path: '/v1/socket', headers: { ...upgrade, ...key } }), 400, 'invalid'],
  [
    'an upgrade with another subprotocol',
    () => ({ path: '/v1/socket', headers: { ...upgrade, ...key, 'sec-websocket-protocol': 'chat.v9, mqtt' } }),
    400,
    'invalid',
  ],
  [
    'an upgrade somewhere else',
    () => ({ path: '/v1/me', headers: { ...upgrade, ...key, 'sec-websocket-protocol': 'chat.v1' } }),
    404,
    'not_found',
  ],
]

export const httpCases: readonly HttpCase[] = [
  ...[bodyCases, typeCases, accountCases, bearerCases, readCases, frameCases, routeCases, upgradeCases].flat(),
]

/** Handshakes that RFC 6455 itself refuses: a status, no problem of ours. */
export const handshakes: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['of another version', { ...upgrade, ...key, 'sec-websocket-version': '7', 'sec-websocket-protocol': 'chat.v1' }],
  ['without a key', { ...upgrade, 'sec-websocket-protocol': 'chat.v1' }],
  ['with a short key', { ...upgrade, 'sec-websocket-key': 'x', 'sec-websocket-protocol': 'chat.v1' }],
]

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const payloadOf = (token: string): object =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as object
const signed = (payload: object, key: Buffer): string => {
  const text = `${encoded({ alg: 'HS256', typ: 'JWT' })}.${encoded(payload)}`
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`
}
const withPayload = (token: string, payload: object): string => {
  const [head, , mac] = token.split('.')
  return `${head}.${encoded(payload)}.${mac}`
}
