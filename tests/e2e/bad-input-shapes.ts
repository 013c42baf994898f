import { requestSchemas } from '@chat/schemas/protocol'
import type { Shape } from './schema-shape.ts'

type Fields = Readonly<Record<string, unknown>>

const device = '3f1c2f6e-2f65-4a3e-8a76-0c1d1b7d4a10'
const id = '01890a5d-ac96-774b-bcce-b302099a8057'

/** One right frame of each variant of each op: every mistake is one change of one of these. */
const examples: { readonly [Op in keyof typeof requestSchemas]: readonly Fields[] } = {
  hello: [{ token: 'x', device, sync: '' }],
  ping: [{}],
  send: [
    { to: { user: 1 }, clientMsgId: id, after: id, body: { kind: 'text', text: 'x' }, replyTo: 1 },
    { to: { conversation: 'g1' }, clientMsgId: id, body: { kind: 'custom', type: 'x', data: 1 } },
  ],
  edit: [
    { conversation: 'g1', seq: 1, body: { kind: 'text', text: 'x' }, clientMsgId: id },
    { conversation: 'g1', seq: 1, body: { kind: 'custom', type: 'x', data: 1 } },
  ],
  delete: [{ conversation: 'g1', seq: 1, clientMsgId: id }],
  react: [{ conversation: 'g1', seq: 1, emoji: '👍', clientMsgId: id }],
  unreact: [{ conversation: 'g1', seq: 1, emoji: '👍', clientMsgId: id }],
  pin: [{ conversation: 'g1', seq: 1, clientMsgId: id }],
  unpin: [{ conversation: 'g1', seq: 1, clientMsgId: id }],
  report: [{ conversation: 'g1', seq: 1, reason: 'spam', clientMsgId: id }],
  edits: [{ conversation: 'g1', seq: 1, after: '', limit: 1 }],
  history: [
    { conversation: 'g1', before: 5, limit: 5 },
    { conversation: 'g1', after: 5 },
  ],
  sync: [{ token: '', known: { g1: 1 } }],
  conversations: [{ after: '', limit: 1 }],
  conversation: [{ conversation: 'g1', countsAt: 1 }],
  members: [{ conversation: 'g1', after: '', limit: 1 }],
  users: [{ query: '', after: '', limit: 1 }],
  user: [{ id: 1 }, { name: 'ann' }],
  me: [{}],
  profile: [{ displayName: 'Ann', about: 'tea', clientMsgId: id }],
  search: [{ query: 'x', conversation: 'g1', after: '', limit: 1 }],
  popular: [{ n: 1, from: '2026-01-01T00:00:00.000Z', to: '2026-01-02T00:00:00Z' }],
  delivered: [{ conversation: 'g1', seq: 1, clientMsgId: id }],
  read: [{ conversation: 'g1', seq: 1, clientMsgId: id }],
  typing: [{ conversation: 'g1', isTyping: true }],
  'presence.watch': [{ users: [1] }],
  'presence.unwatch': [{ users: [1] }],
  'group.create': [
    {
      title: 't',
      description: 'd',
      visibility: 'public',
      name: 'n',
      joinPolicy: 'open',
      history: 'all',
      members: [1],
      clientMsgId: id,
    },
  ],
  'group.join': [
    { conversation: 'g1', clientMsgId: id },
    { name: 'n', clientMsgId: id },
  ],
  'group.leave': [{ conversation: 'g1', clientMsgId: id }],
  sessions: [{ after: '', limit: 1 }],
  'session.end': [
    { session: 's', clientMsgId: id },
    { others: true, clientMsgId: id },
  ],
  'password.change': [{ old: 'old password', new: 'new password', clientMsgId: id }],
  friends: [{ after: '', limit: 1 }],
  'friend.request': [{ user: 1, note: 'hi', clientMsgId: id }],
  'friend.withdraw': [{ user: 1, clientMsgId: id }],
  'friend.accept': [{ user: 1, clientMsgId: id }],
  'friend.decline': [{ user: 1, clientMsgId: id }],
  'friend.remove': [{ user: 1, clientMsgId: id }],
  block: [{ user: 1, clientMsgId: id }],
  unblock: [{ user: 1, clientMsgId: id }],
  'group.change': [
    {
      ...{ conversation: 'g1', title: 't', description: 'd', joinPolicy: 'open', history: 'all' },
      ...{ posting: 'all', clientMsgId: id },
    },
  ],
  'group.invite': [{ conversation: 'g1', users: [1], clientMsgId: id }],
  'group.approve': [{ conversation: 'g1', user: 1, clientMsgId: id }],
  'group.refuse': [{ conversation: 'g1', user: 1, clientMsgId: id }],
  'group.kick': [{ conversation: 'g1', user: 1, clientMsgId: id }],
  'group.ban': [{ conversation: 'g1', user: 1, clientMsgId: id }],
  'group.unban': [{ conversation: 'g1', user: 1, clientMsgId: id }],
  'group.mute': [{ conversation: 'g1', user: 1, untilMs: 0, clientMsgId: id }],
  'group.role': [{ conversation: 'g1', user: 1, role: 'admin', clientMsgId: id }],
  'group.transfer': [{ conversation: 'g1', user: 1, clientMsgId: id }],
  'group.close': [{ conversation: 'g1', clientMsgId: id }],
  logout: [{ clientMsgId: id }],
}

/** Values that no field of a type takes, whatever its bounds are. */
const wrongValues: Readonly<Record<string, readonly unknown[]>> = {
  integer: ['1', 1.5, null, true, [], {}, -1, 2 ** 31, 2 ** 53, 1e300],
  string: [1, null, false, [], {}, '\ud800', 'a\0b', 'a\udc00\ud800'],
  choice: ['nope', 1, null, [], {}, ''],
  array: ['x', 1, {}, null, true, [null], ['1'], [0], [1.5], [[1]]],
  object: ['x', 1, [], null, true, { x: 1 }, { g1: '1' }, { g1: -1 }, { toString: 1 }],
  union: ['x', 1, [], null, true, {}],
}

const kindOf = (shape: Shape): string => {
  if ('const' in shape || shape.enum !== undefined) return 'choice'
  return shape.anyOf === undefined ? (shape.type ?? 'anything') : 'union'
}

/** A time is larger than any id or seq, and whole. */
const wrongFor = (shape: Shape): readonly unknown[] =>
  (wrongValues[kindOf(shape)] ?? []).filter(
    (value) => !(Number.isSafeInteger(value) && Number(value) > 0 && Number(value) <= (shape.maximum ?? 0)),
  )

const variantsOf = (shape: Shape): readonly Shape[] => shape.anyOf ?? [shape]

/** The variant that an example is one of. */
const variantOf = (shape: Shape, example: Fields): Shape | undefined =>
  variantsOf(shape).find(
    ({ properties = {}, required = [] }) =>
      Object.entries(example).every(([name, value]) => {
        const property = properties[name]
        return property !== undefined && !('const' in property && property.const !== value)
      }) && required.every((name) => name in example || name === 'op' || name === 'ref'),
  )

const without = (fields: Fields, name: string): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([key]) => key !== name))

/** Every single mistake in the fields of one object, nested ones included. */
export const mistakesIn = (
  shape: Shape | undefined,
  example: Fields,
  path: string,
): readonly (readonly [string, Fields])[] => {
  if (shape?.properties === undefined) throw new Error(`the example of ${path} fits no variant of its schema`)
  const { properties, required = [] } = shape
  return [
    [`${path} with an unknown field`, { ...example, extra: 1 }],
    [`${path} with __proto__`, { ...example, ...JSON.parse('{"__proto__":{"admin":true}}') }],
    ...required
      .filter((name) => name in example)
      .map((name): readonly [string, Fields] => [`${path} without ${name}`, without(example, name)]),
    ...Object.entries(example).flatMap(([name, value]) => {
      const property = properties[name] ?? {}
      const wrong = wrongFor(property).map((bad): readonly [string, Fields] => [
        `${path}.${name} = ${JSON.stringify(bad)}`,
        { ...example, [name]: bad },
      ])
      if (kindOf(property) !== 'union') return wrong
      const nested = value as Fields
      return [
        ...wrong,
        ...mistakesIn(variantOf(property, nested), nested, `${path}.${name}`).map(
          ([title, bad]): readonly [string, Fields] => [title, { ...example, [name]: bad }],
        ),
      ]
    }),
  ]
}

/** Every op with every frame of it that must be `invalid`, made from the schemas that the protocol's documents are made of. */
export const wrongShapes: readonly (readonly [string, readonly (readonly [string, Fields])[]])[] = Object.entries(
  examples,
).map(([op, ofOp]) => [
  op,
  ofOp.flatMap((example) =>
    mistakesIn(variantOf(requestSchemas[op as keyof typeof examples] as Shape, example), example, op),
  ),
])
