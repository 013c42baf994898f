import type { LogEvent } from '@chat/schemas'
import type { FoundEvent } from './read.ts'

/**
 * One event as a JSON line (docs/reading-the-log.md): its place, the record's headers, and the fields of its schema under `event`. Bytes
 * are `{"utf8": …}` where they are clear and such text, else `{"base64": …}`: nothing of them is lost.
 */
export const jsonLine = ({ partition, pos, record, event }: FoundEvent): string => {
  const { type, schema, cmd, chain } = record.headers
  const fields = Object.entries(event).filter(([name]) => name !== 'type')
  const line = {
    partition,
    pos,
    type,
    schema,
    cmd: Number(cmd),
    chain,
    appendedAt: record.timestamp,
    event: Object.fromEntries(fields.map(([name, value]) => [name, plain(value, isClear(event))])),
  }
  return `${JSON.stringify(line)}\n`
}

const isClear = (event: LogEvent): boolean => !('keyId' in event) || event.keyId === null

const plain = (value: unknown, isText: boolean): unknown => {
  if (value instanceof Uint8Array) return plainBytes(value, isText)
  if (Array.isArray(value)) return value.map((item) => plain(item, isText))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner, isText)]))
}

/** Its first character is text too, though it look like a byte order mark. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const plainBytes = (bytes: Uint8Array, isText: boolean): { readonly utf8: string } | { readonly base64: string } => {
  try {
    if (isText) return { utf8: utf8.decode(bytes) }
  } catch {
    // Clear, but no UTF-8: told as bytes.
  }
  return { base64: Buffer.from(bytes).toString('base64') }
}

/** The same for eyes: when, where, what, and the other fields by name. */
export const textLine = ({ partition, pos, event }: FoundEvent): string => {
  const { at, type, ...fields } = event
  const rest = Object.entries(fields).map(([name, value]) => `${name}=${shown(plain(value, isClear(event)))}`)
  return `${[new Date(at).toISOString(), `${partition}:${pos}`, type, ...rest].join(' ')}\n`
}

/** What people wrote must not steer the terminal: control and format characters are shown by their numbers. */
const shown = (value: unknown): string => {
  const text = isUtf8(value) ? JSON.stringify(value.utf8) : JSON.stringify(value)
  return text.replace(/\p{C}/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`)
}

const isUtf8 = (value: unknown): value is { readonly utf8: string } =>
  typeof value === 'object' && value !== null && 'utf8' in value
