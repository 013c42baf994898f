import { type Clock, isFault } from '@chat/runtime'
import { type ProgressView, withProgress } from '../progress.ts'
import { jsonLine, textLine } from './lines.ts'
import { type Range, type ReplayPorts, rangesOf, readRange, type Stretch, type Told } from './read.ts'
import type { ReplayRequest } from './request.ts'
import type { Sink } from './sink.ts'

export interface Ports extends ReplayPorts {
  readonly sink: Sink
  readonly clock: Clock
  readonly view: ProgressView
}

export interface Report {
  /** `complete`: the whole range was read. `reader_gone`: whoever read the output had enough. */
  readonly end: 'complete' | 'interrupted' | 'reader_gone'
  readonly events: number
  readonly records: number
  /** Records that count for nobody: late batches of writers that were overtaken. */
  readonly invalid: number
  /** Events that could not be told, or partitions that could not be read to their end. */
  readonly troubles: number
}

/**
 * Writes the events that are meant, partition after partition, up to the ends that the log has now. One stretch is held at a time: the
 * next one waits until the sink took it. Ends between two lines, whatever ends it.
 */
export const replay = async (
  ports: Ports,
  { selection, format }: Pick<ReplayRequest, 'selection' | 'format'>,
  told: ReadonlyMap<number, Told>,
  signal: AbortSignal,
): Promise<Report> => {
  const { sink, clock, view } = ports
  const counts = { events: 0, records: 0, invalid: 0, troubles: 0 }
  const toLine = format === 'json' ? jsonLine : textLine

  const take = async ({ found, troubles, records, invalid }: Stretch) => {
    for (const { partition, pos, reason, detail } of troubles) view.say(`${partition}:${pos} ${reason}: ${detail}`)
    if (found.length > 0) await sink.write(found.map(toLine).join(''))
    counts.events += found.length
    counts.records += records
    counts.invalid += invalid
    counts.troubles += troubles.length
  }
  const run = async (ranges: readonly Range[], passed: (records: number) => void) => {
    for (const range of ranges)
      for await (const stretch of readRange(ports, selection, range, signal)) {
        signal.throwIfAborted()
        await take(stretch)
        passed(stretch.records)
      }
  }
  try {
    const ranges = await rangesOf(ports, selection, told)
    const total = ranges.reduce((sum, { from, to }) => sum + Math.max(to - from, 0), 0)
    await withProgress({ clock, view, total }, (passed) => run(ranges, passed))
    return { ...counts, end: 'complete' }
  } catch (error) {
    if (isFault(error, 'reader_gone')) return { ...counts, end: 'reader_gone' }
    if (signal.aborted) return { ...counts, end: 'interrupted' }
    throw error
  }
}

/** 0: what was asked for is there, as far as somebody read it. 2: some of it could not be told. 130: interrupted. */
export const exitCodeOfReport = ({ end, troubles }: Report): number => {
  if (end === 'interrupted') return 130
  return troubles > 0 ? 2 : 0
}

export const sentenceOf = ({ end, events, records, invalid, troubles }: Report): string => {
  const how = { complete: 'done', interrupted: 'interrupted', reader_gone: 'nobody reads on' }[end]
  const untold = troubles === 0 ? '' : `; ${troubles} could not be told, see above`
  return `${how}: ${events} events of ${records} records, ${invalid} of them invalid${untold}`
}
