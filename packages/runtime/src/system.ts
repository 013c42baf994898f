import { randomFillSync } from 'node:crypto'
import type { Clock } from './clock.ts'
import type { Random } from './random.ts'

/** The machine's clock and timers. Only main.ts files and tests import this file. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}

/** The operating system's randomness. */
export const systemRandom: Random = {
  bytes: (count) => randomFillSync(new Uint8Array(count)),
  fraction: () => Math.random(),
}
