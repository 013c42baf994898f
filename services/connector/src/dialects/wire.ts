/** The fields of a protobuf message, as far as their beginnings say where they end. */

export interface Field {
  readonly number: number
  readonly wireType: number
  readonly valueAt: number
  /** May be behind the end of what is here. */
  readonly endAt: number
}

/** Wire types: those of numbers, and of texts, bytes and messages. */
export const numeric = 0
export const delimited = 2

/** undefined: its beginning is not whole. */
export const fieldAt = (bytes: Buffer, at: number): Field | 'broken' | undefined => {
  const tag = varintAt(bytes, at)
  if (tag === undefined || tag === 'broken') return tag
  const [number, wireType] = [Math.floor(tag.value / 8), tag.value % 8]
  if (number === 0 || number > fieldNumberMax) return 'broken'
  const valueAt = tag.endAt
  switch (wireType) {
    case numeric: {
      const value = varintAt(bytes, valueAt)
      return typeof value === 'object' ? { number, wireType, valueAt, endAt: value.endAt } : value
    }
    case 1:
      return { number, wireType, valueAt, endAt: valueAt + 8 }
    case delimited: {
      const length = varintAt(bytes, valueAt)
      if (typeof length !== 'object') return length
      return { number, wireType, valueAt: length.endAt, endAt: length.endAt + length.value }
    }
    case 5:
      return { number, wireType, valueAt, endAt: valueAt + 4 }
    default:
      return 'broken'
  }
}

const fieldNumberMax = 2 ** 29 - 1
const varintBytesMax = 10

/** Values beyond what a number holds exactly are too long for anything here. */
const varintAt = (bytes: Buffer, at: number): { value: number; endAt: number } | 'broken' | undefined => {
  let value = 0
  for (let index = 0; index < varintBytesMax; index++) {
    const byte = bytes[at + index]
    if (byte === undefined) return undefined
    value += (byte % 128) * 128 ** index
    if (byte < 128) return { value, endAt: at + index + 1 }
  }
  return 'broken'
}
