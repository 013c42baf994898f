import type { Clock } from '@chat/runtime'

/**
 * Writes of one partition that may wait for their reply as long as nothing is known of it, and again once replies are fast. The first wave of
 * an overload is let in up to here, before any reply was slow: two connectors with 24 partitions hold 2,304, a second or two of work.
 */
export const firstLimit = 48
/**
 * However slow replies are, so many may wait in all partitions together: a hiccup at low load refuses nobody. On two connectors, at
 * 1,000 a second, it is a second of work.
 */
export const pendingFloor = 480
/** What a partition that is always full and always fast may grow to: half a second of 8,000 a second. */
const limitMax = 4096
/**
 * How long a reply may take on average, ms: far enough below the 2 s that the slowest of a hundred may take. With 500, full cores that the
 * clients shared made it 2.3 s, while goodput was no better than the peak allows.
 */
export const targetMs = 350
/** A window is judged after so many ms and replies, … */
const windowMinMs = 100
export const windowRepliesMin = 4
/** … or after so many ms with any reply. */
export const windowMaxMs = 2000
/** By how much one window lowers or raises a limit, at most. */
const cutMax = 1 / 2
const growthMax = 3 / 2

/**
 * How many writes may wait for their reply, for each partition by itself: a router that is away costs the partitions it owned, not the
 * others. A limit is corrected once a window towards what keeps replies at the target (Little's law: what waits = rate × time), by the
 * replies to writes that began in that very window: those before it tell of a queue that has been dealt with already.
 */
interface WriteLimit {
  /** Whether there is room for one more; if so, it is counted until its `end`. */
  begin(partition: number): boolean
  /** `replied`: its time counts. `failed`: nothing is known of how long a reply takes. */
  end(partition: number, begunMs: number, how: 'replied' | 'failed'): void
  /** Those of the partitions that were used, whole numbers. */
  limits(): ReadonlyMap<number, number>
  pending(): number
}

interface Lane {
  limit: number
  pending: number
  // Of the window:
  sinceMs: number
  pendingMost: number
  hasRefused: boolean
  replies: number
  repliesMs: number
}

/** `unreadMs`: how long frames wait at present before they are read, which is part of what a sender feels. */
export const createWriteLimit = (clock: Clock, unreadMs: () => number): WriteLimit => {
  const lanes = new Map<number, Lane>()
  let pending = 0

  const laneOf = (partition: number): Lane => {
    const known = lanes.get(partition)
    if (known !== undefined) return known
    const lane = { limit: firstLimit, pending: 0, ...openWindow(clock.monotonic(), 0) }
    lanes.set(partition, lane)
    return lane
  }

  return {
    begin: (partition) => {
      const lane = laneOf(partition)
      if (lane.pending >= lane.limit && pending >= pendingFloor) {
        lane.hasRefused = true
        return false
      }
      pending++
      lane.pending++
      lane.pendingMost = Math.max(lane.pendingMost, lane.pending)
      return true
    },
    end: (partition, begunMs, how) => {
      const lane = laneOf(partition)
      pending--
      lane.pending--
      if (how === 'failed' || begunMs < lane.sinceMs) return
      const nowMs = clock.monotonic()
      lane.replies++
      lane.repliesMs += nowMs - begunMs + unreadMs()
      const openMs = nowMs - lane.sinceMs
      const isDue = openMs >= windowMaxMs || (openMs >= windowMinMs && lane.replies >= windowRepliesMin)
      if (isDue) Object.assign(lane, { limit: correctedLimit(lane) }, openWindow(nowMs, lane.pending))
    },
    limits: () => new Map([...lanes].map(([partition, { limit }]) => [partition, Math.ceil(limit)])),
    pending: () => pending,
  }
}

const openWindow = (sinceMs: number, pendingMost: number) => ({
  ...{ sinceMs, pendingMost, hasRefused: false, replies: 0, repliesMs: 0 },
})

const correctedLimit = ({ limit, pendingMost, hasRefused, replies, repliesMs }: Lane): number => {
  const ratio = targetMs / Math.max(1, repliesMs / replies)
  // What was allowed and not used says nothing: the cut begins at what did wait.
  if (ratio < 1) return Math.max(1, Math.min(limit, pendingMost) * Math.max(ratio, cutMax))
  // Beyond the first limit only demand raises it: or the first wave after a quiet day would be let in whole.
  const most = hasRefused ? limitMax : firstLimit
  return limit >= most ? limit : Math.min(most, Math.max(limit + 1, limit * Math.min(ratio, growthMax)))
}
