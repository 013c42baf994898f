import type { Whereabouts } from '@chat/domain'
import type { Lookup, Presence } from '@chat/presence'
import { type Clock, every, type Fault, isFault, type Logger } from '@chat/runtime'
import type { RouterMetrics } from './metrics.ts'

/** While presence cannot be trusted, everything goes to everybody for this long, ms: connectors register all again meanwhile. */
const distrustMs = 10_000
/** How often presence is asked when nobody else asks, and how often its absence is told, ms. */
const tickMs = 1000
/**
 * Its absence is told for so long after it is back, ms: a connector reaches it a moment later than we do. A connector believes what it heard
 * for 3 s, so that all who keep their connections for it are still broadcast to (`distrustMs`).
 */
const tellAfterMs = 5000

/**
 * Where users are connected and groups registered; undefined: nobody can tell now, deliver to all connectors. Shared by all partitions of a router. Presence may
 * go, be emptied or lie about its past: that costs deliveries to everybody, never one that is missing. [G9]
 */
export interface Locator {
  locate(users: ReadonlySet<number>, groups?: ReadonlySet<string>): Promise<Whereabouts | undefined>
}

/**
 * A circuit breaker around presence. One failed call opens it: no batch waits for a lookup any more, everything is broadcast, and
 * connectors are told each second; one probe a second closes it again. An idle router probes too, because connectors need the news.
 */
export interface PresenceLocator extends Locator {
  start(): void
  /** Idempotent. */
  stop(): void
}

interface Ports {
  readonly presence: Presence
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: RouterMetrics
  /** Tells every connector that presence has been away for so many ms. Throws Fault. */
  readonly announce: (awayMs: number) => Promise<void>
  readonly onFatal: (error: unknown) => void
}

const nowhere: Whereabouts = { locations: new Map(), groups: new Map() }
const noGroups: ReadonlySet<string> = new Set()

export const createLocator = ({ presence, clock, logger, metrics, announce, onFatal }: Ports): PresenceLocator => {
  let generation: string | null | undefined
  let distrustedUntilMs = Number.NEGATIVE_INFINITY
  let tellUntilMs = Number.NEGATIVE_INFINITY
  let answeredMs = Number.NEGATIVE_INFINITY
  /** Since when presence is away; undefined: it answers. */
  let awaySinceMs: number | undefined
  let lastAwayMs = 0
  let isProbing = false
  let isTelling = false
  let isRunning = false
  let cancelTick = () => {}

  const distrust = (reason: string) => {
    if (clock.monotonic() >= distrustedUntilMs) logger.warn({ reason }, 'presence not trusted, broadcasting')
    distrustedUntilMs = clock.monotonic() + distrustMs
  }

  const tell = () => {
    if (!isRunning || isTelling) return
    isTelling = true
    announce(Math.round(clock.monotonic() - (awaySinceMs ?? lastAwayMs)))
      .catch((error: unknown) => {
        if (!isFault(error)) return onFatal(error)
        logger.debug({ err: error }, 'connectors not told that presence is away')
      })
      .finally(() => {
        isTelling = false
      })
  }

  const failed = (error: Fault, askedMs: number) => {
    if (awaySinceMs !== undefined) return
    logger.warn({ err: error }, 'presence away, broadcasting')
    awaySinceMs = askedMs
    metrics.presenceAway.set(1)
    tell()
  }

  const answered = (found: Lookup) => {
    answeredMs = clock.monotonic()
    const before = generation
    if (found.generation !== null || before !== undefined) generation = found.generation
    if (awaySinceMs !== undefined) {
      lastAwayMs = awaySinceMs
      awaySinceMs = undefined
      tellUntilMs = answeredMs + tellAfterMs
      metrics.presenceAway.set(0)
      logger.info({ awayMs: Math.round(answeredMs - lastAwayMs) }, 'presence is back')
      distrust('it was away')
    }
    if (before !== undefined && before !== found.generation) distrust('another generation') // [G9]
  }

  /** Throws what is no outage. */
  const ask = async (users: readonly number[], groups: readonly string[] = []): Promise<Lookup | undefined> => {
    const askedMs = clock.monotonic()
    try {
      const found = await presence.lookup(users, groups)
      metrics.lookupMs.observe(clock.monotonic() - askedMs)
      answered(found)
      return found
    } catch (error) {
      if (!isFault(error)) throw error
      failed(error, askedMs)
      return undefined
    }
  }

  const isTrusted = () => awaySinceMs === undefined && clock.monotonic() >= distrustedUntilMs

  const probe = () => {
    if (isProbing || (awaySinceMs === undefined && clock.monotonic() - answeredMs < tickMs)) return
    isProbing = true
    ask([])
      .catch(onFatal)
      .finally(() => {
        isProbing = false
      })
  }

  const tick = () => {
    if (awaySinceMs !== undefined || clock.monotonic() < tellUntilMs) tell()
    probe()
  }

  return {
    start: () => {
      isRunning = true
      cancelTick = every(clock, tickMs, tick)
    },
    stop: () => {
      isRunning = false
      cancelTick()
    },
    locate: async (users, groups = noGroups) => {
      if (users.size === 0 && groups.size === 0) return nowhere
      if (!isTrusted()) return undefined
      const found = await ask([...users], [...groups])
      if (found?.generation === null) distrust('no generation') // [G9]
      return found !== undefined && isTrusted() ? found : undefined
    },
  }
}
