import type { Random } from '@chat/runtime'
import { refused } from '../answer.ts'
import type { Answer } from '../ports.ts'

/** Hellos in work at once: enough to keep the database and presence busy, few enough that each is answered soon after its turn came. */
export const hellosAtOnceMax = 64
/** Hellos that wait for their turn: about a second of work. Those beyond it are told to come back, which costs nothing. */
export const hellosWaitingMax = 1000
/** When those who were refused come back, ms: drawn anew for each, so that they do not come together again. */
const retryFirstMs = 500
const retryLastMs = 3000

/**
 * Lets hellos in by turns, in order of arrival: when everybody reconnects at once, some are served and the others hear at once that they
 * are not, instead of all waiting until all have given up.
 */
export interface HelloGate {
  /** Runs `work` when its turn comes and settles with it. An answer instead: too many wait already; nothing was done or will be. */
  enter(work: () => Promise<void>): Promise<void> | Answer
}

export const createHelloGate = (random: Random): HelloGate => {
  const waiting: (() => void)[] = []
  let inWork = 0

  const run = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work()
    } finally {
      const next = waiting.shift()
      // Whoever ends hands its turn over, so that nobody who comes meanwhile overtakes.
      if (next === undefined) inWork--
      else next()
    }
  }

  const retryAfterMs = () => Math.round(retryFirstMs + random.fraction() * (retryLastMs - retryFirstMs))

  return {
    enter: (work) => {
      if (inWork < hellosAtOnceMax) {
        inWork++
        return run(work)
      }
      if (waiting.length >= hellosWaitingMax) return refused('unavailable', 'too many connect at once', retryAfterMs())
      return new Promise<void>((resolve) => waiting.push(resolve)).then(() => run(work))
    },
  }
}
