import type { Schema } from 'avsc'

/** Returns where the value that begins at `pos` ends, or -1 when its lengths and counts do not fit into the bytes. */
type Skip = (bytes: Uint8Array, pos: number) => number

/**
 * A check of lengths and counts before a decode: avsc allocates and loops for whatever count it reads, so that one damaged byte could
 * cost gigabytes. Walks by the writer's schema and allocates nothing. Types without arrays or maps need none (avsc checks their end).
 */
export const createBoundsCheck = (schema: Schema): ((bytes: Uint8Array) => boolean) | undefined => {
  if (!JSON.stringify(schema).match(/"type":"(array|map)"/)) return undefined
  const skip = skipOf(schema)
  return (bytes) => skip(bytes, 0) === bytes.length
}

const skipOf = (schema: Schema): Skip => {
  if (Array.isArray(schema)) return skipUnion(schema.map(skipOf))
  if (typeof schema === 'string') return skipPrimitive(schema)
  const type = schema as { type: Schema; fields?: { type: Schema }[]; items?: Schema; values?: Schema }
  if (type.fields !== undefined) return skipAll(type.fields.map((field) => skipOf(field.type)))
  if (type.items !== undefined) return skipBlocks(skipOf(type.items))
  if (type.values !== undefined) return skipBlocks(skipAll([skipText, skipOf(type.values)]))
  return skipOf(type.type)
}

const skipPrimitive = (type: string): Skip => {
  switch (type) {
    case 'null':
      return (_bytes, pos) => pos
    case 'boolean':
      return skipFixed(1)
    case 'double':
      return skipFixed(8)
    case 'int':
    case 'long':
      return skipLong
    case 'string':
    case 'bytes':
      return skipText
    default:
      throw new Error(`no bounds check for the Avro type ${type}`) // a bug: published schemas use no other type
  }
}

const skipFixed =
  (count: number): Skip =>
  (bytes, pos) =>
    pos + count <= bytes.length ? pos + count : -1

const varintBytesMax = 10

const skipLong: Skip = (bytes, pos) => {
  for (let at = pos; at < bytes.length && at < pos + varintBytesMax; at++)
    if (((bytes[at] ?? 0) & 0x80) === 0) return at + 1
  return -1
}

/** Zigzag, as a double: exact for every count that could fit. */
const readLong = (bytes: Uint8Array, pos: number): number => {
  let value = 0
  let factor = 1
  for (let at = pos; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    value += (byte & 0x7f) * factor
    factor *= 128
    if (byte < 0x80) break
  }
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2
}

const skipText: Skip = (bytes, pos) => {
  const start = skipLong(bytes, pos)
  if (start < 0) return -1
  const length = readLong(bytes, pos)
  return length >= 0 && length <= bytes.length - start ? start + length : -1
}

const skipAll =
  (parts: readonly Skip[]): Skip =>
  (bytes, pos) => {
    let at = pos
    for (const part of parts) {
      at = part(bytes, at)
      if (at < 0) return -1
    }
    return at
  }

const skipUnion =
  (branches: readonly Skip[]): Skip =>
  (bytes, pos) => {
    const start = skipLong(bytes, pos)
    const branch = start < 0 ? undefined : branches[readLong(bytes, pos)]
    return branch === undefined ? -1 : branch(bytes, start)
  }

/** Blocks of a count and that many items, ended by count 0. A negative count is followed by the block's size (Avro 1.11, "Arrays"). */
const skipBlocks =
  (item: Skip): Skip =>
  (bytes, pos) => {
    let at = pos
    for (;;) {
      const start = skipLong(bytes, at)
      if (start < 0) return -1
      const count = readLong(bytes, at)
      at = count < 0 ? skipLong(bytes, start) : start
      if (count === 0) return at
      // No type of ours takes less than a byte, so a count beyond the rest is damage.
      if (at < 0 || Math.abs(count) > bytes.length - at) return -1
      for (let i = 0; i < Math.abs(count); i++) {
        at = item(bytes, at)
        if (at < 0) return -1
      }
    }
  }
