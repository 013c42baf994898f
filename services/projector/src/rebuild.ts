import type { Difference, NextReadModels, NextState, Offsets } from '@chat/read-models'
import { Fault } from '@chat/runtime'
import { type CatchUpPorts, catchUp, endsOf, never, switchOver } from './catch-up.ts'
import type { LoadPartition } from './load.ts'
import { checkPlace } from './place.ts'
import { type ProgressView, withProgress } from './progress.ts'

export interface RebuildPorts extends CatchUpPorts {
  readonly next: NextReadModels
  /** Into `next`, in this thread or in others. */
  readonly load: LoadPartition
  readonly view: ProgressView
}

export interface RebuildOptions {
  /** Partitions loaded at once; each keeps its conversations in memory meanwhile. */
  readonly partitionsAtOnce: number
  /** `refuse`: what the live ones say otherwise ends the rebuild; `accept`: it is why one rebuilds. */
  readonly onDifferences: 'refuse' | 'accept'
  /** `resume`: goes on from what an interrupted run left, where it can; `anew`: from offset 0. */
  readonly from: 'resume' | 'anew'
}

export interface RebuildReport {
  /** Of this run: what an interrupted one had loaded is not counted. */
  readonly events: number
  readonly receipts: number
  readonly loadMs: number
  readonly indexMs: number
  readonly compareMs: number
  /** From the beginning to the switch. */
  readonly totalMs: number
  readonly differences: readonly Difference[]
}

/**
 * Builds the read models anew from offset 0, beside the live ones, and puts them in their place; the old ones are kept as the previous
 * ones. Live traffic goes on; the live projection misses once. Interrupted, the next run goes on from the partitions that were read
 * to their end. Throws Fault: `rebuild_differs` when the two say different things at the same place (nothing was switched),
 * `rebuild_failed`, or what the log or the database threw.
 */
export const rebuild = async (ports: RebuildPorts, options: RebuildOptions): Promise<RebuildReport> => {
  const { next, clock, view } = ports
  const startedMs = clock.monotonic()
  const sinceStart = () => clock.monotonic() - startedMs
  await resumeOrClear(ports, options)
  const generation = (await isCut(ports)) ? 'new' : 'keep'
  if (generation === 'new') view.say('the log was cut: devices will get a reset')
  const counts = await loadAll(ports, options.partitionsAtOnce)
  const loadMs = sinceStart()
  view.say(`loaded ${counts.events} events and ${counts.receipts} receipts in ${seconds(loadMs)}, making indexes`)
  await next.finishLoading()
  const indexMs = sinceStart() - loadMs
  view.say(`indexes made in ${seconds(indexMs)}, catching up`)
  await catchUp(ports, next, await endsOf(ports))
  const caughtUpMs = sinceStart()
  const differences = generation === 'new' ? [] : await compare(ports, options)
  const compareMs = sinceStart() - caughtUpMs
  await switchOver(ports, next, generation)
  const totalMs = sinceStart()
  view.say(`switched after ${seconds(totalMs)}; the replaced read models are kept up until they are dropped`)
  return { ...counts, loadMs, indexMs, compareMs, totalMs, differences }
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`

const resumeOrClear = async (ports: RebuildPorts, { from }: RebuildOptions): Promise<void> => {
  const { next, view } = ports
  const found = await next.begin()
  const why = from === 'anew' && found !== 'absent' ? 'as was asked' : await whyNotResumed(ports, found)
  if (why === undefined && found !== 'absent') {
    view.say('going on from what an interrupted run left')
    return
  }
  if (why !== undefined) view.say(`beginning anew: ${why}`)
  await next.clear()
}

/** undefined: nothing speaks against it. */
const whyNotResumed = async (ports: RebuildPorts, found: NextState): Promise<string | undefined> => {
  if (found === 'absent') return undefined
  if (found === 'foreign') return 'what an interrupted run left was made by another build'
  const { log, topics, next } = ports
  const ends = await endsOf(ports)
  for (const [partition] of ends.events) {
    const place = await next.projection.offset('events', partition)
    const halt = await checkPlace(log, topics.events, partition, place, never)
    if (halt !== undefined) return `what an interrupted run left is of another log: ${halt.detail}`
    const receipts = await next.projection.offset('receipts', partition)
    if (receipts.nextOffset > (ends.receipts.get(partition) ?? 0))
      return `what an interrupted run left is of another log: receipts of ${partition} end before ${receipts.nextOffset}`
  }
  return undefined
}

const isCut = async ({ log, topics, next }: RebuildPorts): Promise<boolean> => {
  for (let partition = 0; partition < topics.events.partitions; partition++) {
    const place = await next.liveOffset('events', partition)
    if ((await checkPlace(log, topics.events, partition, place, never)) !== undefined) return true
  }
  return false
}

const loadAll = async (ports: RebuildPorts, partitionsAtOnce: number) => {
  const { clock, view, load } = ports
  const ends = await endsOf(ports)
  const waiting = await notLoaded(ports, ends)
  const total = waiting.reduce((sum, partition) => sum + recordsOf(ends, partition), 0)
  const counts = { events: 0, receipts: 0 }
  const failing = new AbortController()
  await withProgress({ clock, view, total }, async (passed) => {
    const work = async () => {
      for (let partition = waiting.shift(); partition !== undefined; partition = waiting.shift()) {
        const job = {
          partition,
          ends: { events: endOf(ends.events, partition), receipts: endOf(ends.receipts, partition) },
        }
        const loaded = await load(job, passed, failing.signal)
        counts.events += loaded.events
        counts.receipts += loaded.receipts
      }
    }
    const workers = Array.from({ length: partitionsAtOnce }, () =>
      work().catch((error: unknown) => {
        failing.abort(error)
        throw error
      }),
    )
    await Promise.allSettled(workers) // None still writes when this rejects.
    await Promise.all(workers)
  })
  return counts
}

const endOf = (ends: Offsets['events'], partition: number): number => ends.get(partition) ?? 0

const recordsOf = (ends: Offsets, partition: number): number =>
  endOf(ends.events, partition) + endOf(ends.receipts, partition)

/** The largest first: none is left to be read alone at the end. */
const notLoaded = async ({ next }: RebuildPorts, ends: Offsets): Promise<number[]> => {
  const waiting: number[] = []
  for (const partition of ends.events.keys()) {
    const events = await next.projection.offset('events', partition)
    const receipts = await next.projection.offset('receipts', partition)
    if (events.nextOffset === 0 && receipts.nextOffset === 0) waiting.push(partition)
  }
  return waiting.sort((a, b) => recordsOf(ends, b) - recordsOf(ends, a))
}

const compare = async ({ next, view }: RebuildPorts, options: RebuildOptions): Promise<readonly Difference[]> => {
  view.say('comparing with the live read models')
  const differences = await next.differences()
  for (const { table, key } of differences) view.say(`differs: ${table} ${key}`)
  if (differences.length > 0 && options.onDifferences === 'refuse')
    throw new Fault('rebuild_differs', `the live read models say otherwise in ${differences.length} places or more`, {
      isRetryable: false,
    })
  return differences
}
