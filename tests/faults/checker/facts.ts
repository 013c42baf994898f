import type { DumpSource, HistoryEvent, Started } from '../history.ts'
import { compareFinals, type FinalDifference } from './finals.ts'
import { type LogFacts, readLog } from './log-facts.ts'
import { readSends, type SendFacts } from './sends.ts'

/** What several invariants look at; each makes its own way through the history for the rest. */
export interface Facts {
  readonly history: readonly HistoryEvent[]
  readonly started: Started
  readonly userOf: ReadonlyMap<string, number>
  readonly dumped: ReadonlySet<DumpSource>
  readonly log: LogFacts
  readonly sending: SendFacts
  readonly finals: readonly FinalDifference[]
  readonly options: CheckOptions
}

export interface CheckOptions {
  /** How many times its recovery budget a probe may take; 1 unless told. More on machines that do much else. */
  readonly budgetTolerance?: number
}

/** Throws for a history that is none: without a beginning, or with dumps that are not complete. */
export const factsOf = (history: readonly HistoryEvent[], options: CheckOptions = {}): Facts => {
  const [started] = history
  if (started?.what !== 'started') throw new Error('the history has no beginning')
  const userOf = new Map<string, number>()
  for (const line of history) if (line.what === 'device') userOf.set(line.device, line.user)
  const dumped = dumpsOf(history)
  const log = readLog(history)
  const sending = readSends(history, userOf)
  const finals = compareFinals(history, log, userOf, dumped)
  return { history, started, userOf, dumped, log, sending, finals, options }
}

const sourceOf: Partial<Record<HistoryEvent['what'], DumpSource>> = {
  logged: 'log',
  row: 'rows',
  deviceState: 'devices',
  userHistory: 'histories',
}

const dumpsOf = (history: readonly HistoryEvent[]): ReadonlySet<DumpSource> => {
  const counts = new Map<DumpSource, number>()
  const dumped = new Set<DumpSource>()
  for (const line of history) {
    const source = sourceOf[line.what]
    if (source !== undefined) counts.set(source, (counts.get(source) ?? 0) + 1)
    if (line.what !== 'dumped') continue
    const count = counts.get(line.source) ?? 0
    if (count !== line.count) throw new Error(`${count} lines of ${line.source} where ${line.count} were dumped`)
    dumped.add(line.source)
  }
  return dumped
}
