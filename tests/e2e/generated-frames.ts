import { requestSchemas } from '@chat/schemas/protocol'
import fc from 'fast-check'
import type { Shape } from './schema-shape.ts'

/** Whom and what a frame may name beside what does not exist. */
export interface KnownIds {
  readonly users: readonly number[]
  readonly conversations: readonly string[]
  /** ms since the epoch: message ids are of this time. */
  readonly nowMs: number
}

type Fields = Readonly<Record<string, unknown>>
type Values = fc.Arbitrary<unknown>

const hostileTexts = [
  ...['\u202e\u2066abc', 'аdmin', '\u200b\u200d\ufeff', '\0', '\ud800', '\u001b[2J', '<img src=x onerror=1>', '%00'],
  ...['a\u0301'.repeat(5_000), '😀'.repeat(4_000), '{{7*7}}', "'; drop table users --", '$(id)', '../../etc/passwd'],
]

const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length })

const messageIds = (nowMs: number) =>
  fc.tuple(fc.integer({ min: -60_000, max: 60_000 }), hex(3), hex(3), hex(12)).map(([ms, a, b, c]) => {
    const time = (nowMs + ms).toString(16).padStart(12, '0')
    return `${time.slice(0, 8)}-${time.slice(8)}-7${a}-8${b}-${c}`
  })

const textsOf = ({ minCodePoints: min = 0, maxCodePoints: max = 100 }: Shape): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.string({ unit: 'binary', minLength: min, maxLength: Math.min(max, min + 20) }) },
    fc.constantFrom(...hostileTexts).map((text) => Array.from(text).slice(0, max).join('').padEnd(min, 'x')),
    fc.constantFrom('x'.repeat(min), 'x'.repeat(max)),
  )

const textValues = (shape: Shape, known: KnownIds): fc.Arbitrary<string> => {
  if (shape.pattern === undefined) return textsOf(shape)
  if (shape.pattern.includes('fA-F')) return messageIds(known.nowMs)
  return fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...known.conversations) },
    fc.integer({ min: 1, max: 2 ** 31 - 1 }).map((id) => `g${id}`),
    fc.tuple(fc.constantFrom(...known.users), fc.integer({ min: 1, max: 99 })).map(([a, b]) => `d${a}.${b}`),
  )
}

const numberValues = ({ minimum = -1_000, maximum = 1_000 }: Shape, name: string, known: KnownIds) => {
  const any = fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: minimum, max: Math.min(maximum, minimum + 8) }) },
    fc.integer({ min: minimum, max: maximum }),
    fc.constantFrom(minimum, maximum),
  )
  if (!['user', 'users', 'members', 'id'].includes(name)) return any
  return fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...known.users) }, any)
}

const objects = (shape: Shape, known: KnownIds): Values => {
  const { properties = {}, required = [], patternProperties } = shape
  if (patternProperties !== undefined) {
    const [values] = Object.values(patternProperties)
    return fc.dictionary(fc.constantFrom(...known.conversations), valuesOf(values ?? {}, 'seq', known), { maxKeys: 5 })
  }
  const fields = Object.entries(properties).map(([name, field]) => [name, valuesOf(field, name, known)] as const)
  return fc.record(Object.fromEntries(fields), { requiredKeys: [...required] })
}

/** All that a schema takes. */
const valuesOf = (shape: Shape, name: string, known: KnownIds): Values => {
  if ('const' in shape) return fc.constant(shape.const)
  if (shape.enum !== undefined) return fc.constantFrom(...shape.enum)
  if (shape.anyOf !== undefined) return fc.oneof(...shape.anyOf.map((each) => valuesOf(each, name, known)))
  switch (shape.type) {
    case 'object':
      return objects(shape, known)
    case 'array':
      return fc.array(valuesOf(shape.items ?? {}, name, known), { minLength: shape.minItems ?? 0, maxLength: 6 })
    case 'integer':
      return numberValues(shape, name, known)
    case 'string':
      return textValues(shape, known)
    case 'boolean':
      return fc.boolean()
    default:
      return fc.jsonValue({ maxDepth: 6 })
  }
}

const junk: Values = fc.oneof(
  fc.constantFrom(null, true, -1, 0, 1.5, 1e300, 2 ** 53, '', [], {}, [[]], { constructor: 1 }, { toString: null }),
  fc.constantFrom(...hostileTexts),
  fc.jsonValue({ maxDepth: 3 }),
)

/** One break: of the fields (of the frame, or of an object in it) one is replaced, taken away or added. */
const broken = (frame: Fields): fc.Arbitrary<Fields> => {
  const names = Object.keys(frame).filter((name) => name !== 'op')
  const nested = names.filter((name) => typeof frame[name] === 'object' && !Array.isArray(frame[name]))
  const breaks: fc.Arbitrary<Fields>[] = [
    fc.tuple(fc.constantFrom('extra', '__proto__', 'constructor', 'ref2'), junk).map(([name, value]) => ({
      ...frame,
      ...(JSON.parse(`{${JSON.stringify(name)}:${JSON.stringify(value)}}`) as Fields),
    })),
  ]
  if (names.length > 0)
    breaks.push(
      fc.tuple(fc.constantFrom(...names), junk).map(([name, value]) => ({ ...frame, [name]: value })),
      fc.constantFrom(...names).map((gone) => Object.fromEntries(Object.entries(frame).filter(([n]) => n !== gone))),
    )
  for (const name of nested)
    breaks.push(broken((frame[name] ?? {}) as Fields).map((inner) => ({ ...frame, [name]: inner })))
  return fc.oneof(...breaks)
}

/** Frames without `ref`, of every op but hello: such as the schemas describe, and the same with one or two things wrong. */
export const framesOf = (known: KnownIds): fc.Arbitrary<Fields & { readonly op: string }> => {
  const described = Object.entries(requestSchemas)
    .filter(([op]) => op !== 'hello')
    .map(([, schema]) => valuesOf(schema as Shape, '', known) as fc.Arbitrary<Fields & { readonly op: string }>)
  const right = fc.oneof(...described).map(({ ref: _, ...frame }) => frame)
  const once = right.chain(broken)
  const frames = fc.oneof(right, once, once.chain(broken))
  return frames as fc.Arbitrary<Fields & { readonly op: string }>
}

/** A text that was a frame before something happened to it on the way. */
export const brokenTexts = (frames: fc.Arbitrary<object>): fc.Arbitrary<string> =>
  fc
    .tuple(frames, fc.nat(), fc.constantFrom('cut', 'doubled', 'replaced', 'without'), fc.string({ unit: 'binary' }))
    .map(([frame, place, how, other]) => {
      const text = JSON.stringify({ ref: 1, ...frame })
      const at = place % text.length
      const [head, tail] = [text.slice(0, at), text.slice(at)]
      if (how === 'cut') return head
      if (how === 'doubled') return head + text + tail
      return head + (how === 'replaced' ? other : '') + tail.slice(1)
    })
