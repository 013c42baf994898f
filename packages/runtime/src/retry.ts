import { type Clock, sleep } from './clock.ts'
import type { Random } from './random.ts'

/** Exponential growth from `firstMs` to `maxMs`, each wait drawn uniformly from the upper half (jitter). Units: ms. */
export interface Backoff {
  readonly firstMs: number
  readonly maxMs: number
}

export const backoffMs = (backoff: Backoff, attempt: number, random: Random): number => {
  const ceiling = Math.min(backoff.maxMs, backoff.firstMs * 2 ** attempt)
  return ceiling / 2 + (ceiling / 2) * random.fraction()
}

/**
 * Runs `run` until it resolves. Between tries waits by `backoff`; `onRetry` sees each failure (log it there, once per outage).
 * Rejects at once for an error `isRetryable` refuses, and with the signal's reason when aborted.
 */
export const retry = async <T>(
  run: (attempt: number) => Promise<T>,
  options: {
    readonly clock: Clock
    readonly random: Random
    readonly backoff: Backoff
    readonly isRetryable: (error: unknown) => boolean
    readonly onRetry: (error: unknown, attempt: number) => void
    readonly signal?: AbortSignal
  },
): Promise<T> => {
  for (let attempt = 0; ; attempt++) {
    try {
      return await run(attempt)
    } catch (error) {
      if (options.signal?.aborted || !options.isRetryable(error)) throw error
      options.onRetry(error, attempt)
      await sleep(options.clock, backoffMs(options.backoff, attempt, options.random), options.signal)
    }
  }
}

const startBackoff: Backoff = { firstMs: 200, maxMs: 3000 }

/** What a start cannot go on without: asks until it is there. `onWaiting` gets a sentence after each failure: a reason not to be ready. */
export const untilThere = <T>(
  ask: () => Promise<T>,
  options: { readonly clock: Clock; readonly random: Random; readonly onWaiting: (reason: string) => void },
): Promise<T> =>
  retry(ask, {
    ...options,
    backoff: startBackoff,
    isRetryable: () => true,
    onRetry: (error) => options.onWaiting(error instanceof Error ? error.message : String(error)),
  })
