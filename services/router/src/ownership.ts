import {
  type Backoff,
  backoffMs,
  type Clock,
  type Health,
  isFault,
  type Logger,
  type Random,
  sleep,
} from '@chat/runtime'
import { PartitionStopped } from './event-reader.ts'

/** Owns something while started. */
export interface PartitionOwner {
  start(): void
  /** Finishes the batch under way and its deliveries. May be started again: what it knows is kept and read on from. */
  stop(): Promise<void>
}

/** The group gave the partition to another router. */
export class NotOurs extends Error {
  override readonly name = 'NotOurs'
}

interface Options {
  /** Its name among the reasons not to be ready. */
  readonly component: string
  /** One session of owning: ends when `signal` aborts, or by what it throws. */
  readonly own: (signal: AbortSignal) => Promise<void>
  readonly drained: () => Promise<void>
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly health: Health
  readonly onFatal: (error: unknown) => void
}

const faultBackoff: Backoff = { firstMs: 50, maxMs: 2000 }
/** A session that held so long, ms, was a good one: the next fault is a new outage. */
const steadyMs = 10_000

/** Sessions of owning, one after the other, until nobody wants the next: a fault begins another, a cut log or a loss ends it. */
export const createOwner = (options: Options): PartitionOwner => {
  const { component, own, drained, clock, random, logger, health, onFatal } = options
  let isWanted = false
  let session = new AbortController()
  let running: Promise<void> | undefined

  /** Returns how long to wait before the next session; undefined: there is none. */
  const judge = (error: unknown, attempt: number): number | undefined => {
    if (error instanceof NotOurs) {
      health.clear(component)
      logger.info({}, 'partition belongs to another router')
      return undefined
    }
    if (error instanceof PartitionStopped) {
      health.set(component, error.message)
      logger.error({ err: error }, 'partition stopped')
      return undefined
    }
    if (!isFault(error) || !error.isRetryable) {
      onFatal(error)
      return undefined
    }
    health.set(component, `${error.code}: ${error.message}`)
    if (attempt === 0) logger.warn({ err: error }, 'partition waits for the log')
    return backoffMs(faultBackoff, attempt, random)
  }

  const run = async (): Promise<void> => {
    for (let attempt = 0; isWanted; attempt++) {
      session = new AbortController()
      const { signal } = session
      const startedMs = clock.monotonic()
      health.set(component, 'reading the log')
      const failure = await own(signal).then(
        () => undefined,
        (error: unknown) => ({ error }),
      )
      await drained() // [G12]
      if (signal.aborted) {
        attempt = -1
        health.clear(component)
        continue
      }
      if (clock.monotonic() - startedMs >= steadyMs) attempt = 0
      const waitMs = judge(failure?.error, attempt)
      if (waitMs === undefined) isWanted = false
      // An abort ends the wait: stopped, or wanted again at once.
      else await sleep(clock, waitMs, signal).catch(() => {})
    }
    if (session.signal.aborted) health.clear(component)
    running = undefined
  }

  return {
    start: () => {
      isWanted = true
      running ??= run()
    },
    stop: async () => {
      isWanted = false
      session.abort()
      await running
    },
  }
}
