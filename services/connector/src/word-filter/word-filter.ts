import type { ClientEvent } from '@chat/schemas'
import type { WordList } from './word-list.ts'

/** What is done about listed words, by the list of the moment. */
export interface WordFilter {
  /** There is no list: everything passes as it is. */
  readonly isOff: boolean
  /** As clients see it. The log keeps what was written, so a new list is true of the past at once. */
  mask(text: string): string
  /** The same of a message's body; anything else stays as it is. */
  maskBody<B>(body: B): B
  maskEvent<E extends Pick<ClientEvent, 'data'>>(event: E): E
  /** Whether a text may not be written. */
  refuses(text: string): boolean
  /** Whether a text has a listed word. */
  hasWord(text: string): boolean
}

/** `mask`: listed words are masked. `refuse`: who writes one is refused; what was written before they were listed is masked. */
export const createWordFilter = (mode: 'mask' | 'refuse', list: () => WordList): WordFilter => {
  const mask = (text: string) => list().mask(text)
  return {
    isOff: false,
    mask,
    maskBody: (body) => maskBody(body, mask),
    maskEvent: (event) => maskEvent(event, mask),
    refuses: (text) => mode === 'refuse' && list().hasWord(text),
    hasWord: (text) => list().hasWord(text),
  }
}

/** No list: everything passes as it is. */
export const noWordFilter: WordFilter = {
  isOff: true,
  mask: (text) => text,
  maskBody: (body) => body,
  maskEvent: (event) => event,
  refuses: () => false,
  hasWord: () => false,
}

/** The fields of events that are text for people. Names are what is typed to find somebody, and `custom` bodies are a program's. */
const maskedFields = ['title', 'description', 'note', 'about'] as const

const maskEvent = <E extends Pick<ClientEvent, 'data'>>(event: E, mask: (text: string) => string): E => {
  const changed: Record<string, unknown> = {}
  for (const field of maskedFields) {
    const value = event.data[field]
    if (typeof value !== 'string') continue
    const masked = mask(value)
    if (masked !== value) changed[field] = masked
  }
  const { body } = event.data
  const masked = maskBody(body, mask)
  if (masked !== body) changed.body = masked
  return Object.keys(changed).length === 0 ? event : { ...event, data: { ...event.data, ...changed } }
}

/** The same object when nothing is masked. */
const maskBody = <B>(body: B, mask: (text: string) => string): B => {
  if (typeof body !== 'object' || body === null || !('kind' in body) || body.kind !== 'text') return body
  const text = 'text' in body ? body.text : undefined
  if (typeof text !== 'string') return body
  const masked = mask(text)
  return masked === text ? body : { ...body, text: masked }
}
