import type { ChatEvent } from './event.ts'

/**
 * What this client holds of one conversation: a run of seqs, `from` to `to`, of which it knows everything that it may see. Only
 * the run is ever shown. An event beyond a gap waits in `ahead` until the gap is closed, so what is shown is in order and has no
 * hole; a seq inside the run without an event is not visible to this user (PROTOCOL §2). Everything is merged by seq, so it does
 * not matter what comes twice or in which order.
 */
export interface Timeline {
  readonly from: number
  /** Empty: `from` − 1. */
  readonly to: number
  /** Of the run, by seq. */
  readonly events: readonly ChatEvent[]
  /** Beyond a gap, by seq. */
  readonly ahead: readonly ChatEvent[]
  /** The highest seq heard of. More than `to`: something is missing. */
  readonly lastSeq: number
  /** How many events are kept while new ones come. */
  readonly eventsMax: number
}

/** A range that the server answers for. Empty when `from` is beyond `to`. */
export interface Range {
  readonly from: number
  readonly to: number
  readonly events: readonly ChatEvent[]
}

/** What `history` is to be asked for. Without a bound: the newest page. */
export type HistoryBound = { readonly after: number } | { readonly before: number } | Readonly<Record<string, never>>

/** More seqs missing than this are not read one page after the other: the run starts anew at the newest page. Five pages of history. */
export const gapSeqMax = 1_000
/** Events held beyond a gap; what is dropped comes by history. */
const aheadEventsMax = 1_000
/** Events of a run that only grows by new ones: older ones are there by `loadEarlier`. */
const keptEventsDefault = 1_000

export const emptyTimeline: Timeline = {
  from: 1,
  to: 0,
  events: [],
  ahead: [],
  lastSeq: 0,
  eventsMax: keptEventsDefault,
}

/** A live event. */
export const withEvent = (timeline: Timeline, event: ChatEvent): Timeline => {
  if (event.seq <= timeline.to) return timeline
  const lastSeq = Math.max(timeline.lastSeq, event.seq)
  const ahead = merged(timeline.ahead, [event]).slice(0, aheadEventsMax)
  return trimmed(absorbed({ ...timeline, ahead, lastSeq }))
}

/** A page of `sync` or `history`. `lastSeq`: the highest seq that the server named. */
export const withRange = (timeline: Timeline, range: Range, lastSeq = 0): Timeline => {
  const known = { ...timeline, lastSeq: Math.max(timeline.lastSeq, range.to, lastSeq) }
  if (range.from > range.to) return known
  if (isEmpty(timeline)) return absorbed(startedAt(known, range))
  if (range.to < timeline.from - 1) return known // Older than what is held: a hole would look like silence.
  if (range.from <= timeline.to + 1) return absorbed(joined(known, range))
  if (isTooFar(known)) return absorbed(startedAt(known, range))
  return { ...known, ahead: merged(known.ahead, range.events).slice(0, aheadEventsMax) }
}

/** The server knows of a seq up to which events exist. */
export const withLastSeq = (timeline: Timeline, lastSeq: number): Timeline =>
  lastSeq > timeline.lastSeq ? { ...timeline, lastSeq } : timeline

/** What to ask for to close the gap; undefined: there is none. */
export const gapOf = (timeline: Timeline): HistoryBound | undefined => {
  if (timeline.lastSeq <= timeline.to) return undefined
  return isEmpty(timeline) || isTooFar(timeline) ? {} : { after: timeline.to }
}

export const isEmpty = ({ from, to }: Timeline): boolean => from > to

const isTooFar = ({ to, lastSeq }: Timeline): boolean => lastSeq - to > gapSeqMax

const startedAt = (timeline: Timeline, { from, to, events }: Range): Timeline => ({
  ...timeline,
  ...{ from, to, events: merged([], events) },
})

/** What is older than the run was asked for by somebody who wants to see it: it is kept. */
const joined = (timeline: Timeline, range: Range): Timeline => {
  const events = merged(timeline.events, range.events)
  const isOlder = range.from < timeline.from
  return {
    ...timeline,
    events,
    from: Math.min(timeline.from, range.from),
    to: Math.max(timeline.to, range.to),
    eventsMax: isOlder ? timeline.eventsMax + events.length - timeline.events.length : timeline.eventsMax,
  }
}

/** Moves into the run what `ahead` has that continues it. */
const absorbed = (timeline: Timeline): Timeline => {
  const ahead = timeline.ahead.filter(({ seq }) => seq > timeline.to)
  let count = 0
  while (ahead[count]?.seq === timeline.to + 1 + count) count++
  if (count === 0) return { ...timeline, ahead }
  const events = [...timeline.events, ...ahead.slice(0, count)]
  return { ...timeline, events, to: timeline.to + count, ahead: ahead.slice(count) }
}

const trimmed = (timeline: Timeline): Timeline => {
  const events = timeline.events.slice(-timeline.eventsMax)
  const first = events[0]
  if (events.length === timeline.events.length || first === undefined) return timeline
  return { ...timeline, events, from: first.seq }
}

/** By seq, each once; of two with one seq the later given. */
const merged = (held: readonly ChatEvent[], added: readonly ChatEvent[]): readonly ChatEvent[] => {
  const last = held.at(-1)?.seq ?? 0
  if (added.length === 1 && (added[0]?.seq ?? 0) > last) return [...held, ...added]
  const bySeq = new Map([...held, ...added].map((event) => [event.seq, event]))
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq)
}
