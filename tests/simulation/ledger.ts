import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { currentCommit } from '@chat/testkit'
import type { HistoryEvent } from '../faults/history.ts'

const ledgerPath = join(import.meta.dirname, '..', 'faults', 'ledger.jsonl')

/** Counts what was simulated, for one line of the ledger that has the runs on real processes too. */
export interface Tally {
  add(history: readonly HistoryEvent[]): void
  /** `seeds`: how many from `from` on; `red`: those that were. The line names the code as it was at the start. */
  write(run: { readonly from: number; readonly seeds: number; readonly red: readonly number[] }): void
}

export const startTally = (): Tally => {
  const commit = currentCommit(ledgerPath)
  let [faults, accepted] = [0, 0]
  return {
    add: (history) => {
      for (const line of history) {
        if (line.what === 'faultBegun') faults++
        if (line.what === 'answered' && line.outcome === 'ok' && line.position !== null && !line.isDuplicate) accepted++
      }
    },
    write: ({ from, seeds, red }) =>
      appendFileSync(
        ledgerPath,
        `${JSON.stringify({ at: new Date().toISOString(), commit, simulated: { from, seeds }, faults, accepted, red })}\n`,
      ),
  }
}
