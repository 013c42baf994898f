import type { Clock } from '@chat/runtime'

/**
 * News that presence is away count for so long, ms: routers tell each second, and go on broadcasting for longer than this after they
 * stopped telling.
 */
export const newsMaxMs = 3000

/** What routers say of presence. Judged by when it arrived here, never by anybody's clock: a process that was frozen trusts nothing it heard before. */
export interface PresenceNews {
  /** A router says that it gets no answer from presence, and broadcasts. */
  heard(): void
  /** Until when that counts, on the monotonic clock. */
  freshUntilMs(): number
  isFresh(): boolean
}

export const createPresenceNews = (clock: Clock): PresenceNews => {
  let heardMs = Number.NEGATIVE_INFINITY
  const freshUntilMs = () => heardMs + newsMaxMs
  return {
    heard: () => {
      heardMs = clock.monotonic()
    },
    freshUntilMs,
    isFresh: () => clock.monotonic() < freshUntilMs(),
  }
}
