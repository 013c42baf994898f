import type { Clock, Random } from '@chat/runtime'
import type { Scheduler } from './scheduler.ts'

/** The wall clock of the world when a run begins. */
const wallStartMs = Date.UTC(2026, 0, 1)

/** How wrong a process's clock is. */
export interface Skew {
  /** Of the wall clock, ms. */
  readonly offsetMs: number
  /** Local ms that pass in one true ms. */
  readonly rate: number
}

export const noSkew: Skew = { offsetMs: 0, rate: 1 }

/**
 * One life of a process: its clock, its randomness, and the only way in. A process that died hears nothing any more, no timer and no
 * answer, so its code never runs again; one that is frozen hears it all at once when it thaws, as after SIGCONT.
 */
export interface Machine {
  readonly name: string
  readonly clock: Clock
  readonly random: Random
  isDead(): boolean
  isFrozen(): boolean
  /** What the process had handed to the network when it died is lost there. */
  losesOnTheWay(): boolean
  /** Runs `run` in the process, `delayMs` from now. */
  receive(delayMs: number, label: string, run: () => void): void
  crash(onTheWay: 'land' | 'lose'): void
  freeze(): void
  thaw(): void
}

interface Kept {
  readonly kind: 'timer' | 'message'
  readonly label: string
  readonly run: () => void
}

export const createMachine = (
  scheduler: Scheduler,
  { name, random, skew }: { readonly name: string; readonly random: Random; readonly skew: Skew },
): Machine => {
  let state: 'running' | 'frozen' | 'dead' = 'running'
  let losesOnTheWay = false
  let kept: Kept[] = []
  const salt = Math.floor(random.fraction() * 2 ** 32)

  const enter = (entry: Kept) => {
    if (state === 'dead') return
    if (state === 'frozen') kept.push(entry)
    else entry.run()
  }

  const monotonic = () => scheduler.nowMs() * skew.rate

  /**
   * A timer fires up to a ms late, by an amount that is the same for all that are due within a ms: the order of a process's own timers is
   * that of their due times, as in Node, and between processes the seed decides.
   */
  const firesAtMs = (dueMs: number) => {
    const whole = Math.floor(dueMs)
    const mixed = Math.imul(Math.imul(whole ^ salt, 0x85ebca6b) ^ salt, 0xc2b2ae35)
    const late = ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
    return Math.max(dueMs, whole + late)
  }

  const clock: Clock = {
    now: () => Math.floor(wallStartMs + skew.offsetMs + monotonic()),
    monotonic,
    after: (ms, run) => {
      let isCancelled = false
      // As in Node, nothing is due at once: a wait that rounds to nothing would let time stand still.
      const dueMs = (monotonic() + Math.max(1, ms)) / skew.rate
      const fire = () => {
        if (!isCancelled) run()
      }
      const label = `${name} timer`
      const cancel = scheduler.at(firesAtMs(dueMs), label, () => enter({ kind: 'timer', label, run: fire }))
      return () => {
        isCancelled = true
        cancel()
      }
    },
  }

  /** Timers first, messages first, or as they came: Node may do any of it. */
  const inSomeOrder = (entries: readonly Kept[]): readonly Kept[] => {
    const choice = random.fraction()
    const timers = entries.filter(({ kind }) => kind === 'timer')
    const messages = entries.filter(({ kind }) => kind === 'message')
    if (choice < 0.4) return [...timers, ...messages]
    return choice < 0.6 ? [...messages, ...timers] : entries
  }

  return {
    name,
    clock,
    random,
    isDead: () => state === 'dead',
    isFrozen: () => state === 'frozen',
    losesOnTheWay: () => losesOnTheWay,
    receive: (delayMs, label, run) => {
      const full = `${name} ${label}`
      scheduler.at(scheduler.nowMs() + delayMs, full, () => enter({ kind: 'message', label: full, run }))
    },
    crash: (onTheWay) => {
      state = 'dead'
      losesOnTheWay = onTheWay === 'lose'
      kept = []
    },
    freeze: () => {
      if (state === 'running') state = 'frozen'
    },
    thaw: () => {
      if (state !== 'frozen') return
      state = 'running'
      const entries = kept
      kept = []
      for (const entry of inSomeOrder(entries))
        scheduler.at(scheduler.nowMs(), `${entry.label} (thawed)`, () => enter(entry))
    },
  }
}
