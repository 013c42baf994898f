import { idMax } from '@chat/schemas'
import { syncEventsPerConversationMax, syncFirstEventsMax, syncPageBytesMax } from '@chat/schemas/protocol'
import type { StoredEvent } from './events.ts'
import type { SyncedConversation, SyncQuery } from './index.ts'
import { type Presented, present } from './present.ts'
import type { EventRange, Offsets, Seat, Snapshot } from './snapshot.ts'
import { cursorsOf, unreadOf } from './unread.ts'
import { membershipOf, otherOf, titleOf } from './views.ts'
import { clip, highestOf, isMember, visibleTo } from './visibility.ts'

export interface Selection {
  readonly seats: readonly Seat[]
  /** Given: each conversation comes with what follows it (or what the device knows), oldest first; else with its newest events. */
  readonly base: Offsets | undefined
}

export interface FilledPage {
  readonly conversations: readonly SyncedConversation[]
  /** The last one that is on the page. */
  readonly last: Seat | undefined
  /** Some of the selection did not fit. */
  readonly isFull: boolean
}

/** Events fetched by one query, about; some hundred KiB. */
const eventsPerQuery = 1000
/** A conversation's JSON without its events and title, bytes at most. */
const headerBytes = 320

/** Puts as many of the selected conversations on a page as fit; a conversation that alone does not fit is cut short. */
export const fillPage = async (snapshot: Snapshot, query: SyncQuery, selection: Selection): Promise<FilledPage> => {
  const drafts = await draftsOf(snapshot, query, selection)
  const entries: Entry[] = []
  let bytes = 0
  let isFull = false
  for (let from = 0; from < drafts.length && !isFull; ) {
    const chunk = chunkOf(drafts, from)
    const found = await presentedOf(snapshot, query.user, chunk)
    for (const [index, draft] of chunk.entries()) {
      const entry = entryOf(draft, found[index] ?? [])
      if (entries.length > 0 && bytes + entry.bytes > syncPageBytesMax) {
        isFull = true
        break
      }
      entries.push(entry)
      bytes += entry.bytes
    }
    from += chunk.length
  }
  const seats = entries.map(({ draft }) => draft.seat)
  const unread = await unreadOf(query.user, seats, snapshot)
  const conversations = entries.map((entry, index) => syncedOf(query.user, entry, unread[index] ?? 0))
  return { conversations, last: seats.at(-1), isFull }
}

interface Draft {
  readonly seat: Seat
  /** The first seq that the page answers for, if nothing is cut. */
  readonly from: number
  readonly highest: number
  readonly ranges: readonly EventRange[]
  readonly end: 'first' | 'last'
  readonly limit: number
}

const draftsOf = async (
  snapshot: Snapshot,
  query: SyncQuery,
  { seats, base }: Selection,
): Promise<readonly Draft[]> => {
  const before = base === undefined ? new Map<string, number>() : await knownOf(snapshot, query, seats, base)
  return seats.map((seat) => {
    const { conversation } = seat
    const visible = visibleTo(conversation, seat.stays)
    const highest = highestOf(visible)
    const from = (before.get(conversation.id) ?? 0) + 1
    const ranges = clip(visible, { from, to: highest }).map((range) => ({ ...range, conversation: conversation.id }))
    return base === undefined
      ? { seat, from, highest, ranges, end: 'last', limit: syncFirstEventsMax }
      : { seat, from, highest, ranges, end: 'first', limit: syncEventsPerConversationMax }
  })
}

/** What the device holds of each: what it says, else what its token covers. */
const knownOf = async (snapshot: Snapshot, query: SyncQuery, seats: readonly Seat[], base: Offsets) => {
  const said = new Map(Object.entries(query.known ?? {}).map(([id, seq]) => [id, Math.min(Math.max(seq, 0), idMax)]))
  const unsaid = seats.filter(({ conversation }) => !said.has(conversation.id))
  const found = await snapshot.seqsBefore(
    unsaid.map(({ conversation: { id, partition, last_seq } }) => ({
      conversation: id,
      pos: base.events[partition] ?? 0,
      lastSeq: last_seq,
    })),
  )
  return new Map([...found, ...said])
}

/** As many as one query may fetch, at least one. */
const chunkOf = (drafts: readonly Draft[], from: number): readonly Draft[] => {
  let events = 0
  let to = from
  for (; to < drafts.length && (to === from || events < eventsPerQuery); to++) {
    const draft = drafts[to]
    if (draft !== undefined) events += Math.min(draft.limit, Math.max(draft.highest - draft.from + 1, 0))
  }
  return drafts.slice(from, to)
}

/** Up to one more than the limit of each, oldest first. */
const eventsOf = async (snapshot: Snapshot, drafts: readonly Draft[]): Promise<readonly (readonly StoredEvent[])[]> => {
  const [first] = drafts
  if (first === undefined) return []
  const { end, limit } = first
  const ranges = drafts.flatMap((draft) => draft.ranges)
  const found = ranges.length === 0 ? [] : await snapshot.events(ranges, limit + 1, end)
  let next = 0
  return drafts.map((draft) => {
    const events = found.slice(next, next + draft.ranges.length).flat()
    next += draft.ranges.length
    return end === 'first' ? events.slice(0, limit + 1) : events.slice(-(limit + 1))
  })
}

const presentedOf = async (snapshot: Snapshot, user: number, drafts: readonly Draft[]) => {
  const found = await eventsOf(snapshot, drafts)
  const seen = drafts.map(({ seat: { conversation }, highest }, index) => ({
    conversation,
    highest,
    events: found[index] ?? [],
  }))
  return present(snapshot, user, seen)
}

interface Entry {
  readonly draft: Draft
  readonly events: readonly Presented[]
  readonly isCut: boolean
  readonly bytes: number
}

const entryOf = (draft: Draft, found: readonly Presented[]): Entry => {
  const newestFirst = draft.end === 'last' ? found.toReversed() : found
  const events: Presented[] = []
  let bytes = headerBytes + Buffer.byteLength(titleOf(draft.seat))
  for (const event of newestFirst) {
    const size = event.bytes
    if (events.length === draft.limit || (events.length > 0 && bytes + size > syncPageBytesMax)) break
    events.push(event)
    bytes += size
  }
  return {
    draft,
    events: draft.end === 'last' ? events.reverse() : events,
    isCut: events.length < found.length,
    bytes,
  }
}

const syncedOf = (user: number, { draft, events, isCut }: Entry, unread: number): SyncedConversation => {
  const { seat, highest, end } = draft
  const { id, kind } = seat.conversation
  const other = otherOf(user, seat)
  return {
    id,
    kind,
    title: titleOf(seat),
    ...membershipOf(seat),
    ...(other === undefined ? {} : { with: other }),
    from: end === 'last' && isCut ? (events[0]?.event.seq ?? 1) : draft.from,
    to: end === 'first' && isCut ? (events.at(-1)?.event.seq ?? highest) : highest,
    lastSeq: highest,
    unread,
    readSeq: cursorsOf(seat).readSeq,
    events: events.map(({ event }) => event),
    ...(end === 'first' && isCut ? { truncated: true as const } : {}),
    ...(isMember(seat) ? {} : { left: true as const }),
  }
}
