import type { Clock } from '@chat/runtime'

/**
 * The time of presence, as far as it is known here: its numbers of registrations and its epochs are its clock, ms. While it is away it
 * gives no numbers, and its time goes on here by the monotonic clock, so that hellos of then and of later can be compared whatever the
 * connectors' wall clocks say. It may lag by the shortest way back that a number took lately, and drifts as the clocks do.
 */
export interface PresenceTime {
  /** Presence gave this number just now. */
  heard(number: number): void
  now(): number
}

/** The clocks drift apart: a number older than this, ms, gives way to a newer one that took longer. */
export const heardAgeMaxMs = 30_000

export const createPresenceTime = (clock: Clock): PresenceTime => {
  /** Of the numbers heard lately the one that was least late. */
  let best: { readonly aheadMs: number; readonly heardMs: number } | undefined
  return {
    heard: (number) => {
      const heardMs = clock.monotonic()
      const aheadMs = number - heardMs
      const isBest = best === undefined || aheadMs >= best.aheadMs || heardMs - best.heardMs > heardAgeMaxMs
      if (isBest) best = { aheadMs, heardMs }
    },
    // Nobody is let in before there is a lease, and a lease has an epoch.
    now: () => (best === undefined ? clock.now() : Math.floor(best.aheadMs + clock.monotonic())),
  }
}
