import type { EventLog, StoredRecord } from '@chat/event-log'
import {
  type Difference,
  type NextReadModels,
  type Offsets,
  type Projection,
  type ProjectionOffset,
  type Source,
  switchHoldMs,
} from '@chat/read-models'
import { type Clock, every, Fault, isFault, type Logger } from '@chat/runtime'
import { chainStart, type Topics } from '@chat/schemas'
import { batchesOf, readEvents, readReceipts } from './batch.ts'
import { checkPlace } from './place.ts'

export interface RebuildPorts {
  readonly log: EventLog
  readonly topics: Topics
  readonly next: NextReadModels
  readonly clock: Clock
  readonly logger: Logger
  /** What is being done, one line each. */
  readonly say: (line: string) => void
}

export interface RebuildOptions {
  /** Partitions read and folded at once; each keeps its conversations in memory meanwhile. */
  readonly partitionsAtOnce: number
  /** `refuse`: what the live ones say otherwise ends the rebuild; `accept`: it is why one rebuilds. */
  readonly onDifferences: 'refuse' | 'accept'
}

export interface RebuildReport {
  readonly events: number
  readonly receipts: number
  readonly loadMs: number
  readonly differences: readonly Difference[]
}

const progressMs = 2_000
/** Catching up by less than this many records, the switch can be tried: the rest is read while the live ones stand still. */
const nearRecords = 2_000
const switchTries = 20

/**
 * Builds the read models anew from offset 0, beside the live ones, and puts them in their place. Live traffic goes on; the live
 * projection misses once. Throws Fault: `rebuild_differs` when the two say different things at the same place (nothing was
 * switched), `rebuild_failed`, or what the log or the database threw.
 */
export const rebuild = async (ports: RebuildPorts, options: RebuildOptions): Promise<RebuildReport> => {
  const { next, clock, say } = ports
  await next.begin()
  const generation = (await isCut(ports)) ? 'new' : 'keep'
  if (generation === 'new') say('the log was cut: devices will get a reset')
  const startedMs = clock.monotonic()
  const counts = await load(ports, options.partitionsAtOnce)
  const loadMs = clock.monotonic() - startedMs
  say(`loaded ${counts.events} events and ${counts.receipts} receipts in ${seconds(loadMs)}, making indexes`)
  await next.finishLoading()
  await catchUp(ports, await endsOf(ports))
  const differences = generation === 'new' ? [] : await compare(ports, options)
  await switchOver(ports, generation)
  say(`switched after ${seconds(clock.monotonic() - startedMs)}`)
  return { ...counts, loadMs, differences }
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`

const never = new AbortController().signal

const isCut = async ({ log, topics, next }: RebuildPorts): Promise<boolean> => {
  for (let partition = 0; partition < topics.events.partitions; partition++) {
    const place = await next.liveOffset('events', partition)
    if ((await checkPlace(log, topics.events, partition, place, never)) !== undefined) return true
  }
  return false
}

interface Counts {
  events: number
  receipts: number
}

const load = async (ports: RebuildPorts, partitionsAtOnce: number): Promise<Counts> => {
  const { log, topics, next, clock, say } = ports
  const ends = await endsOf(ports)
  const counts: Counts = { events: 0, receipts: 0 }
  let lastEvents = 0
  const stopProgress = every(clock, progressMs, () => {
    say(`${counts.events} events, ${Math.round(((counts.events - lastEvents) * 1000) / progressMs)}/s`)
    lastEvents = counts.events
  })
  const waiting = [...ends.events.keys()]
  const work = async () => {
    for (let partition = waiting.shift(); partition !== undefined; partition = waiting.shift()) {
      const start = { nextOffset: 0, lastPos: -1, chain: chainStart }
      const toEvents = log.read(topics.events, partition, 0, ends.events.get(partition) ?? 0, never)
      await projectEvents(ports, partition, start, toEvents, async (batch) => {
        counts.events += batch.events.length
        return next.loadEvents(batch)
      })
      const toReceipts = log.read(topics.receipts, partition, 0, ends.receipts.get(partition) ?? 0, never)
      await projectReceipts(partition, 0, toReceipts, async (batch) => {
        counts.receipts += batch.receipts.length
        await next.loadReceipts(batch)
      })
      await next.finishPartition(partition)
    }
  }
  try {
    await Promise.all(Array.from({ length: partitionsAtOnce }, work))
  } finally {
    stopProgress()
  }
  return counts
}

/** A partition at which the live projection stops for ever stops here too, at the same place. */
const projectEvents = async (
  { logger }: RebuildPorts,
  partition: number,
  start: ProjectionOffset,
  runs: AsyncIterable<readonly StoredRecord[]>,
  apply: Projection['applyEvents'],
): Promise<ProjectionOffset> => {
  let place = start
  for await (const records of runs)
    for (const part of batchesOf(records)) {
      const { batch, halt } = readEvents(partition, place, part)
      if (batch.to.nextOffset > batch.from) {
        for (const parked of await apply(batch)) logger.error({ ...parked }, 'handler failed, its aggregate is parked')
      }
      place = batch.to
      if (halt !== undefined) {
        logger.error({ partition, ...halt }, 'partition cannot be projected further')
        return place
      }
    }
  return place
}

const projectReceipts = async (
  partition: number,
  from: number,
  runs: AsyncIterable<readonly StoredRecord[]>,
  apply: Projection['applyReceipts'],
): Promise<number> => {
  let nextOffset = from
  for await (const records of runs)
    for (const part of batchesOf(records)) {
      const { batch } = readReceipts(partition, nextOffset, part)
      await apply(batch)
      nextOffset = batch.to
    }
  return nextOffset
}

const endsOf = async ({ log, topics }: RebuildPorts): Promise<Offsets> => ({
  events: await log.ends(topics.events),
  receipts: await log.ends(topics.receipts),
})

/** Brings every partition to these places at least; gives the number of records passed. */
const catchUp = async (ports: RebuildPorts, target: Offsets, signal = never): Promise<number> => {
  const { log, topics, next } = ports
  const one = async (source: Source, partition: number, end: number): Promise<number> => {
    const place = await next.projection.offset(source, partition)
    if (place.nextOffset >= end) return 0
    const runs = log.read(topics[source], partition, place.nextOffset, end, signal)
    const reached =
      source === 'events'
        ? (await projectEvents(ports, partition, place, runs, next.projection.applyEvents)).nextOffset
        : await projectReceipts(partition, place.nextOffset, runs, next.projection.applyReceipts)
    return reached - place.nextOffset
  }
  const passed = await Promise.all([
    ...[...target.events].map(([partition, end]) => one('events', partition, end)),
    ...[...target.receipts].map(([partition, end]) => one('receipts', partition, end)),
  ])
  return passed.reduce((sum, count) => sum + count, 0)
}

const compare = async ({ next, say }: RebuildPorts, options: RebuildOptions): Promise<readonly Difference[]> => {
  say('comparing with the live read models')
  const differences = await next.differences()
  for (const { table, key } of differences) say(`differs: ${table} ${key}`)
  if (differences.length > 0 && options.onDifferences === 'refuse')
    throw new Fault('rebuild_differs', `the live read models say otherwise in ${differences.length} places or more`, {
      isRetryable: false,
    })
  return differences
}

const switchOver = async (ports: RebuildPorts, generation: 'keep' | 'new'): Promise<void> => {
  const { next, clock, logger } = ports
  for (let attempt = 0; attempt < switchTries; attempt++) {
    while ((await catchUp(ports, await endsOf(ports))) > nearRecords);
    const late = new AbortController()
    try {
      const isDone = await next.switchOver(generation, async (live) => {
        const cancel = clock.after(switchHoldMs, () =>
          late.abort(new Fault('switch_late', 'the log did not answer in time')),
        )
        await catchUp(ports, live, late.signal).finally(cancel)
      })
      if (isDone) return
      logger.info({ attempt }, 'the live read models were ahead, trying again')
    } catch (error) {
      if (!isFault(error) || !error.isRetryable) throw error
      logger.warn({ attempt, err: error }, 'switch not possible now, trying again')
    }
  }
  throw new Fault('rebuild_failed', `no switch within ${switchTries} tries`, { isRetryable: false })
}
