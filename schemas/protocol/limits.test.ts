import { type TSchema, Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { expect, test } from 'vitest'
import { idMax } from '../src/ids.ts'
import { parseRequest, requestSchemas } from './frames.ts'
import { httpRoutes } from './http-routes.ts'
import * as limits from './limits.ts'

/** As much of a schema as says what it takes. */
interface Shape {
  readonly type?: string
  readonly const?: unknown
  readonly anyOf?: readonly Shape[]
  readonly properties?: Readonly<Record<string, Shape>>
  readonly minCodePoints?: number
  readonly maxCodePoints?: number
  readonly minimum?: number
  readonly maximum?: number
}

/** `op.field` of each field that a client fills in, in requests and in bodies and queries of HTTP; alternatives are apart. */
const fieldsIn = (path: string, shape: Shape): readonly (readonly [string, Shape])[] => {
  const { anyOf, properties } = shape
  if (anyOf !== undefined) return anyOf.flatMap((one) => fieldsIn(path, one))
  if (properties === undefined) return 'const' in shape ? [] : [[path, shape]]
  return Object.entries(properties).flatMap(([name, field]) => fieldsIn(`${path}.${name}`, field))
}

const fields = [
  ...Object.entries(requestSchemas).flatMap(([op, schema]) => fieldsIn(op, schema as Shape)),
  ...httpRoutes.flatMap(({ method, path, body, query }) =>
    [body, query === undefined ? undefined : Type.Object(query)].flatMap((schema) =>
      schema === undefined ? [] : fieldsIn(`${method} ${path}`, schema as Shape),
    ),
  ),
]
const ofType = (type: string) => fields.filter(([, shape]) => shape.type === type)
const takes = (shape: Shape, value: unknown): boolean => Compile(shape as TSchema).Check(value)

/** Those in the table, and the bounds of ids and of what JavaScript can count. */
const named = new Set<unknown>([
  ...Object.values(limits),
  ...[0, 1, idMax, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
])

test('every bound of a field is in the table of limits', () => {
  const bounds = fields.flatMap(([path, { minCodePoints, maxCodePoints, minimum, maximum }]) =>
    [minCodePoints, maxCodePoints, minimum, maximum].flatMap((bound) => (bound === undefined ? [] : [[path, bound]])),
  )
  expect(bounds.length).toBeGreaterThan(100)
  expect(bounds.filter(([, bound]) => !named.has(bound))).toEqual([])
})

/** The one text whose excess is told apart: see `bodyExcess`. */
const isText = (path: string) => path.endsWith('.body.text')

test('every text has an end, and one that is a character longer is refused', () => {
  const texts = ofType('string')
  expect(texts.length).toBeGreaterThan(50)
  const endless = texts.filter(([path, shape]) => {
    const { maxCodePoints: max = limits.frameBytesMax - 1 } = shape
    return !isText(path) && takes(shape, 'x'.repeat(max + 1))
  })
  expect(endless).toEqual([])
  const ref = 1
  const [to, clientMsgId] = [{ user: 1 }, '01890a5d-ac96-774b-bcce-b302099a8057']
  const text = 'x'.repeat(limits.textCodePointsMax + 1)
  const sent = { op: 'send', ref, to, clientMsgId, body: { kind: 'text', text } }
  const edited = { op: 'edit', ref, conversation: 'g1', seq: 1, body: { kind: 'text', text } }
  for (const frame of [sent, edited]) expect(parseRequest(frame)).toMatchObject({ error: 'too_large' })
})

test('every number has an end', () => {
  const numbers = [...ofType('integer'), ...ofType('number')]
  expect(numbers.length).toBeGreaterThan(50)
  expect(numbers.filter(([, shape]) => takes(shape, 1e300) || takes(shape, -1e300))).toEqual([])
})

/** Of each list what bounds it, and the code of one that has one more; null: a frame has no room for what could do harm. */
const lists: Readonly<Record<string, readonly [max: number, more: string] | null>> = {
  'group.create.members': [limits.groupCreateMembersMax, 'too_large'],
  'group.invite.users': [limits.groupInviteUsersMax, 'too_large'],
  'presence.watch.users': null, // Those that are watched already count too: see the connector.
  'presence.unwatch.users': null,
}
const others: Readonly<Record<string, object>> = {
  'group.create': { title: 't', visibility: 'private' },
  'group.invite': { conversation: 'g1' },
}

test('every list has an end', () => {
  expect(new Set(ofType('array').map(([path]) => path))).toEqual(new Set(Object.keys(lists)))
  for (const [path, bound] of Object.entries(lists)) {
    if (bound === null) continue
    const [max, code] = bound
    const [op, field] = [path.slice(0, path.lastIndexOf('.')), path.slice(path.lastIndexOf('.') + 1)]
    const frame = (count: number) => ({
      op,
      ref: 1,
      ...others[op],
      [field]: Array.from({ length: count }, (_, i) => i + 1),
    })
    expect(parseRequest(frame(max))).toHaveProperty('frame')
    expect(parseRequest(frame(max + 1))).toMatchObject({ error: code })
  }
  const known = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`g${i + 1}`, 1]))
  expect(parseRequest({ op: 'sync', ref: 1, known: known(limits.syncKnownMax) })).toHaveProperty('frame')
  expect(parseRequest({ op: 'sync', ref: 1, known: known(limits.syncKnownMax + 1) })).toMatchObject({
    error: 'invalid',
  })
})
