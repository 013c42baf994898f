import type { Random } from '@chat/runtime'
import type { Machine } from '../machine.ts'
import type { Scheduler } from '../scheduler.ts'

/** The way between a process and everything outside it: each call takes its time to get there, and its answer to come back. */
export interface Wire {
  /**
   * Has `run` happen outside and resolves in the process. Calls of one lane arrive in the order in which they were made. Of a process
   * that died meanwhile the call may still arrive; the answer never does.
   */
  call<T>(label: string, lane: string | undefined, run: () => Promise<T>): Promise<T>
  /** Comes back into the process after a while: what a stream does with each thing that it yields. */
  hop(label: string): Promise<void>
}

/** A hop takes so long, ms: mostly about one, now and then many. */
const hopMs = (random: Random): number => {
  const kind = random.fraction()
  const share = random.fraction()
  if (kind < 0.03) return 3 + share * 40
  return 0.05 + share * 1.5
}

export const createWire = (scheduler: Scheduler, machine: Machine, random: Random): Wire => {
  const lastArrival = new Map<string, number>()

  const arrivalMs = (lane: string | undefined): number => {
    const dueMs = scheduler.nowMs() + hopMs(random)
    if (lane === undefined) return dueMs
    const inOrder = Math.max(dueMs, lastArrival.get(lane) ?? 0)
    lastArrival.set(lane, inOrder)
    return inOrder
  }

  return {
    call: (label, lane, run) =>
      new Promise((resolve, reject) => {
        const answer = (settle: () => void) => machine.receive(hopMs(random), label, settle)
        scheduler.at(arrivalMs(lane), `${machine.name} asks ${label}`, () => {
          if (machine.isDead() && machine.losesOnTheWay()) return
          run().then(
            (value) => answer(() => resolve(value)),
            (error: unknown) => answer(() => reject(error)),
          )
        })
      }),
    hop: (label) => new Promise((resolve) => machine.receive(hopMs(random), label, resolve)),
  }
}
