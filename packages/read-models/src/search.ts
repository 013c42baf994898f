import { bodyTextOf, type StoredEvent } from './events.ts'
import type { FoundMessage, SearchPage, SearchQuery } from './index.ts'
import { present } from './present.ts'
import { highlightsOf, type SearchTerms, searchTermsOf } from './search-words.ts'
import type { EventRange, FoundKey, Seat, Snapshot } from './snapshot.ts'
import { highestOf, visibleTo } from './visibility.ts'

/** Conversations that a search goes through, the newest of the user's; more are searched one by one. */
const searchConversationsMax = 2_000
/** Messages looked at for a page: what the index finds and does not say all of what is looked for would else be without an end. */
const candidatesMax = 1_000
/** Messages read at once. */
const candidatesAtOnce = 100

/**
 * Messages that say all of what is looked for, in their present text, newest text first. It goes by the same intervals as history: nothing
 * is found that the user could not read. [G5] undefined: the conversation is not there, or nothing of it is visible to him.
 */
export const searchPage = async (snapshot: Snapshot, query: SearchQuery): Promise<SearchPage | undefined> => {
  const scope = await scopeOf(snapshot, query)
  if (scope === undefined) return undefined
  const terms = searchTermsOf(query.query)
  if (terms.indexed.length === 0 || scope.ranges.length === 0) return { items: [] }
  const items: FoundMessage[] = []
  let before = decodeFoundKey(query.after)
  for (let looked = 0; looked < candidatesMax; looked += candidatesAtOnce) {
    const found = await snapshot.found(scope.ranges, terms.indexed, before, candidatesAtOnce)
    const shown = await itemsOf(snapshot, query.user, { found, scope, terms })
    for (const [index, stored] of found.entries()) {
      before = foundKeyOf(stored)
      const item = shown[index]
      if (item !== undefined) items.push(item)
      const isLast = index === found.length - 1 && found.length < candidatesAtOnce
      if (items.length === query.limit) return isLast ? { items } : { items, next: encodeFoundKey(before) }
    }
    if (found.length < candidatesAtOnce) return { items }
  }
  return before === undefined ? { items } : { items, next: encodeFoundKey(before) }
}

type ReadableSeat = Pick<Seat, 'conversation' | 'stays'>

/** What may be found: the ranges that are visible, and the conversations that they are of. */
interface Scope {
  readonly ranges: readonly EventRange[]
  readonly seats: ReadonlyMap<string, ReadableSeat>
}

const scopeOf = async (snapshot: Snapshot, { user, conversation }: SearchQuery): Promise<Scope | undefined> => {
  const one = conversation === undefined ? undefined : await snapshot.seat(user, conversation)
  const seats: readonly ReadableSeat[] =
    conversation === undefined ? await snapshot.readable(user, searchConversationsMax) : one === undefined ? [] : [one]
  const ranges = seats.flatMap((seat) =>
    visibleTo(seat.conversation, seat.stays).map((interval) => ({ ...interval, conversation: seat.conversation.id })),
  )
  if (conversation !== undefined && ranges.length === 0) return undefined
  return { ranges, seats: new Map(seats.map((seat) => [seat.conversation.id, seat])) }
}

/** Of each that the index found the message, if what was found is its present text and says what is looked for; in order. */
const itemsOf = async (
  snapshot: Snapshot,
  user: number,
  {
    found,
    scope,
    terms,
  }: { readonly found: readonly StoredEvent[]; readonly scope: Scope; readonly terms: SearchTerms },
): Promise<readonly (FoundMessage | undefined)[]> => {
  const messages = await messagesOf(snapshot, found)
  const seen = messages.map((message) => {
    const seat = message === undefined ? undefined : scope.seats.get(message.conversation)
    if (message === undefined || seat === undefined) return { conversation: nothingHappened, highest: 0, events: [] }
    return {
      conversation: seat.conversation,
      highest: highestOf(visibleTo(seat.conversation, seat.stays)),
      events: [message],
    }
  })
  const shown = await present(snapshot, user, seen)
  return found.map((stored, index) => {
    const [message, event] = [messages[index], shown[index]?.[0]?.event]
    if (message === undefined || event === undefined || !isVisible(scope, message)) return undefined
    // A text that an edit has replaced is not the message's any more; the edit is found by itself.
    const isPresent = (event.data.editedSeq ?? message.seq) === stored.seq
    const text = isPresent ? bodyTextOf(event.data) : undefined
    const highlights = text === undefined ? undefined : highlightsOf(text, terms)
    if (text === undefined || highlights === undefined) return undefined
    const { conversation, seq, at, actor } = message
    return { conversation, seq, at, actor, text, highlights }
  })
}

const nothingHappened = { id: '', acts: 0 }

const isVisible = ({ ranges }: Scope, { conversation, seq }: StoredEvent): boolean =>
  ranges.some((range) => range.conversation === conversation && range.from <= seq && seq <= range.to)

/** The message that each event is, or is an edit of; in order. */
const messagesOf = async (
  snapshot: Snapshot,
  found: readonly StoredEvent[],
): Promise<readonly (StoredEvent | undefined)[]> => {
  const spots = found.flatMap(({ conversation, about }) =>
    about === null ? [] : [{ conversation, from: about, to: about }],
  )
  const edited = spots.length === 0 ? [] : (await snapshot.events(spots, 1, 'first')).map(([message]) => message)
  const next = edited.values()
  return found.map((stored) => (stored.about === null ? stored : next.next().value))
}

const foundKeyOf = ({ at, conversation, seq }: StoredEvent): FoundKey => ({ at, conversation, seq })

const encodeFoundKey = ({ at, conversation, seq }: FoundKey): string =>
  Buffer.from(`${at} ${conversation} ${seq}`).toString('base64url')

/** undefined: from the start; so is anything that is no key. */
const decodeFoundKey = (text: string | undefined): FoundKey | undefined => {
  const match = /^(\d{1,15}) ([dg][\d.]{1,30}) (\d{1,10})$/.exec(
    Buffer.from(text ?? '', 'base64url').toString('latin1'),
  )
  const [, at, conversation, seq] = match ?? []
  if (at === undefined || conversation === undefined || seq === undefined) return undefined
  return Number(seq) > 2 ** 31 - 1 ? undefined : { at: Number(at), conversation, seq: Number(seq) }
}
