import {
  type Backoff,
  backoffMs,
  type Cancel,
  type Clock,
  type Health,
  isFault,
  type Logger,
  type Random,
  sleep,
} from '@chat/runtime'
import { CommandsCut } from './commands-end.ts'
import { PartitionStopped } from './event-reader.ts'

/** Owns something while started. */
export interface PartitionOwner {
  start(): void
  /** Finishes the batch under way and its deliveries. May be started again: what it knows is kept and read on from. */
  stop(): Promise<void>
  /**
   * Another router is about to own it: goes on until that one's first append shows that it does, nobody asks for anything any more, or
   * it has had its time, then stops. The two may overlap, since only one of them gets a position. [G8]
   */
  handOver(): Promise<void>
}

/** One session of owning. */
export interface Session {
  readonly signal: AbortSignal
  /** From now on commands are decided. */
  owned(): void
  /** Some were. */
  decided(): void
  isHandingOver(): boolean
}

/** The group gave the partition to another router. */
export class NotOurs extends Error {
  override readonly name = 'NotOurs'
}

interface Options {
  /** Its name among the reasons not to be ready. */
  readonly component: string
  /** Ends when the session's signal aborts, or by what it throws. */
  readonly own: (session: Session) => Promise<void>
  readonly drained: () => Promise<void>
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly health: Health
  readonly onFatal: (error: unknown) => void
}

const faultBackoff: Backoff = { firstMs: 50, maxMs: 2000 }
/** Another router has so long to read the log of a partition to its end, ms: twice what a million events should take. */
export const handoverMaxMs = 10_000
/** A partition without a command for so long, ms, has nobody who would notice that it waits for the other one. */
export const handoverQuietMs = 2000
/** A session that held so long, ms, was a good one: the next fault is a new outage. */
const steadyMs = 10_000

/**
 * Sessions of owning, one after the other, until nobody wants the next: a fault begins another, and so do commands that were cut; events
 * that were cut or a loss end it.
 */
export const createOwner = (options: Options): PartitionOwner => {
  const { component, own, drained, clock, random, logger, health, onFatal } = options
  let isWanted = false
  let session = new AbortController()
  let running: Promise<void> | undefined
  let isOwned = false
  /** There while another router is about to own it: when it ends at the latest, and what ends it before. */
  let handover: { readonly untilMs: number; cancelEnd: Cancel } | undefined
  /** Given to this router once more while a session was under way, which may end because it was not. */
  let isWantedAnew = false

  /** Returns how long to wait before the next session; undefined: there is none. */
  const judge = (error: unknown, attempt: number): number | undefined => {
    if (error instanceof NotOurs) {
      health.clear(component)
      logger.info({}, 'partition belongs to another router')
      return isWantedAnew ? 0 : undefined
    }
    if (error instanceof PartitionStopped) {
      health.set(component, error.message)
      if (attempt === 0) logger.error({ err: error }, 'partition stopped')
      // A repair is an event like any other: it is read by the next session. What else stops a partition needs another process.
      return error instanceof CommandsCut ? backoffMs(faultBackoff, attempt, random) : undefined
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
    let isJudged = false
    for (let attempt = 0; isWanted; attempt++) {
      session = new AbortController()
      const { signal } = session
      isWantedAnew = false
      const startedMs = clock.monotonic()
      health.set(component, 'reading the log')
      const owned = () => {
        isOwned = true
      }
      const failure = await own({
        signal,
        owned,
        decided: waitForOther,
        isHandingOver: () => handover !== undefined,
      }).then(
        () => undefined,
        (error: unknown) => ({ error }),
      )
      isOwned = false
      await drained() // [G12]
      if (signal.aborted) {
        attempt = -1
        health.clear(component)
        continue
      }
      if (clock.monotonic() - startedMs >= steadyMs) attempt = 0
      const waitMs = judge(failure?.error, attempt)
      isJudged = waitMs === undefined
      if (waitMs === undefined) isWanted = false
      // An abort ends the wait: stopped, or wanted again at once.
      else await sleep(clock, waitMs, signal).catch(() => {})
    }
    if (!isJudged) health.clear(component)
    running = undefined
  }

  /** Until the next command is decided, if that is soon. */
  const waitForOther = () => {
    if (handover === undefined) return
    handover.cancelEnd()
    const leftMs = handover.untilMs - clock.monotonic()
    handover.cancelEnd = clock.after(Math.min(handoverQuietMs, leftMs), () => session.abort())
  }

  const keep = () => {
    handover?.cancelEnd()
    handover = undefined
  }

  const stop = async () => {
    keep()
    isWanted = false
    isWantedAnew = false
    session.abort()
    await running
  }

  return {
    start: () => {
      keep()
      isWanted = true
      isWantedAnew = running !== undefined
      running ??= run()
    },
    stop,
    handOver: async () => {
      if (!isOwned) return stop()
      isWanted = false
      isWantedAnew = false
      handover ??= { untilMs: clock.monotonic() + handoverMaxMs, cancelEnd: () => {} }
      waitForOther()
      await running
      keep()
    },
  }
}
