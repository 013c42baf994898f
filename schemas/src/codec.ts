import avsc from 'avsc'
import { createBoundsCheck } from './bounds.ts'
import type { Command } from './generated/command-types.ts'
import type { LogEvent } from './generated/event-types.ts'
import { schemas } from './generated/schemas.ts'
import type { SnapshotRecord } from './generated/snapshot-types.ts'
import type { DeadLetterRecord, Delivery, Receipt, Signal } from './generated/types.ts'

/** Every record that crosses a process boundary; `type` tells them apart. */
export type AnyRecord = LogEvent | Command | Delivery | Receipt | Signal | SnapshotRecord | DeadLetterRecord

/** Name and version of a schema, as in the `schema` header: `message-posted.v1`. */
export type SchemaName = keyof typeof schemas

/** Registry ids of what this process writes. */
export type SchemaIds = Readonly<Record<SchemaName, number>>

export interface Encoded {
  readonly schema: SchemaName
  readonly value: Buffer
}

/**
 * Confluent wire format (docs.confluent.io, "Wire format"): one byte 0, four bytes schema id big-endian, then Avro binary.
 * Readers of ours ignore the id: they decode by the `schema` header from the bundled schemas.
 */
export const wirePrefixBytes = 5

export interface Encoder {
  /** With the newest schema of the record's type. */
  encode(record: AnyRecord): Encoded
}

/** A decoded record, or why there is none: `unknown_schema` (this build does not bundle it) or `undecodable` (the bytes do not fit). */
export type Decoded<T> =
  | { readonly record: T }
  | { readonly reason: 'unknown_schema' | 'undecodable'; readonly detail: string }

interface Reader {
  readonly namespace: string
  readonly recordType: string
  readonly type: avsc.Type
  readonly resolver: avsc.Resolver | undefined
  readonly isBounded: ((body: Uint8Array) => boolean) | undefined
}

const versionOf = (schema: string): number => Number(schema.slice(schema.lastIndexOf('.v') + 2))

/** The codec of a set of schemas, name → Avro definition. Everybody uses the bundled one, which this file exports; tests bring others. */
export const createCodec = (definitions: Readonly<Record<string, { readonly name: string }>>) => {
  const parsed = new Map<string, avsc.Type>()
  const newestByRecord = new Map<string, { readonly schema: string; readonly type: avsc.Type }>()
  for (const [schema, definition] of Object.entries(definitions)) {
    const type = avsc.Type.forSchema(structuredClone(definition) as avsc.Schema, { wrapUnions: false })
    parsed.set(schema, type)
    const known = newestByRecord.get(definition.name)
    if (known === undefined || versionOf(known.schema) < versionOf(schema))
      newestByRecord.set(definition.name, { schema, type })
  }

  /** Writer's schema → how to read it as the newest version. Built on first use: a resolver costs 300 times a decode. */
  const readers = new Map<string, Reader>()
  const readerOf = (schema: string): Reader | undefined => {
    const cached = readers.get(schema)
    if (cached !== undefined) return cached
    const writer = parsed.get(schema)
    const [namespace, recordType] = writer?.name?.split('.').slice(1) ?? []
    const newest = recordType === undefined ? undefined : newestByRecord.get(recordType)
    if (writer === undefined || namespace === undefined || recordType === undefined || newest === undefined)
      return undefined
    const resolver = newest.schema === schema ? undefined : newest.type.createResolver(writer)
    const isBounded = createBoundsCheck(definitions[schema] as unknown as avsc.Schema)
    const reader = { namespace, recordType, type: newest.type, resolver, isBounded }
    readers.set(schema, reader)
    return reader
  }

  const encode = (record: { readonly type: string }, ids: Readonly<Record<string, number>>) => {
    const newest = newestByRecord.get(record.type)
    const id = newest === undefined ? undefined : ids[newest.schema]
    if (newest === undefined || id === undefined) throw new Error(`no schema for ${record.type}`) // a bug: the type comes from the same files
    const body = newest.type.toBuffer(record)
    const value = Buffer.allocUnsafe(wirePrefixBytes + body.length)
    value.writeUInt8(0, 0)
    value.writeUInt32BE(id, 1)
    body.copy(value, wirePrefixBytes)
    return { schema: newest.schema, value }
  }

  const decode = (namespace: string, schema: string, value: Uint8Array | null): Decoded<{ readonly type: string }> => {
    const reader = readerOf(schema)
    if (reader === undefined) return { reason: 'unknown_schema', detail: `unknown schema ${schema}` }
    const undecodable = (detail: string) => ({ reason: 'undecodable' as const, detail: `${schema}: ${detail}` })
    if (reader.namespace !== namespace) return undecodable(`is not one of ${namespace}`)
    if (value === null || value.length < wirePrefixBytes || value[0] !== 0) return undecodable('no wire prefix')
    const body = Buffer.from(value.buffer, value.byteOffset, value.byteLength).subarray(wirePrefixBytes)
    if (reader.isBounded?.(body) === false) return undecodable('lengths do not fit')
    try {
      // `type` is set first so that all records of a type share one hidden class.
      return { record: { type: reader.recordType, ...reader.type.fromBuffer(body, reader.resolver, false) } }
    } catch (error) {
      return undecodable(error instanceof Error ? error.message : String(error))
    }
  }
  return { encode, decode }
}

const bundled = createCodec(schemas)

export const createEncoder = (ids: SchemaIds): Encoder => ({
  encode: (record) => bundled.encode(record, ids) as Encoded,
})

/** Reads a value written with `schema`, which must be one of the namespace's, as the newest version of its type. Never throws. */
const decodeIn =
  <T extends AnyRecord>(namespace: string) =>
  (schema: string, value: Uint8Array | null): Decoded<T> =>
    bundled.decode(namespace, schema, value) as Decoded<T>

export const decodeEvent = decodeIn<LogEvent>('events')
export const decodeCommand = decodeIn<Command>('commands')
export const decodeDelivery = decodeIn<Delivery>('deliveries')
export const decodeReceipt = decodeIn<Receipt>('receipts')
export const decodeSignal = decodeIn<Signal>('signals')
export const decodeSnapshot = decodeIn<SnapshotRecord>('snapshots')
export const decodeDeadLetter = decodeIn<DeadLetterRecord>('deadLetters')
