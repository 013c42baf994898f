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
import type { Halt } from './batch.ts'

/** Nothing further of this can be projected until a person acted. */
export class Halted extends Error {
  override readonly name = 'Halted'
  readonly halt: Halt
  constructor(halt: Halt) {
    super(`${halt.reason}: ${halt.detail}`)
    this.halt = halt
  }
}

interface Options {
  /** Its name among the reasons not to be ready. */
  readonly component: string
  /** Follows from the stored place until `signal` aborts (then it returns) or it throws. Calls `onSteady` when it runs. */
  readonly session: (signal: AbortSignal, onSteady: () => void) => Promise<void>
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly health: Health
  readonly onOvertaken: () => void
  readonly onHalted: (halt: Halt) => void
  readonly onFatal: (error: unknown) => void
}

export interface Follower {
  /** Resolves when the batch under way is done. */
  stop(): Promise<void>
}

const backoff: Backoff = { firstMs: 20, maxMs: 2000 }

/**
 * One session after the other: a fault of the world begins another after a pause, being overtaken at once reads the place again, a
 * halt ends it and stays a reason not to be ready. Anything else is a bug and fatal.
 */
export const follow = (options: Options): Follower => {
  const { component, session, clock, random, logger, health, onOvertaken, onHalted, onFatal } = options
  const stopping = new AbortController()

  /** undefined: go on after a pause. */
  const judge = (error: unknown, attempt: number): 'ended' | undefined => {
    const halt = haltOf(error)
    if (halt !== undefined) {
      health.set(component, `${halt.reason}: ${halt.detail}`)
      logger.error({ ...halt, component }, 'projection of a partition stopped')
      onHalted(halt)
      return 'ended'
    }
    if (isFault(error, 'projection_overtaken')) {
      onOvertaken()
      logger.info({ component, err: error }, 'somebody else projects this partition, reading the offset again')
      return undefined
    }
    if (!isFault(error) || !error.isRetryable) {
      onFatal(error)
      return 'ended'
    }
    health.set(component, `${error.code}: ${error.message}`)
    if (attempt === 0) logger.warn({ component, err: error, reason: error.message }, 'projection waits')
    return undefined
  }

  const run = async (): Promise<void> => {
    for (let attempt = 0; !stopping.signal.aborted; attempt++) {
      try {
        await session(stopping.signal, () => {
          health.clear(component)
          attempt = 0
        })
      } catch (error) {
        if (stopping.signal.aborted) break
        if (judge(error, attempt) === 'ended') return
        await sleep(clock, backoffMs(backoff, attempt, random), stopping.signal).catch(() => {}) // An abort ends the wait.
      }
    }
    health.clear(component)
  }

  const running = run()
  return {
    stop: async () => {
      stopping.abort()
      await running
    },
  }
}

const haltOf = (error: unknown): Halt | undefined => {
  if (error instanceof Halted) return error.halt
  if (isFault(error, 'log_cut') || isFault(error, 'offset_gone')) return { reason: 'log_cut', detail: error.message }
  return undefined
}
