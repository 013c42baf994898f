import type { Presence } from '@chat/presence'
import { type Backoff, type Clock, type Health, isFault, type Logger, type Random, retry } from '@chat/runtime'

interface Ports {
  readonly presence: Presence
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly health: Health
}

const backoff: Backoff = { firstMs: 200, maxMs: 3000 }

/**
 * Resolves once presence has answered; until then the process is not ready and says why, since a wrong address would never be found out
 * otherwise. Nothing waits for it: a router that starts while Redis is away decides, and delivers to everybody. Later outages are
 * the locator's.
 */
export const meetPresence = async ({ presence, clock, random, logger, health }: Ports, signal: AbortSignal) => {
  health.set('presence', 'presence was not reached yet')
  await retry(() => presence.lookup([]), {
    clock,
    random,
    backoff,
    isRetryable: (error) => isFault(error) && error.isRetryable,
    onRetry: (error, attempt) => {
      health.set('presence', 'presence cannot be reached')
      if (attempt === 0) logger.warn({ err: error }, 'presence cannot be reached, waiting')
    },
    signal,
  })
  health.clear('presence')
}
