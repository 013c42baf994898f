/** Protobuf as clients have it on the wire, written and read by hand: what the dialects send is not read by their own codec. */

type Value = string | number | Buffer

/** Fields by number, in the order given; a list is a field that comes again. */
export type Fields = readonly (readonly [number: number, value: Value])[]

export const encode = (fields: Fields): Buffer =>
  Buffer.concat(
    fields.map(([number, value]) => {
      if (typeof value === 'number') return Buffer.concat([varint(number * 8), varint(value)])
      const bytes = Buffer.from(value)
      return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes])
    }),
  )

const varint = (value: number): Buffer => {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) + 128)
    rest >>= 7n
  }
  return Buffer.from([...bytes, Number(rest)])
}

interface FieldAt {
  readonly number: number
  /** Numbers are those of int32. */
  readonly value: number | Buffer
  readonly endAt: number
}

/** The field that begins there; undefined: it is cut in the middle. Throws when there is none. */
export const fieldAt = (bytes: Buffer, from: number): FieldAt | undefined => {
  const tag = varintAt(bytes, from)
  const first = tag && varintAt(bytes, tag.endAt)
  if (tag === undefined || first === undefined) return undefined
  const [number, wireType] = [Number(tag.value) >> 3, Number(tag.value) % 8]
  if (wireType === 0) return { number, value: Number(BigInt.asIntN(64, first.value)), endAt: first.endAt }
  if (wireType !== 2) throw new Error(`no message: ${bytes.toString('hex')}`)
  const endAt = first.endAt + Number(first.value)
  return endAt > bytes.length ? undefined : { number, value: bytes.subarray(first.endAt, endAt), endAt }
}

const varintAt = (bytes: Buffer, from: number): { readonly value: bigint; readonly endAt: number } | undefined => {
  let value = 0n
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    value += BigInt(byte % 128) << BigInt(7 * (at - from))
    if (byte < 128) return { value, endAt: at + 1 }
  }
  return undefined
}

/** The same back. Throws when it is none, or cut in the middle. */
export const decode = (bytes: Buffer): readonly (readonly [number, number | Buffer])[] => {
  const fields: [number, number | Buffer][] = []
  for (let at = 0; at < bytes.length; ) {
    const field = fieldAt(bytes, at)
    if (field === undefined) throw new Error(`cut in the middle: ${bytes.toString('hex')}`)
    fields.push([field.number, field.value])
    at = field.endAt
  }
  return fields
}

export const textOf = (bytes: Buffer, number: number): string => {
  const value = decode(bytes).find(([one]) => one === number)?.[1]
  return Buffer.isBuffer(value) ? value.toString('utf8') : ''
}

export const bytesOf = (bytes: Buffer, number: number): readonly Buffer[] =>
  decode(bytes).flatMap(([one, value]) => (one === number && Buffer.isBuffer(value) ? [value] : []))

export const numberOf = (bytes: Buffer, number: number): number => {
  const value = decode(bytes).find(([one]) => one === number)?.[1]
  return typeof value === 'number' ? value : 0
}

/** As its servers' clients send it: `request_msg` is left out when it is empty. */
export const request = (type: string, fields: Fields = []): Buffer => {
  const inner = encode(fields)
  return encode([[1, type], ...(inner.length === 0 ? [] : ([[2, inner]] as const))])
}
