import type { EventLog, StoredRecord } from '@chat/event-log'
import {
  type EventBatch,
  type Offsets,
  type OtherReadModels,
  type ParkedEvent,
  type ProjectionOffset,
  type ReceiptBatch,
  type Source,
  switchHoldMs,
} from '@chat/read-models'
import { type Clock, Fault, isFault, type Logger, sleep } from '@chat/runtime'
import type { Topics } from '@chat/schemas'
import { batchesOf, readEvents, readReceipts } from './batch.ts'

export interface CatchUpPorts {
  readonly log: EventLog
  readonly topics: Topics
  readonly clock: Clock
  readonly logger: Logger
}

export const never = new AbortController().signal

/** Catching up by less than this many records, the switch can be tried: the rest is read while the live ones stand still. */
const nearRecords = 2_000
/** A busy or slow database refuses the switch now and then: it is tried for so long, with a pause in between, ms. */
const switchWithinMs = 120_000
const switchPauseMs = 100

export const endsOf = async ({ log, topics }: CatchUpPorts): Promise<Offsets> => ({
  events: await log.ends(topics.events),
  receipts: await log.ends(topics.receipts),
})

/** A partition at which the live projection stops for ever stops here too, at the same place. */
export const projectEvents = async (
  { logger }: Pick<CatchUpPorts, 'logger'>,
  partition: number,
  start: ProjectionOffset,
  runs: AsyncIterable<readonly StoredRecord[]>,
  apply: (batch: EventBatch) => Promise<readonly ParkedEvent[]>,
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

export const projectReceipts = async (
  partition: number,
  from: number,
  runs: AsyncIterable<readonly StoredRecord[]>,
  apply: (batch: ReceiptBatch) => Promise<void> | void,
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

/** Brings every partition to these places at least; gives the number of records passed. */
export const catchUp = async (
  ports: CatchUpPorts,
  other: Pick<OtherReadModels, 'projection'>,
  target: Offsets,
  signal = never,
): Promise<number> => {
  const { log, topics } = ports
  const { projection } = other
  const advance = async (source: Source, partition: number, end: number): Promise<number> => {
    const place = await projection.offset(source, partition)
    if (place.nextOffset >= end) return 0
    const runs = log.read(topics[source], partition, place.nextOffset, end, signal)
    const reached =
      source === 'events'
        ? (await projectEvents(ports, partition, place, runs, projection.applyEvents)).nextOffset
        : await projectReceipts(partition, place.nextOffset, runs, projection.applyReceipts)
    return reached - place.nextOffset
  }
  /** The live projectors keep the previous read models up too: whoever was overtaken goes on from where they are. */
  const one = async (source: Source, partition: number, end: number): Promise<number> => {
    for (;;)
      try {
        return await advance(source, partition, end)
      } catch (error) {
        if (!isFault(error, 'projection_overtaken')) throw error
      }
  }
  const passed = await Promise.all([
    ...[...target.events].map(([partition, end]) => one('events', partition, end)),
    ...[...target.receipts].map(([partition, end]) => one('receipts', partition, end)),
  ])
  return passed.reduce((sum, count) => sum + count, 0)
}

/** Tries until the switch is done; what keeps it from that passes. Throws Fault `rebuild_failed` when it does not. */
export const switchOver = async (
  ports: CatchUpPorts,
  other: OtherReadModels,
  generation: 'keep' | 'new',
): Promise<void> => {
  const { clock, logger } = ports
  const untilMs = clock.monotonic() + switchWithinMs
  for (let attempt = 0; clock.monotonic() < untilMs; attempt++) {
    const late = new AbortController()
    try {
      while ((await catchUp(ports, other, await endsOf(ports))) > nearRecords);
      const isDone = await other.switchOver(generation, async (live) => {
        const cancel = clock.after(switchHoldMs, () =>
          late.abort(new Fault('switch_late', 'the log did not answer in time')),
        )
        await catchUp(ports, other, live, late.signal).finally(cancel)
      })
      if (isDone) return
      logger.info({ attempt }, 'the live read models were ahead, trying again')
    } catch (error) {
      if (!isFault(error) || !error.isRetryable) throw error
      logger.warn({ attempt, err: error }, 'switch not possible now, trying again')
    }
    await sleep(clock, switchPauseMs)
  }
  throw new Fault('rebuild_failed', `no switch within ${switchWithinMs} ms`, { isRetryable: false })
}
