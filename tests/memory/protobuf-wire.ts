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

/** The same back; numbers are those of int32. */
export const decode = (bytes: Buffer): readonly (readonly [number, number | Buffer])[] => {
  const fields: [number, number | Buffer][] = []
  let at = 0
  const next = (): bigint => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]
      if (byte === undefined) throw new Error(`cut in the middle: ${bytes.toString('hex')}`)
      value += BigInt(byte % 128) << shift
      if (byte < 128) return value
    }
  }
  while (at < bytes.length) {
    const tag = Number(next())
    if (tag % 8 === 0) fields.push([tag >> 3, Number(BigInt.asIntN(64, next()))])
    else if (tag % 8 === 2) {
      const length = Number(next())
      if (at + length > bytes.length) throw new Error(`cut in the middle: ${bytes.toString('hex')}`)
      fields.push([tag >> 3, bytes.subarray(at, at + length)])
      at += length
    } else throw new Error(`no message: ${bytes.toString('hex')}`)
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
