import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type AnyRecord,
  createCodec,
  createEncoder,
  decodeCommand,
  decodeDeadLetter,
  decodeDelivery,
  decodeEvent,
  decodeReceipt,
  decodeSignal,
  decodeSnapshot,
  type SchemaName,
  wirePrefixBytes,
} from './codec.ts'
import { localSchemaIds, schemas } from './generated/schemas.ts'

type AvroType = string | readonly AvroType[] | { type: AvroType; items?: AvroType; values?: AvroType; fields?: Field[] }
interface Field {
  readonly name: string
  readonly type: AvroType
}

const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array))
const text = fc.string({ unit: 'binary', maxLength: 20 }).filter((value) => value.isWellFormed())
const primitives: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  null: fc.constant(null),
  string: text,
  boolean: fc.boolean(),
  int: fc.integer(),
  // Beyond 52 bits avsc is not exact for negative numbers; times and offsets stay far below.
  long: fc.integer({ min: -(2 ** 52), max: 2 ** 52 }),
  bytes,
}

const arbitraryOf = (type: AvroType): fc.Arbitrary<unknown> => {
  if (Array.isArray(type)) return fc.oneof(...type.map(arbitraryOf))
  if (typeof type === 'string') return primitives[type] ?? fc.constant(undefined)
  const { fields, items, values, type: inner } = type as Exclude<AvroType, string | readonly AvroType[]>
  if (fields !== undefined)
    return fc.record(Object.fromEntries(fields.map((field) => [field.name, arbitraryOf(field.type)])))
  if (items !== undefined) return fc.array(arbitraryOf(items), { maxLength: 5 })
  if (values !== undefined)
    return fc.dictionary(
      text.filter((key) => key !== '__proto__'),
      arbitraryOf(values),
      { noNullPrototype: true },
    )
  return arbitraryOf(inner)
}

const decoders = {
  events: decodeEvent,
  commands: decodeCommand,
  deliveries: decodeDelivery,
  receipts: decodeReceipt,
  signals: decodeSignal,
  snapshots: decodeSnapshot,
  deadLetters: decodeDeadLetter,
} as const

const encoder = createEncoder(localSchemaIds)
const names = Object.keys(schemas) as SchemaName[]
const definitionOf = (schema: SchemaName) =>
  schemas[schema] as unknown as { name: string; namespace: string; fields: Field[] }
const decoderOf = (schema: SchemaName) =>
  decoders[definitionOf(schema).namespace.slice('chat.'.length) as keyof typeof decoders]
const recordOf = (schema: SchemaName): fc.Arbitrary<AnyRecord> =>
  arbitraryOf(definitionOf(schema) as unknown as AvroType).map(
    (fields) => ({ type: definitionOf(schema).name, ...(fields as object) }) as AnyRecord,
  )

/** What is written: the newest version of each record. Older ones are read from the golden log. */
const newestNames = names.filter(
  (schema) => encoder.encode(fc.sample(recordOf(schema), { numRuns: 1, seed: 7 })[0] as AnyRecord).schema === schema,
)

test('of a record with several versions the newest is written', () => {
  expect(newestNames).toContain('kick.v2')
  expect(newestNames).not.toContain('kick.v1')
})

test.each(newestNames)('%s decodes to what was encoded', (schema) => {
  fc.assert(
    fc.property(recordOf(schema), (record) => {
      const encoded = encoder.encode(record)
      expect(decoderOf(schema)(encoded.schema, encoded.value)).toEqual({ record })
    }),
  )
})

test('the wire prefix is a zero byte and the schema id, big-endian', () => {
  const { schema, value } = createEncoder({ ...localSchemaIds, 'log-opened.v1': 0x01020304 }).encode({
    type: 'LogOpened',
    partitions: 24,
    firstId: 1,
    hash: 'murmur2-utf8-positive',
    at: 0,
  })
  expect(schema).toBe('log-opened.v1')
  expect(value.subarray(0, wirePrefixBytes)).toEqual(Buffer.from([0, 1, 2, 3, 4]))
})

describe('bytes that are no record', () => {
  const encoded = (schema: SchemaName) =>
    fc.sample(recordOf(schema), { numRuns: 1, seed: 7 }).map((r) => encoder.encode(r).value)[0]

  test.each(names)('%s: damaged bytes are reported or decoded, never thrown on, and cost no time', (schema) => {
    const damaged = recordOf(schema).chain((record) => {
      const { value } = encoder.encode(record)
      return fc.oneof(
        fc.nat({ max: value.length }).map((end) => value.subarray(0, end)),
        fc.uint8Array({ minLength: 1, maxLength: 5 }).map((more) => Buffer.concat([value, more])),
        fc.tuple(fc.nat({ max: value.length - 1 }), fc.nat({ max: 255 })).map(([at, byte]) => {
          const copy = Buffer.from(value)
          copy[at] = byte
          return copy
        }),
        fc.uint8Array({ maxLength: 60 }).map((rest) => Buffer.concat([Buffer.alloc(wirePrefixBytes), rest])),
      )
    })
    fc.assert(
      fc.property(damaged, (value) => {
        const decoded = decoderOf(schema)(schema, value)
        expect('record' in decoded || decoded.reason === 'undecodable').toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  test.each<[string, Buffer | null]>([
    ['nothing', null],
    ['an empty value', Buffer.alloc(0)],
    ['a prefix cut short', Buffer.alloc(4)],
    ['another magic byte', Buffer.from([1, 0, 0, 0, 1, 2, 2, 2])],
    ['only a prefix', Buffer.alloc(5)],
    ['JSON', Buffer.from('{"type":"LogOpened"}')],
  ])('%s is undecodable', (_case, value) => {
    expect(decodeEvent('log-opened.v1', value)).toMatchObject({ reason: 'undecodable' })
  })

  test('a cut value is undecodable at every length', () => {
    const value = encoded('message-posted.v2') ?? Buffer.alloc(0)
    for (let end = 0; end < value.length; end++)
      expect(decodeEvent('message-posted.v2', value.subarray(0, end))).toMatchObject({ reason: 'undecodable' })
  })

  test('trailing bytes are undecodable', () => {
    const value = Buffer.concat([encoded('message-posted.v2') ?? Buffer.alloc(0), Buffer.from([0])])
    expect(decodeEvent('message-posted.v2', value)).toMatchObject({ reason: 'undecodable' })
  })

  test.each([
    ['two thousand million', [0x80, 0xd0, 0xac, 0xf3, 0x0e]],
    ['2^62', [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]],
    ['minus 2^31, with a block size', [0xff, 0xff, 0xff, 0xff, 0x0f, 0x00]],
  ])('a count of %s rejections in ten bytes is refused before anything is allocated', (_case, count) => {
    const value = Buffer.from([0, 0, 0, 0, 1, 0x02, ...count, 0, 0, 0])
    expect(decodeEvent('commands-rejected.v1', value)).toEqual({
      reason: 'undecodable',
      detail: 'commands-rejected.v1: lengths do not fit',
    })
  })

  test('an array in blocks with sizes, as other writers make them, is read', () => {
    const value = Buffer.from([0, 0, 0, 0, 1, 0x02, 0x01, 0x06, 0x08, 0x02, 0x61, 0x00])
    expect(decodeEvent('commands-rejected.v1', value)).toEqual({
      record: { type: 'CommandsRejected', at: 1, rejections: [{ cmd: 4, code: 'a', refused: null }] },
    })
  })
})

test('a schema that is not bundled is unknown', () => {
  expect(decodeEvent('message-posted.v99', Buffer.alloc(9))).toMatchObject({ reason: 'unknown_schema' })
  expect(decodeEvent('toString', Buffer.alloc(9))).toMatchObject({ reason: 'unknown_schema' })
})

test('a record of another folder is undecodable there', () => {
  const { schema, value } = encoder.encode({ type: 'LogOpened', partitions: 4, firstId: 1, hash: 'h', at: 0 })
  expect(decodeCommand(schema, value)).toMatchObject({ reason: 'undecodable' })
})

describe('versions', () => {
  const v1 = { type: 'record', name: 'Thing', namespace: 'chat.events', fields: [{ name: 'a', type: 'int' }] }
  const v2 = { ...v1, fields: [{ name: 'b', type: ['null', 'string'], default: null }, ...v1.fields] }
  const codec = createCodec({ 'thing.v1': v1, 'thing.v2': v2 })
  const old = createCodec({ 'thing.v1': v1 })

  test('an older record is read as the newest version, with defaults', () => {
    const { schema, value } = old.encode({ type: 'Thing', a: 5 } as { type: string }, { 'thing.v1': 1 })
    expect(schema).toBe('thing.v1')
    expect(codec.decode('events', schema, value)).toEqual({ record: { type: 'Thing', a: 5, b: null } })
  })

  test('the newest version is the one written', () => {
    const record = { type: 'Thing', a: 5, b: 'x' }
    const { schema, value } = codec.encode(record, { 'thing.v1': 1, 'thing.v2': 2 })
    expect(schema).toBe('thing.v2')
    expect(codec.decode('events', schema, value)).toEqual({ record })
  })

  test('v10 is newer than v9', () => {
    const many = createCodec({ 'thing.v10': v2, 'thing.v9': v1 })
    expect(many.encode({ type: 'Thing', a: 1, b: null } as { type: string }, { 'thing.v10': 1 }).schema).toBe(
      'thing.v10',
    )
  })
})
