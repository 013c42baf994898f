import type { Clock } from '@chat/runtime'

/**
 * The brokers' clock, as far as their answers tell it: the latest LogAppendTime seen, and what passed since by our monotonic clock.
 * Our own wall clock decides nothing. Before the first sight it is 0: nothing is too old.
 */
export interface BrokerTime {
  observe(logAppendTimeMs: number): void
  nowMs(): number
}

export const createBrokerTime = (clock: Clock): BrokerTime => {
  let seenMs = 0
  let seenAtMs = clock.monotonic()
  const nowMs = () => (seenMs === 0 ? 0 : seenMs + clock.monotonic() - seenAtMs)
  return {
    observe: (logAppendTimeMs) => {
      // A record from a backlog tells an old time; the clock never goes back.
      if (logAppendTimeMs <= nowMs()) return
      seenMs = logAppendTimeMs
      seenAtMs = clock.monotonic()
    },
    nowMs,
  }
}
