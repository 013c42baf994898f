/** Runs one thing after the other, in the order of the calls. A wait ends when `signal` aborts; then nothing runs. */
export type Turns = <T>(run: () => Promise<T>, signal: AbortSignal) => Promise<T | undefined>

export const createTurns = (): Turns => {
  let last: Promise<void> = Promise.resolve()
  return async (run, signal) => {
    const before = last
    const done = Promise.withResolvers<void>()
    last = done.promise
    await orAbort(before, signal)
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

/** Resolves with `wanted`, or as soon as `signal` aborts. */
const orAbort = (wanted: Promise<void>, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = () => {
      signal.removeEventListener('abort', end)
      resolve()
    }
    if (signal.aborted) return resolve()
    signal.addEventListener('abort', end, { once: true })
    void wanted.then(end)
  })
