import type { Clock } from '@chat/runtime'

/**
 * For so long the frames of all connections are taken in one turn of the event loop, ms. Much shorter, what else a turn does under load (up to
 * 0.3 s) would leave too little time for them: with 256 frames a turn refusals waited for 11 s, decision 025.
 */
export const turnMaxMs = 250

/** Called in a turn to come. */
export interface InTurn {
  readOn(): void
}

/**
 * The time of one turn of the event loop that goes to frames. While they are taken nothing else is: no reply is read, no lease renewed, and
 * under overload thousands may have come at once. What is left waits for the next turn, whoever came first first.
 */
export class Turns {
  readonly #clock: Clock
  /** With the time since when. */
  readonly #waiting = new Map<InTurn, number>()
  #endsMs: number | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether one more frame may be taken in this turn. */
  hasTime(): boolean {
    const nowMs = this.#clock.monotonic()
    if (this.#endsMs === undefined) {
      this.#endsMs = nowMs + turnMaxMs
      this.#clock.after(0, () => this.#next())
    }
    return nowMs < this.#endsMs
  }

  /** For one that found no time. */
  wait(waiting: InTurn): void {
    if (!this.#waiting.has(waiting)) this.#waiting.set(waiting, this.#clock.monotonic())
  }

  forget(waiting: InTurn): void {
    this.#waiting.delete(waiting)
  }

  /** For how long the first of those that wait does, ms. */
  waitedMs(): number {
    for (const sinceMs of this.#waiting.values()) return this.#clock.monotonic() - sinceMs
    return 0
  }

  #next(): void {
    this.#endsMs = undefined
    for (const waiting of this.#waiting.keys()) {
      if (!this.hasTime()) return
      this.#waiting.delete(waiting)
      waiting.readOn()
    }
  }
}
