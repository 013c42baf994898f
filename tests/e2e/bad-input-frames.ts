import { uuidV7 } from '@chat/runtime'
import { systemRandom } from '@chat/runtime/system'
import { aboutMessages } from './bad-input-messages.ts'
import type { FrameCase, FrameWorld } from './bad-input-world.ts'

export type { FrameWorld } from './bad-input-world.ts'

export const newId = (aheadMs = 0): string => uuidV7(Date.now() + aheadMs, systemRandom)
const hourMs = 3_600_000
const idMax = 2 ** 31 - 1
const noGroup = `g${idMax}`

const text = (value: string) => ({ kind: 'text', text: value })
const custom = (data: unknown) => ({ kind: 'custom', type: 't', data })
const befriend = (user: number, note: string) => ({ op: 'friend.request', user, note })
const sendTo = (conversation: string, more: object = {}) => ({
  op: 'send',
  to: { conversation },
  clientMsgId: newId(),
  body: text('hi'),
  ...more,
})
const nested = (levels: number): unknown => {
  let value: unknown = 1
  for (let level = 0; level < levels; level++) value = [value]
  return value
}
/** JSON of exactly so many bytes. */
const dataOf = (bytes: number): string => 'd'.repeat(bytes - 2)

const unknownOps = ['', 'obey', 'forge', 'presence.look', 'constructor', '__proto__', 'toString', 'a\nb']

const senders: readonly FrameCase[] = [
  ['a text of 4,000 characters', ({ ownGroup }) => sendTo(ownGroup, { body: text('x'.repeat(4_000)) }), 'ok'],
  ['a text of 4,001 characters', ({ ownGroup }) => sendTo(ownGroup, { body: text('x'.repeat(4_001)) }), 'too_large'],
  ['a text of 4,000 emoji', ({ ownGroup }) => sendTo(ownGroup, { body: text('😀'.repeat(4_000)) }), 'ok'],
  ['a text of 4,001 emoji', ({ ownGroup }) => sendTo(ownGroup, { body: text('😀'.repeat(4_001)) }), 'too_large'],
  [
    'a text whose JSON is beyond 16 KiB',
    ({ ownGroup }) => sendTo(ownGroup, { body: text('\u0001'.repeat(4_000)) }),
    'too_large',
  ],
  [
    'a text of 10,000 combining marks',
    ({ ownGroup }) => sendTo(ownGroup, { body: text(`a${'\u0301'.repeat(10_000)}`) }),
    'too_large',
  ],
  [
    'a text of 3,999 combining marks',
    ({ ownGroup }) => sendTo(ownGroup, { body: text(`a${'\u0301'.repeat(3_999)}`) }),
    'ok',
  ],
  ['a text that turns direction', ({ ownGroup }) => sendTo(ownGroup, { body: text('a\u202e\u2066b') }), 'ok'],
  ['an empty text', ({ ownGroup }) => sendTo(ownGroup, { body: text('') }), 'invalid'],
  ['a text with NUL', ({ ownGroup }) => sendTo(ownGroup, { body: text('a\0b') }), 'invalid'],
  ['a text with a lone surrogate', ({ ownGroup }) => sendTo(ownGroup, { body: text('a\ud800b') }), 'invalid'],
  ['a body of kind file', ({ ownGroup }) => sendTo(ownGroup, { body: { kind: 'file', id: 1 } }), 'invalid'],
  ['custom data of 8 KiB', ({ ownGroup }) => sendTo(ownGroup, { body: custom(dataOf(8_192)) }), 'ok'],
  ['custom data of 8 KiB + 1', ({ ownGroup }) => sendTo(ownGroup, { body: custom(dataOf(8_193)) }), 'too_large'],
  ['custom data of 32 levels', ({ ownGroup }) => sendTo(ownGroup, { body: custom(nested(32)) }), 'ok'],
  ['custom data of 33 levels', ({ ownGroup }) => sendTo(ownGroup, { body: custom(nested(33)) }), 'invalid'],
  ['custom data of 3,000 levels', ({ ownGroup }) => sendTo(ownGroup, { body: custom(nested(3_000)) }), 'invalid'],
  [
    'custom data with a lone surrogate as a key',
    ({ ownGroup }) => sendTo(ownGroup, { body: custom({ '\ud800': 1 }) }),
    'invalid',
  ],
  [
    'custom data with __proto__',
    ({ ownGroup }) => sendTo(ownGroup, { body: custom(JSON.parse('{"__proto__":{"a":1}}')) }),
    'ok',
  ],
  ['a clientMsgId 25 hours ahead', ({ ownGroup }) => sendTo(ownGroup, { clientMsgId: newId(25 * hourMs) }), 'invalid'],
  ['a clientMsgId of version 4', ({ ownGroup }) => sendTo(ownGroup, { clientMsgId: crypto.randomUUID() }), 'invalid'],
  [
    'a clientMsgId of another variant',
    ({ ownGroup }) => sendTo(ownGroup, { clientMsgId: '01890a5d-ac96-774b-0cce-b302099a8057' }),
    'invalid',
  ],
  ['an `after` that was never sent', ({ ownGroup }) => sendTo(ownGroup, { after: newId() }), 'out_of_order'],
  [
    'an `after` that is the message itself',
    ({ ownGroup }) => {
      const own = newId()
      return sendTo(ownGroup, { clientMsgId: own, after: own })
    },
    'out_of_order',
  ],
  ['a reply to what is not there yet', ({ ownGroup }) => sendTo(ownGroup, { replyTo: idMax }), 'no_such_message'],
  ['a send to a group he is not in', ({ foreignGroup }) => sendTo(foreignGroup), 'no_such_conversation'],
  ['a send to a group that does not exist', () => sendTo(noGroup), 'no_such_conversation'],
  ['a send to a conversation of two others', ({ foreignDirect }) => sendTo(foreignDirect), 'not_member'],
  ['a send to a conversation of two who do not exist', () => sendTo(`d${idMax - 1}.${idMax}`), 'not_member'],
  [
    'a send to nobody',
    () => ({ op: 'send', to: { user: idMax }, clientMsgId: newId(), body: text('hi') }),
    'no_such_user',
  ],
  ['a send to a conversation with nobody', ({ self }) => sendTo(`d${self}.${idMax}`), 'no_such_user'],
  ['a send to ids in the wrong order', ({ self }) => sendTo(`d${idMax}.${self}`), 'invalid'],
  [
    'a send to a user and a conversation',
    ({ ownGroup, other }) => sendTo(ownGroup, { to: { user: other, conversation: ownGroup } }),
    'invalid',
  ],
]

const strangers: readonly FrameCase[] = ['foreignGroup', 'foreignDirect', 'nothing'].flatMap((whose) => {
  const id = (world: FrameWorld) => (whose === 'nothing' ? noGroup : world[whose as 'foreignGroup' | 'foreignDirect'])
  return ['history', 'members', 'conversation', 'delivered', 'read'].map((op): FrameCase => {
    const seq = op === 'delivered' || op === 'read' ? { seq: 1 } : {}
    return [`${op} of ${whose}`, (world) => ({ op, conversation: id(world), ...seq }), 'not_found']
  })
})

const relationOps = [
  'friend.request',
  'friend.withdraw',
  'friend.accept',
  'friend.decline',
  'friend.remove',
  'block',
  'unblock',
] as const

const relations: readonly FrameCase[] = [
  ...relationOps.flatMap((op): readonly FrameCase[] => [
    [`${op} of nobody`, () => ({ op, user: idMax }), 'no_such_user'],
    [`${op} of oneself`, ({ self }) => ({ op, user: self }), 'invalid'],
    [
      `${op} with an id 25 hours ahead`,
      ({ other }) => ({ op, user: other, clientMsgId: newId(25 * hourMs) }),
      'invalid',
    ],
  ]),
  ['a request with a note that is too long', ({ other }) => befriend(other, 'x'.repeat(257)), 'invalid'],
  ['a request with a note of a lone surrogate', ({ other }) => befriend(other, 'a\ud800'), 'invalid'],
  ['a request with a note with NUL', ({ other }) => befriend(other, 'a\0b'), 'invalid'],
  ['a request withdrawn that nobody made', ({ other }) => ({ op: 'friend.withdraw', user: other }), 'not_found'],
  ['a request accepted that nobody made', ({ other }) => ({ op: 'friend.accept', user: other }), 'not_found'],
  ['a request declined that nobody made', ({ other }) => ({ op: 'friend.decline', user: other }), 'not_found'],
  ['a friendship ended that is none', ({ other }) => ({ op: 'friend.remove', user: other }), 'not_friend'],
]

/** Those about one person, beside what else they need. */
const aboutSomebody = ['approve', 'refuse', 'kick', 'ban', 'unban', 'mute', 'role', 'transfer'] as const
const groupOp = (op: string, conversation: string, user: number) => ({
  ...{ op: `group.${op}`, conversation },
  ...(op === 'invite' ? { users: [user] } : op === 'close' || op === 'change' ? {} : { user }),
  ...(op === 'mute' ? { untilMs: 0 } : op === 'role' ? { role: 'admin' } : op === 'change' ? { title: 't' } : {}),
})

const groupLeaders: readonly FrameCase[] = [
  ...['invite', 'close', 'change', ...aboutSomebody].flatMap((op): readonly FrameCase[] => [
    [
      `group.${op} of a group he is not in`,
      ({ foreignGroup, other }) => groupOp(op, foreignGroup, other),
      'no_such_conversation',
    ],
    [`group.${op} of nothing`, ({ other }) => groupOp(op, noGroup, other), 'no_such_conversation'],
    [`group.${op} of two others`, ({ foreignDirect, other }) => groupOp(op, foreignDirect, other), 'invalid'],
  ]),
  ...['kick', 'unban', 'mute', 'role', 'transfer', 'approve', 'refuse'].map(
    (op): FrameCase => [
      `group.${op} of somebody who is not there`,
      ({ ownGroup }) => groupOp(op, ownGroup, idMax),
      'not_found',
    ],
  ),
  ['group.ban of nobody', ({ ownGroup }) => groupOp('ban', ownGroup, idMax), 'no_such_user'],
  ['group.invite of nobody', ({ ownGroup }) => groupOp('invite', ownGroup, idMax), 'no_such_user'],
  ['group.invite of oneself', ({ ownGroup, self }) => groupOp('invite', ownGroup, self), 'already_member'],
  [
    'group.invite of 101 users',
    ({ ownGroup }) => ({ op: 'group.invite', conversation: ownGroup, users: Array(101).fill(1) }),
    'too_large',
  ],
  ['group.change of nothing', ({ ownGroup }) => ({ op: 'group.change', conversation: ownGroup }), 'invalid'],
  [
    'group.change with a title of two lines',
    ({ ownGroup }) => ({ op: 'group.change', conversation: ownGroup, title: 'a\nb' }),
    'invalid',
  ],
  [
    'group.mute until after all days',
    ({ ownGroup, other }) => ({
      op: 'group.mute',
      conversation: ownGroup,
      user: other,
      untilMs: 8_640_000_000_000_001,
    }),
    'invalid',
  ],
  [
    'group.role of king',
    ({ ownGroup, other }) => ({ op: 'group.role', conversation: ownGroup, user: other, role: 'king' }),
    'invalid',
  ],
]

const readers: readonly FrameCase[] = [
  ['history after the end', ({ ownGroup }) => ({ op: 'history', conversation: ownGroup, after: idMax }), 'ok'],
  ['history before the beginning', ({ ownGroup }) => ({ op: 'history', conversation: ownGroup, before: 0 }), 'ok'],
  [
    'history between two bounds',
    ({ ownGroup }) => ({ op: 'history', conversation: ownGroup, before: 9, after: 1 }),
    'ok',
  ],
  [
    'history between bounds that exclude each other',
    ({ ownGroup }) => ({ op: 'history', conversation: ownGroup, before: 1, after: idMax }),
    'ok',
  ],
  [
    'history of a billion events',
    ({ ownGroup }) => ({ op: 'history', conversation: ownGroup, limit: 1_000_000_000 }),
    'ok',
  ],
  ['history of no event', ({ ownGroup }) => ({ op: 'history', conversation: ownGroup, limit: 0 }), 'invalid'],
  ['read beyond the end', ({ ownGroup }) => ({ op: 'read', conversation: ownGroup, seq: idMax }), 'no_such_message'],
  [
    'delivered beyond the end',
    ({ ownGroup }) => ({ op: 'delivered', conversation: ownGroup, seq: idMax }),
    'no_such_message',
  ],
  ['read of seq 0', ({ ownGroup }) => ({ op: 'read', conversation: ownGroup, seq: 0 }), 'invalid'],
  ['a user who does not exist', () => ({ op: 'user', id: idMax }), 'no_such_user'],
  ['a name that nobody has', () => ({ op: 'user', name: 'nobody at all' }), 'no_such_user'],
  ['users with a cursor that is none: from the beginning', () => ({ op: 'users', after: '\ufffd{}' }), 'ok'],
  [
    'members with a cursor that is none: from the beginning',
    ({ ownGroup }) => ({ op: 'members', conversation: ownGroup, after: "'" }),
    'ok',
  ],
  ['conversations with a cursor that is none: from the beginning', () => ({ op: 'conversations', after: '%' }), 'ok'],
  ['users like %_\\', () => ({ op: 'users', query: '%_\\' }), 'ok'],
  ['users like a quote', () => ({ op: 'users', query: "'; drop table users --" }), 'ok'],
  ['sync with a token that is none', () => ({ op: 'sync', token: 'x' }), 'ok'],
  ['sync with a token of 48 KiB', () => ({ op: 'sync', token: 'x'.repeat(48 * 1024) }), 'ok'],
  ['sync with a token that is too long', () => ({ op: 'sync', token: 'x'.repeat(48 * 1024 + 1) }), 'invalid'],
  [
    'sync that knows 4,000 conversations',
    () => ({ op: 'sync', known: Object.fromEntries(Array.from({ length: 4_000 }, (_, i) => [`g${i + 1}`, 1])) }),
    'ok',
  ],
]

const group = (more: object) => ({ op: 'group.create', title: 't', visibility: 'private', ...more })
const groups: readonly FrameCase[] = [
  ['a private group with a name', () => group({ name: 'n' }), 'invalid'],
  ['a public group without a name', () => group({ visibility: 'public' }), 'invalid'],
  ['a group with 1,001 members', () => group({ members: Array.from({ length: 1_001 }, (_, i) => i + 1) }), 'too_large'],
  ['a group with somebody who does not exist', () => group({ members: [idMax] }), 'no_such_user'],
  ['an empty title', () => group({ title: '' }), 'invalid'],
  ['a title of spaces', () => group({ title: '   ' }), 'invalid'],
  ['a title of 129 characters', () => group({ title: 't'.repeat(129) }), 'invalid'],
  ['a title that turns direction', () => group({ title: 'a\u202eb' }), 'invalid'],
  ['a title of two lines', () => group({ title: 'a\nb' }), 'invalid'],
  ['a description of 1,025 characters', () => group({ description: 'd'.repeat(1_025) }), 'invalid'],
  ['a group 25 hours ahead', () => group({ clientMsgId: newId(25 * hourMs) }), 'invalid'],
  [
    'join of a group that is private',
    ({ foreignGroup }) => ({ op: 'group.join', conversation: foreignGroup }),
    'no_such_conversation',
  ],
  ['join of a group that does not exist', () => ({ op: 'group.join', conversation: noGroup }), 'no_such_conversation'],
  ['join of a name that no group has', () => ({ op: 'group.join', name: 'no such club' }), 'no_such_conversation'],
  [
    'join of a conversation of two',
    ({ foreignDirect }) => ({ op: 'group.join', conversation: foreignDirect }),
    'invalid',
  ],
  ['join of a group he is in', ({ ownGroup }) => ({ op: 'group.join', conversation: ownGroup }), 'already_member'],
  [
    'leaving a group he is not in',
    ({ foreignGroup }) => ({ op: 'group.leave', conversation: foreignGroup }),
    'no_such_conversation',
  ],
  ['leaving a group that does not exist', () => ({ op: 'group.leave', conversation: noGroup }), 'no_such_conversation'],
  [
    'leaving a conversation of two',
    ({ foreignDirect }) => ({ op: 'group.leave', conversation: foreignDirect }),
    'invalid',
  ],
]

export const frameCases: readonly FrameCase[] = [
  ...unknownOps.map((op): FrameCase => [`the op ${JSON.stringify(op)}`, () => ({ op }), 'invalid']),
  ['a second hello', () => ({ op: 'hello', token: 'x', device: crypto.randomUUID() }), 'invalid'],
  ...[senders, aboutMessages, strangers, readers, groups, groupLeaders, relations].flat(),
]

/** Texts that are no request: the connection closes with 4400. */
export const malformedTexts: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['a space', ' '],
  ['no JSON', 'hello'],
  ['half an object', '{"op":"ping","ref":1'],
  ['two objects', '{"op":"ping","ref":1}{"op":"ping","ref":2}'],
  ['a trailing comma', '{"op":"ping","ref":1,}'],
  ['null', 'null'],
  ['true', 'true'],
  ['a number', '1e999'],
  ['a string', '"ping"'],
  ['an array', '[{"op":"ping","ref":1}]'],
  ['30,000 open brackets', '['.repeat(30_000)],
  ['an empty object', '{}'],
  ['no ref', '{"op":"ping"}'],
  ['no op', '{"ref":1}'],
  ['an op that is a number', '{"op":1,"ref":1}'],
  ['an op that is null', '{"op":null,"ref":1}'],
  ['an op that is a list', '{"op":["ping"],"ref":1}'],
  ['a ref of text', '{"op":"ping","ref":"1"}'],
  ['a ref of null', '{"op":"ping","ref":null}'],
  ['a ref with a fraction', '{"op":"ping","ref":1.5}'],
  ['a ref beyond what JSON readers keep', '{"op":"ping","ref":9007199254740993}'],
  ['a ref of 1e999', '{"op":"ping","ref":1e999}'],
  ['a ref of 10,000 levels', `{"op":"ping","ref":${'['.repeat(10_000)}${']'.repeat(10_000)}}`],
  ['op and ref behind __proto__', '{"__proto__":{"op":"ping","ref":1}}'],
]
