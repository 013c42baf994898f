import { readFileSync } from 'node:fs'
import protobuf from 'protobufjs'
import { delimited, fieldAt, numeric } from './wire.ts'

/** Messages of one type of a .proto file; their fields are named as there. */
export interface MessageType<T extends object> {
  /** Fields that have proto3's default are not written, those of messages inside neither: so nothing but a list's empty element writes a zero byte. */
  encode(fields: Partial<T>): Buffer
  /** Fields that are not there have their default. undefined: it is no such message. */
  decode(bytes: Buffer): T | undefined
}

export type ProtoFile = <T extends object>(type: string) => MessageType<T>

export const readProto = (file: URL): ProtoFile => {
  const { root } = protobuf.parse(readFileSync(file, 'utf8'), { keepCase: true })
  root.resolveAll()
  return <T extends object>(name: string): MessageType<T> => {
    const type = root.lookupType(name)
    const wireTypes = new Map(
      type.fieldsArray.map((field) => [
        field.id,
        field.type === 'int32' || field.type === 'bool' ? numeric : delimited,
      ]),
    )
    return {
      encode: (fields) => Buffer.from(type.encode(withoutDefaults(fields) as object).finish()),
      decode: (bytes) => {
        // The library reads what is cut off, or of another type, as something.
        if (!isWhole(bytes, wireTypes)) return undefined
        try {
          return type.decode(bytes) as unknown as T
        } catch {
          // The library throws RangeError and Error alike for what it cannot read: the one outcome that this has.
          return undefined
        }
      },
    }
  }
}

/** Whether all its fields are there, and those that are known of their own types. */
const isWhole = (bytes: Buffer, wireTypes: ReadonlyMap<number, number>): boolean => {
  for (let at = 0; at < bytes.length; ) {
    const field = fieldAt(bytes, at)
    if (field === undefined || field === 'broken' || field.endAt > bytes.length) return false
    const wireType = wireTypes.get(field.number)
    if (wireType !== undefined && wireType !== field.wireType) return false
    at = field.endAt
  }
  return true
}

const withoutDefaults = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutDefaults)
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value
  const fields = Object.entries(value).filter(([, field]) => !isDefault(field))
  return Object.fromEntries(fields.map(([name, field]) => [name, withoutDefaults(field)]))
}

const isDefault = (value: unknown): boolean =>
  value === undefined ||
  value === false ||
  value === 0 ||
  value === '' ||
  (Buffer.isBuffer(value) && value.length === 0)
