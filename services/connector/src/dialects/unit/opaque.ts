import { isUtf8 } from 'node:buffer'
import { textOfBody } from '../texts.ts'

/** What a message of `unit` says are bytes that only its clients understand: they come out as they went in. */

/** The type of a body that holds bytes which are no text. */
const bytesType = 'bytes'

type Body =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'custom'; readonly type: typeof bytesType; readonly data: { readonly base64: string } }

/** Text when it is one: a NUL is in no text that is kept. */
export const bodyOf = (bytes: Buffer): Body =>
  isUtf8(bytes) && !bytes.includes(0)
    ? { kind: 'text', text: bytes.toString('utf8') }
    : { kind: 'custom', type: bytesType, data: { base64: bytes.toString('base64') } }

/** The bytes that a body came from, or what is shown of it. */
export const bytesOf = (body: unknown): Buffer => {
  const { kind, text, type, data } = (body ?? {}) as Partial<Record<'kind' | 'text' | 'type' | 'data', unknown>>
  if (kind === 'text' && typeof text === 'string') return Buffer.from(text)
  const { base64 } = (data ?? {}) as { base64?: unknown }
  if (kind === 'custom' && type === bytesType && typeof base64 === 'string') return Buffer.from(base64, 'base64')
  return Buffer.from(textOfBody(body))
}
