import type { EventRange, Seat, Snapshot, Spot } from './snapshot.ts'
import { clip, highestOf, visibleTo } from './visibility.ts'

/** The user's cursors: the greatest of his devices', never beyond what he may see; in an online room he has none. */
export const cursorsOf = (seat: Seat): { readonly readSeq: number; readonly deliveredSeq: number } => {
  if (seat.conversation.membership === 'online') return { readSeq: 0, deliveredSeq: 0 }
  const highest = highestOf(visibleTo(seat.conversation, seat.stays))
  return { readSeq: Math.min(seat.readSeq, highest), deliveredSeq: Math.min(seat.deliveredSeq, highest) }
}

/**
 * How many messages of others lie behind the user's read cursor and are visible to him, exactly; per seat, in order. A message of
 * his own never counts and does not move the cursor, nor does one that was deleted. Cost: two index look-ups per end of a visible
 * interval, however many messages lie between, and none where everything is read; and one entry of an index for each deleted message
 * that lies between. Nothing is unread in an online room.
 */
export const unreadOf = async (
  user: number,
  seats: readonly Seat[],
  snapshot: Snapshot,
): Promise<readonly number[]> => {
  const spots: Spot[] = []
  const ranges: EventRange[] = []
  const ownerOf: number[] = []
  const lastSpotOf = seats.map((seat, owner) => {
    const { id: conversation, last_seq, acts, membership } = seat.conversation
    if (membership === 'online') return spots.length
    const visible = visibleTo(seat.conversation, seat.stays)
    for (const { from, to } of clip(visible, { from: seat.readSeq + 1, to: last_seq })) {
      spots.push({ conversation, seq: from - 1 }, { conversation, seq: to })
      if (acts === 0) continue
      ranges.push({ conversation, from, to })
      ownerOf.push(owner)
    }
    return spots.length
  })
  if (spots.length === 0) return seats.map(() => 0)
  const counts = await snapshot.counts(user, spots)
  const deleted = ranges.length === 0 ? [] : await snapshot.deletedCounts(user, ranges)
  const deletedOf = seats.map(() => 0)
  for (const [index, owner] of ownerOf.entries()) deletedOf[owner] = (deletedOf[owner] ?? 0) + (deleted[index] ?? 0)
  return lastSpotOf.map((end, index) => {
    let unread = 0
    for (let spot = index === 0 ? 0 : (lastSpotOf[index - 1] ?? 0); spot < end; spot += 2) {
      const [before, after] = [counts[spot], counts[spot + 1]]
      if (before !== undefined && after !== undefined) unread += after.all - before.all - (after.own - before.own)
    }
    return unread - (deletedOf[index] ?? 0)
  })
}
