import type { HistoryEvent, Measured } from '../history.ts'
import type { Facts } from './facts.ts'
import { within } from './log-facts.ts'
import { createFound, type Violation } from './violation.ts'

/** How far from its start a process may be at the end, as a part of it. */
const toleratedPart = 0.1
/**
 * How far its resident memory may grow, as a part of it: only what is held is compared closely. Pages that a peak needed stay with the
 * allocator: after a device had missed 10,000 messages and others had read nothing, connectors held 3 % more than at their start, and
 * 27 % more was resident. What leaks outside heap and buffers is still seen here, later.
 */
const residentPart = 0.5
/** Of a dozen handles or timers a tenth is one: a connection that a pool opened since is no leak. */
const toleratedCount = 2

/**
 * I12: memory held, handles and timers of every process return to their start + 10 %: medians of the samples of both phases. They may be
 * less: connections and their timers are made when they are needed, and whoever owns fewer partitions than at the start, or whose
 * leaders moved to fewer brokers, needs fewer. Fed by `measured`; a process that ended in between (killed, replaced) has no samples of
 * one of the phases and is passed over.
 */
export const returnsToStart = ({ history }: Facts): readonly Violation[] => {
  const found = createFound('I12')
  for (const [process, { start, end }] of samplesOf(history)) {
    const compare = (noun: string, of: (sample: Measured) => number | null, part: number) => {
      const [before, after] = [median(start, of), median(end, of)]
      if (before === undefined || after === undefined) return
      if (after > before + Math.max(before * part, toleratedCount))
        found.add(`${process}: ${after} ${noun} at the end, ${before} at the start`)
    }
    compare('bytes held', (sample) => sample.heldBytes, toleratedPart)
    compare('bytes resident', (sample) => sample.rssBytes, residentPart)
    compare('handles', (sample) => sample.handles, toleratedPart)
    compare('timers', (sample) => sample.timers, toleratedPart)
  }
  return found.violations
}

/** Whether one process at least lived from start to end. */
export const isMeasured = (history: readonly HistoryEvent[]): boolean => samplesOf(history).length > 0

interface Samples {
  readonly start: readonly Measured[]
  readonly end: readonly Measured[]
}

/** Of the processes that have some of both phases. */
const samplesOf = (history: readonly HistoryEvent[]): readonly (readonly [string, Samples])[] => {
  const samples = new Map<string, { readonly start: Measured[]; readonly end: Measured[] }>()
  for (const line of history)
    if (line.what === 'measured' && line.phase !== 'run')
      within(samples, line.process, () => ({ start: [], end: [] }))[line.phase].push(line)
  return [...samples].filter(([, { start, end }]) => start.length > 0 && end.length > 0)
}

const median = (samples: readonly Measured[], of: (sample: Measured) => number | null): number | undefined => {
  const values = samples.map(of).filter((value) => value !== null)
  return values.sort((a, b) => a - b)[values.length >> 1]
}
