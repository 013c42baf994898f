import type { EventLog } from '@chat/event-log'
import type { KeptProjection } from '@chat/read-models'
import {
  type Cancel,
  type Clock,
  createHealth,
  createMetrics,
  every,
  isFault,
  type Logger,
  type Random,
} from '@chat/runtime'
import type { Topics } from '@chat/schemas'
import { createProjectorMetrics } from './metrics.ts'
import { type PartitionProjector, projectPartition } from './partition.ts'

export interface PreviousPorts {
  readonly log: EventLog
  readonly topics: Topics
  readonly kept: KeptProjection
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

/** Keeps the previous read models up, where a rebuild left some. Nothing that happens to them touches the live ones. */
export interface PreviousProjector {
  start(): void
  /** From now on the partitions of this process. */
  assign(partitions: ReadonlySet<number>): void
  /** Finishes the batches under way. */
  stop(): Promise<void>
}

/** How often it is looked whether there are previous read models, ms: so long after a switch they stand still. */
const lookEveryMs = 5_000
/** Between the beginnings of two batches, ms: nobody reads these rows, and a rollback brings them up to date by itself. */
const batchEveryMs = 1_000

export const createPreviousProjector = (ports: PreviousPorts): PreviousProjector => {
  const { kept, clock, logger } = ports
  const running = new Map<number, Followed>()
  const begin = createFollowing(ports)
  let wanted: ReadonlySet<number> = new Set()
  /** Of those that are there and can be projected. */
  let identity: number | undefined
  let cancel: Cancel = () => {}
  let turn = Promise.resolve()

  const settle = async (): Promise<void> => {
    const over = [...running].filter(([partition, of]) => of.identity !== identity || !wanted.has(partition))
    for (const [partition] of over) running.delete(partition)
    await Promise.all(over.map(([, followed]) => followed.stop()))
    if (identity === undefined) return
    for (const partition of wanted)
      if (!running.has(partition)) running.set(partition, { identity, ...begin(partition, identity) })
  }

  const look = async (): Promise<void> => {
    try {
      const state = await kept.state()
      const found = state.kind === 'fit' ? state.identity : undefined
      if (found !== identity) logger.info({ state }, 'previous read models looked at')
      identity = found
    } catch (error) {
      // The live ones say aloud that the database is away.
      const level = isFault(error) && error.isRetryable ? 'debug' : 'warn'
      logger[level]({ err: error }, 'previous read models cannot be looked at now')
    }
    await settle()
  }

  /** One after the other: what is being stopped has stopped before it is begun again. */
  const next = (run: () => Promise<void>): Promise<void> => {
    turn = turn.then(run)
    return turn
  }

  return {
    start: () => {
      void next(look)
      cancel = every(clock, lookEveryMs, () => next(look))
    },
    assign: (partitions) => {
      wanted = partitions
      void next(settle)
    },
    stop: () => {
      cancel()
      wanted = new Set()
      return next(settle)
    },
  }
}

interface Followed extends PartitionProjector {
  readonly identity: number
}

/** As the live ones, but what goes wrong ends the way back and nothing else. */
const createFollowing = (ports: PreviousPorts) => {
  const { kept, logger } = ports
  // Not told to anybody: their trouble is no reason for the process not to be ready, and their batches are not its throughput.
  const metrics = createProjectorMetrics(createMetrics({ withProcess: 'bare' }))
  const giveUp = (identity: number, reason: string, error?: unknown) => {
    logger.error({ reason, err: error }, 'previous read models cannot be projected further')
    kept.markUnfit(identity, reason).catch((cause: unknown) => {
      logger.warn({ err: cause, reason }, 'previous read models could not be marked: a rollback finds out by itself')
    })
  }
  return (partition: number, identity: number): PartitionProjector =>
    projectPartition(partition, {
      ...ports,
      projection: kept,
      metrics,
      batchEveryMs,
      component: 'previous projection',
      health: createHealth(),
      bury: async () => {}, // The live projection did.
      // What cannot be read here stops the live ones at the same place; a log that was cut is another one than theirs.
      onHalted: ({ reason, detail }) => {
        if (reason === 'log_cut') giveUp(identity, detail)
      },
      onFatal: (error) => giveUp(identity, error instanceof Error ? error.message : String(error), error),
    })
}
