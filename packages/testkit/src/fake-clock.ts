import { AssertionError, type Cancel, type Clock } from '@chat/runtime'

interface Timer {
  readonly dueMs: number
  readonly run: () => void
}

export interface FakeClock extends Clock {
  /**
   * Moves time forward by `ms` and fires what falls due, in order of due time, then of creation. Before the first timer, after
   * each one and at the end it lets promises settle; a timer made meanwhile that falls due within `ms` fires too.
   */
  advance(ms: number): Promise<void>
  /**
   * Runs a whole system: lets promises settle, asks `predicate`, jumps to the next timer, and so on. Rejects when `maxVirtualMs`
   * have passed on this clock, or when no timer is left and nothing happened for `idleRealMs` (1 s) of real time.
   */
  runUntil(predicate: () => boolean | Promise<boolean>, maxVirtualMs: number, idleRealMs?: number): Promise<void>
  /** Lets promises settle without moving time. */
  settle(): Promise<void>
  /** Timers that wait. */
  pending(): number
}

/** Turns of the event loop granted after each step: chains through nextTick, streams and setImmediate take more than one. */
const turnsPerStep = 4

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const settle = async (): Promise<void> => {
  for (let count = 0; count < turnsPerStep; count++) await turn()
}

/** A clock that stands still until told otherwise. `now()` starts at `startMs`, `monotonic()` at 0. */
export const createFakeClock = (startMs: number): FakeClock => {
  let elapsedMs = 0
  const timers = new Set<Timer>()

  const after = (ms: number, run: () => void): Cancel => {
    const timer = { dueMs: elapsedMs + Math.max(0, ms), run }
    timers.add(timer)
    return () => timers.delete(timer)
  }

  /** The set keeps the order of creation, so the first of equals wins. */
  const next = (): Timer | undefined => {
    let first: Timer | undefined
    for (const timer of timers) if (first === undefined || timer.dueMs < first.dueMs) first = timer
    return first
  }

  const fire = (timer: Timer): void => {
    timers.delete(timer)
    elapsedMs = Math.max(elapsedMs, timer.dueMs)
    timer.run()
  }

  const advance = async (ms: number): Promise<void> => {
    const untilMs = elapsedMs + ms
    await settle()
    for (let timer = next(); timer !== undefined && timer.dueMs <= untilMs; timer = next()) {
      fire(timer)
      await settle()
    }
    elapsedMs = Math.max(elapsedMs, untilMs)
  }

  /** Work in a thread pool is no timer of ours: it gets real time before "nothing left" is believed. */
  const nextWithin = async (
    realMs: number,
    predicate: () => boolean | Promise<boolean>,
  ): Promise<Timer | undefined> => {
    const deadline = performance.now() + realMs
    while (next() === undefined && performance.now() < deadline && !(await predicate())) {
      await new Promise((resolve) => setTimeout(resolve, 1))
      await settle()
    }
    return next()
  }

  const runUntil: FakeClock['runUntil'] = async (predicate, maxVirtualMs, idleRealMs = 1000) => {
    const untilMs = elapsedMs + maxVirtualMs
    for (;;) {
      await settle()
      if (await predicate()) return
      const timer = await nextWithin(idleRealMs, predicate)
      if (await predicate()) return
      if (timer === undefined) throw new AssertionError('the condition is not met and no timer is left')
      if (timer.dueMs > untilMs) throw new AssertionError(`the condition was not met within ${maxVirtualMs} virtual ms`)
      fire(timer)
    }
  }

  return {
    // Whole ms, as the machine gives them; timers may fall due between two.
    now: () => Math.floor(startMs + elapsedMs),
    monotonic: () => elapsedMs,
    after,
    advance,
    runUntil,
    settle,
    pending: () => timers.size,
  }
}
