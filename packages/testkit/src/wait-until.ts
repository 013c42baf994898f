export interface WaitOptions {
  /** Real time after which the wait fails, ms. */
  readonly deadlineMs: number
  /** What is waited for; the failure says it. May be a function, to tell how far it came. */
  readonly what: string | (() => string)
  /** Pause between two looks, ms; 10 unless told. */
  readonly everyMs?: number
}

/**
 * Looks again and again until `condition` gives something other than false, undefined or null, and resolves with that. Rejects
 * after the deadline; a condition that throws counts as not met, and its last error becomes the cause.
 */
export const waitUntil = async <T>(
  condition: () => T | false | undefined | null | Promise<T | false | undefined | null>,
  { deadlineMs, what, everyMs = 10 }: WaitOptions,
): Promise<T> => {
  const deadline = performance.now() + deadlineMs
  let cause: unknown
  for (;;) {
    try {
      const value = await condition()
      if (value !== false && value !== undefined && value !== null) return value
      cause = undefined
    } catch (error) {
      cause = error
    }
    if (performance.now() >= deadline)
      throw new Error(`not within ${deadlineMs} ms: ${typeof what === 'string' ? what : what()}`, { cause })
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}
