import type { EventLog, StoredRecord } from '@chat/event-log'
import type { Projection, ProjectionOffset, Source } from '@chat/read-models'
import { type Clock, every, Fault, type Health, isFault, type Logger, type Random, sleep } from '@chat/runtime'
import type { Topic, Topics } from '@chat/schemas'
import { batchesOf, type Dead, type Halt, readEvents, readReceipts } from './batch.ts'
import { follow, Halted } from './follow.ts'
import type { ProjectorMetrics } from './metrics.ts'
import { checkPlace } from './place.ts'

export interface PartitionPorts {
  readonly log: EventLog
  readonly topics: Topics
  readonly projection: Omit<Projection, 'close'>
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly health: Health
  readonly metrics: ProjectorMetrics
  readonly onFatal: (error: unknown) => void
  /** Nothing further of this partition is projected. */
  readonly onHalted: (halt: Halt) => void
  /** Puts records aside that are none of ours. */
  readonly bury: (topic: Topic, partition: number, dead: readonly Dead[]) => Promise<void>
  /** First part of the names among the reasons not to be ready. */
  readonly component: string
  /** Between the beginnings of two transactions of a partition, ms. */
  readonly batchEveryMs: number
}

export interface PartitionProjector {
  /** Finishes the batches under way. */
  stop(): Promise<void>
}

/** Projects one partition of the events and of the receipts, each from its stored place on, independent of the other. */
export const projectPartition = (partition: number, ports: PartitionPorts): PartitionProjector => {
  const { health, metrics } = ports
  const followed = (source: Source, session: Session) => {
    const component = `${ports.component} of ${source} ${partition}`
    health.set(component, 'starting')
    return follow({
      ...ports,
      component,
      session: (signal, onSteady) =>
        whileStored(source, partition, ports, signal, (until, onReached) =>
          session(partition, ports, until, (nextOffset) => {
            onReached(nextOffset)
            onSteady()
          }),
        ),
      onOvertaken: () => metrics.overtaken.inc(),
    })
  }
  const followers = [followed('events', followEvents), followed('receipts', followReceipts)]
  return { stop: async () => void (await Promise.all(followers.map((follower) => follower.stop()))) }
}

/** How often it is looked whether what was projected is still there, ms. */
const lookEveryMs = 5_000

/**
 * Tables that were emptied or restored beneath a partition in which nothing happens are projected again too: without this, it would take
 * an event to find out. Ends `run` then and throws Fault `projection_overtaken`. [G10]
 */
const whileStored = async (
  source: Source,
  partition: number,
  { projection, clock, logger }: PartitionPorts,
  signal: AbortSignal,
  run: (until: AbortSignal, onReached: (nextOffset: number) => void) => Promise<void>,
): Promise<void> => {
  const gone = new AbortController()
  let reached = 0
  const look = async (): Promise<void> => {
    const before = reached
    const { nextOffset } = await projection.offset(source, partition)
    if (nextOffset < before)
      gone.abort(new Fault('projection_overtaken', `${source} of partition ${partition} stand at ${nextOffset} again`))
  }
  const cancel = every(clock, lookEveryMs, () =>
    look().catch((error: unknown) => {
      logger.debug({ err: error, source, partition }, 'stored offset cannot be looked at now') // Whoever writes says it aloud.
    }),
  )
  try {
    await run(AbortSignal.any([signal, gone.signal]), (nextOffset) => {
      reached = nextOffset
    })
  } finally {
    cancel()
  }
  if (!signal.aborted) gone.signal.throwIfAborted()
}

/** `onSteady`: what lies before this offset is stored. */
type Session = (
  partition: number,
  ports: PartitionPorts,
  signal: AbortSignal,
  onSteady: (nextOffset: number) => void,
) => Promise<void>

const followEvents: Session = async (partition, ports, signal, onSteady) => {
  const { log, topics, projection, clock, batchEveryMs } = ports
  let place = await projection.offset('events', partition) // [G10]
  const halt = await checkPlace(log, topics.events, partition, place, signal)
  if (halt !== undefined) throw new Halted(halt) // [G7]
  onSteady(place.nextOffset)
  for await (const records of log.tail(topics.events, partition, place.nextOffset, signal)) {
    const beganMs = clock.monotonic()
    for (const part of batchesOf(records)) {
      if (signal.aborted) return
      place = await applyEvents(part, place, partition, ports)
      onSteady(place.nextOffset)
    }
    const restMs = beganMs + batchEveryMs - clock.monotonic()
    if (restMs > 0) await sleep(clock, restMs, signal).catch(() => {}) // An abort ends the wait; the tail sees it too.
  }
}

const applyEvents = async (
  records: readonly StoredRecord[],
  place: ProjectionOffset,
  partition: number,
  ports: PartitionPorts,
): Promise<ProjectionOffset> => {
  const { projection, topics, clock, logger, metrics, bury } = ports
  const { batch, dead, halt } = readEvents(partition, place, records)
  await bury(topics.events, partition, dead)
  metrics.deadLetters.inc(dead.length)
  if (batch.to.nextOffset > batch.from) {
    const startedMs = clock.monotonic()
    const parked = await projection.applyEvents(batch)
    metrics.applyMs.observe(clock.monotonic() - startedMs)
    metrics.batchEvents.observe(batch.events.length)
    metrics.events.inc(batch.events.length)
    for (const event of parked) {
      metrics.parked.inc()
      logger.error({ ...event }, 'handler failed, its aggregate is parked until a rebuild')
    }
  }
  if (halt !== undefined) throw new Halted(halt) // [G7]
  return batch.to
}

/** Receipts that are read once more where their topic lost its end: as many may have come since unnoticed. */
const againReceiptsMax = 10_000

const followReceipts: Session = async (partition, ports, signal, onSteady) => {
  const { log, topics, projection, metrics, bury } = ports
  let nextOffset = await receiptsPlace(partition, ports) // [G10]
  onSteady(nextOffset)
  try {
    for await (const records of log.tail(topics.receipts, partition, nextOffset, signal))
      for (const part of batchesOf(records)) {
        if (signal.aborted) return
        const { batch, dead } = readReceipts(partition, nextOffset, part)
        await bury(topics.receipts, partition, dead)
        metrics.deadLetters.inc(dead.length)
        await projection.applyReceipts(batch)
        metrics.receipts.inc(batch.receipts.length)
        nextOffset = batch.to
        onSteady(nextOffset)
      }
  } catch (error) {
    if (!isFault(error, 'log_cut')) throw error
    throw new Fault('receipts_cut', error.message, { cause: error }) // The next session begins before the end.
  }
}

/**
 * The stored place, or before it: a lone broker has no receipt on its disk when it is acknowledged. The rows know cursors then that their
 * topic lost, which is no harm: cursors only go forward, and to read some again changes nothing.
 */
const receiptsPlace = async (
  partition: number,
  { log, topics, projection, logger }: PartitionPorts,
): Promise<number> => {
  const { nextOffset } = await projection.offset('receipts', partition)
  const end = (await log.ends(topics.receipts)).get(partition) ?? 0
  if (end >= nextOffset) return nextOffset
  const beginning = (await log.beginnings(topics.receipts)).get(partition) ?? 0
  const to = Math.max(beginning, end - againReceiptsMax)
  logger.warn({ partition, nextOffset, end, to }, 'receipts were cut, going on before their end')
  await projection.applyReceipts({ partition, from: nextOffset, to, receipts: [] })
  return to
}
