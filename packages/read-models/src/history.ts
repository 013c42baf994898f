import { idMax } from '@chat/schemas'
import { historyEventsMax } from '@chat/schemas/protocol'
import type { StoredEvent } from './events.ts'
import type { HistoryPage, HistoryQuery } from './index.ts'
import { present } from './present.ts'
import type { Snapshot } from './snapshot.ts'
import { clip, highestOf, type Interval, visibleTo } from './visibility.ts'

/**
 * A page of what the user may see. `from` and `to` reach over what is invisible: a page that ends because nothing visible is left
 * in its direction answers for everything there.
 */
export const historyPage = async (snapshot: Snapshot, query: HistoryQuery): Promise<HistoryPage | undefined> => {
  const seat = await snapshot.seat(query.user, query.conversation)
  if (seat === undefined) return undefined
  const visible = visibleTo(seat.conversation, seat.stays)
  const highest = highestOf(visible)
  if (highest === 0) return undefined
  const limit = Math.min(Math.max(query.limit, 1), historyEventsMax)
  const shownAs = async (events: readonly StoredEvent[]) => {
    const [found] = await present(snapshot, query.user, [{ conversation: seat.conversation, highest, events }])
    return (found ?? []).map(({ event }) => event)
  }
  if (query.after !== undefined) {
    const from = Math.min(query.after, idMax) + 1
    const last = lastBefore(query, highest)
    const events = await eventsIn(snapshot, query.conversation, clip(visible, { from, to: last }), limit, 'first')
    const hasMore = events.length > limit
    const to = hasMore ? (events[limit - 1]?.seq ?? last) : last
    return { events: await shownAs(events.slice(0, limit)), from, to, hasMore }
  }
  const to = lastBefore(query, highest)
  const events = await eventsIn(snapshot, query.conversation, clip(visible, { from: 1, to }), limit, 'last')
  const hasMore = events.length > limit
  const shown = hasMore ? events.slice(-limit) : events
  return { events: await shownAs(shown), from: hasMore ? (shown[0]?.seq ?? 1) : 1, to, hasMore }
}

const lastBefore = ({ before }: HistoryQuery, highest: number): number =>
  Math.max(0, Math.min((before ?? highest + 1) - 1, highest))

/** The first or last `limit` + 1 of these intervals, oldest first. */
const eventsIn = async (
  snapshot: Snapshot,
  conversation: string,
  intervals: readonly Interval[],
  limit: number,
  end: 'first' | 'last',
) => {
  if (intervals.length === 0) return []
  const ranges = intervals.map((interval) => ({ ...interval, conversation }))
  const found = (await snapshot.events(ranges, limit + 1, end)).flat()
  return end === 'first' ? found.slice(0, limit + 1) : found.slice(-(limit + 1))
}
