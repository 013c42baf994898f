import { invariant } from './decision.ts'

/**
 * What one device did in one conversation, as far as repeats can be told apart: its accepted `clientMsgId`s (UUID v7), in the order
 * of acceptance, with their places. At most `windowIdsMax`; the greatest id that fell out is kept, so that an id which cannot be
 * told from a forgotten one is refused, never accepted twice. [G2]
 *
 * Layout: `fieldCount` numbers an id. A plain array of numbers is one block of memory: 40 bytes an id, cheap to copy.
 */
export interface Window {
  readonly entries: readonly number[]
  readonly dropped: MessageId
  /** Log time of the newest entry, ms. */
  readonly lastAtMs: number
}

/** 128 bits as three integers that fit a double: 48 of time, 40, 40. Their order is the order of the ids. */
export type MessageId = readonly [number, number, number]

/** The place that an accepted id was given: `seq` in a conversation (`noNumber`: it has none), or the id of what was created. */
export interface Place {
  readonly number: number
  readonly pos: number
}

export type Sighting =
  | { readonly kind: 'new' }
  | { readonly kind: 'repeated'; readonly place: Place }
  | { readonly kind: 'too_late' }

export const noNumber = 0

export const windowIdsMax = 128
/** These stay whatever their ids: a device leaves at most so many writes unanswered, and may still repeat them or name them in `after`. */
export const newestKept = 32
/** A window untouched for so many days of log time keeps its newest id only. */
export const idleDaysMax = 7

const dayMs = 24 * 60 * 60 * 1000
const fieldCount = 5
const none: MessageId = [-1, -1, -1]

export const emptyWindow: Window = { entries: [], dropped: none, lastAtMs: 0 }

/** Stands in the place of a conversation in the window of what a device asked of an account. */
export const accountKey = (userId: number): string => `u${userId}`

/** undefined: not a UUID v7. */
export const parseMessageId = (text: string): MessageId | undefined => {
  if (typeof text !== 'string' || !uuidV7.test(text)) return undefined
  return [
    Number.parseInt(text.slice(0, 8) + text.slice(9, 13), 16),
    Number.parseInt(text.slice(14, 18) + text.slice(19, 23) + text.slice(24, 26), 16),
    Number.parseInt(text.slice(26), 16),
  ]
}
const uuidV7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i

/** What the window knows of an id. */
export const sight = (window: Window, id: MessageId): Sighting => {
  const { entries } = window
  // From the end: a repeat is mostly of something recent.
  for (let at = entries.length - fieldCount; at >= 0; at -= fieldCount)
    if (entries[at + 2] === id[2] && entries[at + 1] === id[1] && entries[at] === id[0])
      return { kind: 'repeated', place: { number: field(entries, at + 3), pos: field(entries, at + 4) } }
  return isGreater(id, window.dropped) ? { kind: 'new' } : { kind: 'too_late' }
}

/** The window after `id` was accepted. */
export const remember = (window: Window, id: MessageId, place: Place, atMs: number): Window => {
  const added = [id[0], id[1], id[2], place.number, place.pos]
  const lastAtMs = Math.max(window.lastAtMs, atMs)
  if (window.entries.length < windowIdsMax * fieldCount)
    return { entries: window.entries.concat(added), dropped: window.dropped, lastAtMs }
  // The least id goes, not the oldest: one written while a device's clock was ahead must not make all later ones too late.
  const least = leastOf(window.entries, window.entries.length - (newestKept - 1) * fieldCount)
  const dropped = greater(window.dropped, idAt(window.entries, least))
  return { entries: replaced(window.entries, least, added), dropped, lastAtMs }
}

/** Without the id at `gone`, with `added` at the end. One copy of the right size: this runs for every message. */
const replaced = (entries: readonly number[], gone: number, added: readonly number[]): readonly number[] => {
  const next = entries.slice()
  for (let at = gone; at < next.length - fieldCount; at++) next[at] = field(entries, at + fieldCount)
  for (let index = 0; index < fieldCount; index++) next[next.length - fieldCount + index] = field(added, index)
  return next
}

/** The window as it is at `logTimeMs`, the greatest `at` in the log. Counted in whole days, so that it changes once a day. */
export const windowAt = (window: Window, logTimeMs: number): Window => {
  const idleBeforeMs = (dayOf(logTimeMs) - idleDaysMax) * dayMs
  const newest = window.entries.length - fieldCount
  if (newest <= 0 || window.lastAtMs >= idleBeforeMs) return window
  let { dropped } = window
  for (let at = 0; at < newest; at += fieldCount) dropped = greater(dropped, idAt(window.entries, at))
  return { entries: window.entries.slice(newest), dropped, lastAtMs: window.lastAtMs }
}

/** `entries` for a dump: times, numbers and positions as differences to the id before, which makes them short. */
export const packIds = (entries: readonly number[]): number[] => {
  const packed = entries.slice()
  for (let at = packed.length - fieldCount; at >= fieldCount; at -= fieldCount)
    for (const part of differing) packed[at + part] = field(entries, at + part) - field(entries, at + part - fieldCount)
  return packed
}

export const unpackIds = (packed: readonly number[]): readonly number[] => {
  invariant(packed.length % fieldCount === 0 && packed.length <= windowIdsMax * fieldCount, 'ids are whole and bounded')
  const entries = packed.slice()
  for (let at = fieldCount; at < entries.length; at += fieldCount)
    for (const part of differing) entries[at + part] = field(packed, at + part) + field(entries, at + part - fieldCount)
  return entries
}

/** Of the fields of an id, those that are like the ones before. */
const differing = [0, 3, 4] as const

/** The day of log time: when it changes, idle windows shrink. */
export const dayOf = (logTimeMs: number): number => Math.floor(logTimeMs / dayMs)

const leastOf = (entries: readonly number[], end: number): number => {
  let least = 0
  for (let at = fieldCount; at < end; at += fieldCount) if (isLess(entries, at, least)) least = at
  return least
}

const isLess = (entries: readonly number[], a: number, b: number): boolean => {
  for (let part = 0; part < 3; part++) {
    const difference = field(entries, a + part) - field(entries, b + part)
    if (difference !== 0) return difference < 0
  }
  return false
}

const field = (entries: readonly number[], at: number): number => entries[at] ?? Number.NaN

const idAt = (entries: readonly number[], at: number): MessageId => [
  field(entries, at),
  field(entries, at + 1),
  field(entries, at + 2),
]

const greater = (a: MessageId, b: MessageId): MessageId => (isGreater(a, b) ? a : b)

const isGreater = (a: MessageId, b: MessageId): boolean =>
  a[0] !== b[0] ? a[0] > b[0] : a[1] !== b[1] ? a[1] > b[1] : a[2] > b[2]
