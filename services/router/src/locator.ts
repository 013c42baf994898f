import type { Location } from '@chat/domain'
import type { Presence } from '@chat/presence'
import { type Clock, isFault, type Logger } from '@chat/runtime'
import type { RouterMetrics } from './metrics.ts'

/** While presence cannot be trusted, everything goes to everybody for this long, ms: connectors register all again meanwhile. */
const distrustMs = 10_000

/**
 * Where users are connected; undefined: nobody can tell now, deliver to all connectors. Shared by all partitions of a router. Presence may
 * go, be emptied or lie about its past: that costs deliveries to everybody, never one that is missing. [G9]
 */
export interface Locator {
  locate(users: ReadonlySet<number>): Promise<ReadonlyMap<number, readonly Location[]> | undefined>
}

interface Ports {
  readonly presence: Presence
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: RouterMetrics
}

const nowhere: ReadonlyMap<number, readonly Location[]> = new Map()

export const createLocator = ({ presence, clock, logger, metrics }: Ports): Locator => {
  let generation: string | null | undefined
  let distrustedUntilMs = Number.NEGATIVE_INFINITY

  const distrust = (reason: string, error?: unknown) => {
    if (clock.monotonic() >= distrustedUntilMs)
      logger.warn({ reason, err: error }, 'presence not trusted, broadcasting')
    distrustedUntilMs = clock.monotonic() + distrustMs
    return undefined
  }

  return {
    locate: async (users) => {
      if (users.size === 0) return nowhere
      if (clock.monotonic() < distrustedUntilMs) return undefined
      const startedMs = clock.monotonic()
      try {
        const found = await presence.lookup([...users])
        metrics.lookupMs.observe(clock.monotonic() - startedMs)
        const isSame = generation === undefined || generation === found.generation
        generation = found.generation
        if (found.generation === null) return distrust('no generation') // [G9]
        return isSame ? found.locations : distrust('another generation') // [G9]
      } catch (error) {
        if (!isFault(error)) throw error
        return distrust(error.code, error)
      }
    },
  }
}
