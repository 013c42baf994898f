import { type Static, Type } from 'typebox'
import { boundedElsewhere, isStorable, strict, text } from './fields.ts'
import {
  bodyBytesMax,
  customDataBytesMax,
  customDataDepthMax,
  customTypeCodePointsMax,
  textCodePointsMax,
} from './limits.ts'
import { hasCodePoints } from './names.ts'

/** What a message says. `file` is reserved. Its excess of size is `too_large`, everything else wrong with it is `invalid`. */
const textBody = Type.Object({ kind: Type.Literal('text'), text: boundedElsewhere(1, textCodePointsMax) }, strict)

const customBody = Type.Object(
  {
    kind: Type.Literal('custom'),
    type: text(1, customTypeCodePointsMax),
    data: Type.Refine(
      Type.Unknown({
        description: `Any JSON of at most ${customDataBytesMax} bytes and ${customDataDepthMax} levels.`,
      }),
      (data) => isPlain(data),
      () => `must be JSON of at most ${customDataDepthMax} levels, with finite numbers and well-formed text`,
    ),
  },
  strict,
)

export const messageBody = Type.Union([textBody, customBody], { title: 'Body' })
export type MessageBody = Static<typeof messageBody>

/** Why a valid body is too large; undefined: it is not. */
export const bodyExcess = (body: MessageBody): string | undefined => {
  if (body.kind === 'text' && !hasCodePoints(body.text, 1, textCodePointsMax))
    return `a text has at most ${textCodePointsMax} characters`
  if (body.kind === 'custom' && jsonBytes(body.data) > customDataBytesMax)
    return `data has at most ${customDataBytesMax} bytes`
  // Most are far from it, and this is paid for every message: nothing is encoded that cannot be too large.
  if (body.kind === 'text' && body.text.length * jsonBytesOfUnitMax + textBodyFrameBytes <= bodyBytesMax)
    return undefined
  return jsonBytes(body) > bodyBytesMax ? `a body has at most ${bodyBytesMax} bytes` : undefined
}

/** A UTF-16 unit in JSON takes at most the six bytes of an escape. */
const jsonBytesOfUnitMax = 6
/** What stands around the text. */
const textBodyFrameBytes = JSON.stringify({ kind: 'text', text: '' }).length

const utf8 = new TextEncoder()
const jsonBytes = (value: unknown): number => utf8.encode(JSON.stringify(value)).length

/** Walks level by level, not by recursion: the nesting is the client's, and every later reader may recurse once this has passed. */
const isPlain = (data: unknown): boolean => {
  let level: readonly unknown[] = [data]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > customDataDepthMax || !level.every(isPlainScalar)) return false
    level = level.flatMap(children)
  }
  return true
}

const isPlainScalar = (value: unknown): boolean => {
  if (typeof value === 'string') return isStorable(value)
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object' || value === null) return typeof value === 'boolean' || value === null
  return Array.isArray(value) || Object.keys(value).every(isStorable)
}

const children = (value: unknown): readonly unknown[] =>
  typeof value === 'object' && value !== null ? Object.values(value) : []
