import type { Clock } from '@chat/runtime'

/**
 * The time of presence, as far as it is known here: its numbers of registrations and its epochs are its clock, ms. While it is away it
 * gives no numbers, and its time goes on here by the monotonic clock, so that hellos of then and of later can be compared whatever the
 * connectors' wall clocks say. It may lag by as long as presence took to answer, and drifts as the clocks do.
 */
export interface PresenceTime {
  /** Presence gave this number just now. */
  heard(number: number): void
  now(): number
}

export const createPresenceTime = (clock: Clock): PresenceTime => {
  let number: number | undefined
  let heardMs = 0
  return {
    heard: (given) => {
      number = given
      heardMs = clock.monotonic()
    },
    // Nobody is let in before there is a lease, and a lease has an epoch.
    now: () => (number === undefined ? clock.now() : number + Math.floor(clock.monotonic() - heardMs)),
  }
}
