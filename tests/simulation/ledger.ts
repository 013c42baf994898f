import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { currentCommit } from '@chat/testkit'

const ledgerPath = join(import.meta.dirname, '..', 'faults', 'ledger.jsonl')

/** `seeds`: how many from `from` on; `red`: those of them that were. */
interface SimulatedSeeds {
  readonly from: number
  readonly seeds: number
  readonly faults: number
  readonly accepted: number
  readonly red: readonly number[]
}

/** Keeps a line of a run where those on real processes are kept. It names the code as it is now. */
export const openLedger = () => {
  const commit = currentCommit(ledgerPath)
  return {
    add: ({ from, seeds, faults, accepted, red }: SimulatedSeeds) => {
      const line = { at: new Date().toISOString(), commit, simulated: { from, seeds }, faults, accepted, red }
      appendFileSync(ledgerPath, `${JSON.stringify(line)}\n`)
    },
  }
}
