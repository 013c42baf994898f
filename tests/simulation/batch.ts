import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Mode } from './modes.ts'
import type { Simulated } from './simulate.ts'

/** Seeds `from` to `from + count − 1`. */
export interface Batch {
  readonly from: number
  readonly count: number
  /** undefined: the seed says it. */
  readonly mode: Mode | undefined
  readonly plant: string | undefined
  readonly isTraced: boolean
}

export interface SeedOutcome extends Pick<Simulated, 'seed' | 'mode' | 'weather' | 'isSkewed' | 'violations'> {
  readonly faults: number
  /** Writes that were accepted, repetitions aside. */
  readonly accepted: number
}

/** What is not finished in the life of a simulated process that was killed is never freed, some 2 MB a seed: it goes with the thread. */
export const batchSeedsMax = 500

/** Simulates a batch on a thread of its own; ends early when `onOutcome` says `stop`. Rejects with what a simulation throws. */
export const simulateBatch = async (
  batch: Batch,
  onOutcome: (outcome: SeedOutcome) => 'goOn' | 'stop',
): Promise<void> => {
  const thread = new Worker(new URL('batch-thread.ts', import.meta.url), { workerData: batch })
  thread.on('message', (outcome: SeedOutcome) => {
    if (onOutcome(outcome) === 'stop') void thread.terminate()
  })
  await once(thread, 'exit') // Rejects on 'error'.
}
