/** Runs one thing after the other, in the order of the calls. A wait ends when `signal` aborts; then nothing runs. */
export type Turns = <T>(run: () => Promise<T>, signal: AbortSignal) => Promise<T | undefined>

export const createTurns = (): Turns => {
  let last: Promise<void> = Promise.resolve()
  return async (run, signal) => {
    const before = last
    const done = Promise.withResolvers<void>()
    last = done.promise
    await Promise.race([before, abortOf(signal)])
    if (signal.aborted) {
      void before.then(done.resolve) // Those behind still wait for those ahead.
      return undefined
    }
    try {
      return await run()
    } finally {
      done.resolve()
    }
  }
}

const abortOf = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
