/**
 * Time as a port: everything that reads a clock or waits takes one of these, so that the whole system runs unchanged under a
 * simulated clock. `system.ts` holds the real one, the testkit a fake.
 */
export interface Clock {
  /** Wall clock, ms since the epoch. Never used to order events. */
  now(): number
  /** Monotonic, ms; only differences mean something. */
  monotonic(): number
  /** Calls `run` once after `ms`; the returned function cancels it. */
  after(ms: number, run: () => void): Cancel
}

export type Cancel = () => void

/** Resolves after `ms`; rejects with the signal's reason when aborted first. */
export const sleep = (clock: Clock, ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const onAbort = () => {
      cancel()
      reject(signal?.reason)
    }
    const cancel = clock.after(ms, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    signal?.addEventListener('abort', onAbort, { once: true })
  })

/** Calls `run` every `ms` until cancelled. A run that is still under way is waited for, so runs never overlap. */
export const every = (clock: Clock, ms: number, run: () => void | Promise<void>): Cancel => {
  let isCancelled = false
  let cancel: Cancel = () => {}
  const schedule = () => {
    cancel = clock.after(ms, async () => {
      await run()
      if (!isCancelled) schedule()
    })
  }
  schedule()
  return () => {
    isCancelled = true
    cancel()
  }
}

/** The promise's value, or `late` when `ms` passed first. */
export const withinMs = <T, L>(clock: Clock, ms: number, promise: Promise<T>, late: L): Promise<T | L> =>
  new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => resolve(late))
    promise.then(resolve, reject).finally(cancel)
  })
