import type { EventLog, Share } from '@chat/event-log'
import type { KeptProjection, Projection } from '@chat/read-models'
import {
  type Backoff,
  type Clock,
  type Health,
  isFault,
  type Logger,
  type Metrics,
  type Random,
  retry,
  type Service,
} from '@chat/runtime'
import type { Encoder, Topics } from '@chat/schemas'
import { buryRecords } from './dead-letters.ts'
import { createProjectorMetrics } from './metrics.ts'
import { type PartitionPorts, type PartitionProjector, projectPartition } from './partition.ts'
import { createPreviousProjector } from './previous.ts'

export interface ProjectorSettings {
  /** Put before the name of the group that divides the partitions. */
  readonly logPrefix: string
}

export interface ProjectorPorts {
  readonly log: EventLog
  readonly topics: Topics
  readonly encoder: Encoder
  readonly projection: Projection
  /** What a rebuild replaced, kept up too. Absent: there is no rebuild of these read models. */
  readonly kept?: KeptProjection
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly health: Health
  readonly metrics: Metrics
  /** The process can no longer do its work and must exit. */
  readonly onFatal: (error: unknown) => void
}

const component = 'projector'
/**
 * Between the beginnings of two transactions of a partition, ms. An event after a pause is projected at once; under load a commit then
 * carries some milliseconds' events instead of one or two, which halves what the read models cost. Readers wait for positions far longer.
 */
const batchEveryMs = 100
const backoff: Backoff = { firstMs: 100, maxMs: 3000 }

/**
 * Keeps the read models up with the log: shares the partitions of events with the other projectors and projects those it has, the
 * receipts of the same partitions with them. Ready when it is in the group and none of its partitions waits or has stopped.
 * `stop` finishes the batches under way; what is not projected stays on the log for whoever comes next.
 */
export const createProjector = (settings: ProjectorSettings, ports: ProjectorPorts): Service => {
  const { log, topics, clock, random, logger, health, onFatal } = ports
  const metrics = createProjectorMetrics(ports.metrics)
  const running = new Map<number, PartitionProjector>()
  /** Partitions given up and not yet stopped: one that comes back meanwhile begins after. */
  const ending = new Map<number, Promise<void>>()
  const stopping = new AbortController()
  let wanted: ReadonlySet<number> = new Set()
  let starting: Promise<Share> | undefined
  let stopped: Promise<void> | undefined
  const live = {
    ...ports,
    metrics,
    batchEveryMs,
    component: 'projection',
    onHalted: () => {},
    bury: (...[topic, partition, dead]: Parameters<PartitionPorts['bury']>) =>
      buryRecords(ports, topic, partition, dead),
  }
  const previous = ports.kept === undefined ? undefined : createPreviousProjector({ ...ports, kept: ports.kept })

  const begin = (partition: number) => {
    if (running.has(partition) || ending.has(partition) || !wanted.has(partition)) return
    running.set(partition, projectPartition(partition, live))
    metrics.partitions.set(running.size)
  }

  const end = (partition: number, projector: PartitionProjector) => {
    running.delete(partition)
    metrics.partitions.set(running.size)
    const ended = projector.stop().then(() => {
      ending.delete(partition)
      begin(partition)
    })
    ending.set(partition, ended)
  }

  const assign = (partitions: ReadonlySet<number>) => {
    if (stopping.signal.aborted) return
    wanted = partitions
    for (const [partition, projector] of running) if (!wanted.has(partition)) end(partition, projector)
    for (const partition of wanted) begin(partition)
    previous?.assign(partitions)
    logger.info({ partitions: [...wanted] }, 'partitions assigned')
  }

  const join = () =>
    retry(
      () => log.share({ topic: topics.events, group: `${settings.logPrefix}projectors`, onAssigned: assign, onFatal }),
      {
        clock,
        random,
        backoff,
        isRetryable: (error) => isFault(error) && error.isRetryable,
        onRetry: (error, attempt) => {
          const reason = error instanceof Error ? error.message : String(error)
          health.set(component, reason)
          if (attempt === 0) logger.warn({ err: error }, 'waiting for the group of projectors')
        },
        signal: stopping.signal,
      },
    )

  const stop = async () => {
    stopping.abort()
    wanted = new Set()
    for (const [partition, projector] of running) end(partition, projector)
    await Promise.all([...ending.values(), previous?.stop()])
    const share = await starting?.catch(() => undefined) // Whoever started heard of the failure.
    await share?.leave()
  }

  return {
    start: async () => {
      health.set(component, 'starting')
      previous?.start()
      starting ??= join()
      await starting
      health.clear(component)
    },
    stop: () => {
      stopped ??= stop()
      return stopped
    },
  }
}
