import { type Clock, sleep } from '@chat/runtime'
import { waitUntil } from '@chat/testkit'
import { recoveryBudgetsMs } from '../budgets.ts'
import type { FaultKind, Heal } from '../kinds/index.ts'
import type { Recorder } from '../recorder.ts'
import type { Site } from '../site/site.ts'
import type { Place } from './traffic.ts'

/** One fault to be done. */
interface Hit {
  readonly kind: FaultKind
  readonly target: string
  readonly forMs: number
}

export interface Recovery {
  /** `router killed (router-1)`; of several at once all of them. */
  readonly fault: string
  /** Until a probe in every conversation was acknowledged and had reached every member. */
  readonly ms: number
  readonly budgetMs: number
}

/** A machine that does much else is slow: later than the budget is told, later than this many budgets is a failure. */
export const budgetTolerance = 3

export interface Striker {
  /** Does these at once, heals them, and waits until the system is back to normal. Throws when it is not within its budget × 3. */
  strike(hits: readonly Hit[]): Promise<Recovery>
  /** The same for a fault that no kind describes. */
  during(fault: Described, run: () => Promise<void>): Promise<Recovery>
  readonly recoveries: readonly Recovery[]
  /** Of every fault that was begun. */
  faults(): number
}

interface Described {
  readonly name: string
  readonly target: string
  readonly budget: FaultKind['budget']
}

export const createStriker = (options: {
  readonly clock: Clock
  readonly site: Site
  readonly recorder: Recorder
  readonly places: () => readonly Place[]
}): Striker => {
  const { clock, site, recorder } = options
  const recoveries: Recovery[] = []
  let faults = 0

  const begin = (name: string, target: string): number => {
    recorder.record({ what: 'faultBegun', fault: ++faults, name, target })
    return faults
  }

  const probe = async (fault: number, place: Place, deadlineMs: number): Promise<void> => {
    const { conversation, devices } = place
    const sender = devices[fault % devices.length]
    if (sender === undefined) throw new Error(`nobody speaks in ${conversation}`)
    let outcome: { readonly seq: number } | { readonly error: unknown } | undefined
    sender.send(conversation, `probe after fault ${fault}`).then(
      ({ seq, clientMsgId }) => {
        recorder.record({ what: 'probed', fault, conversation, clientMsgId })
        outcome = { seq }
      },
      (error: unknown) => {
        outcome = { error }
      },
    )
    const what = () =>
      outcome === undefined ? `the probe in ${conversation} is acknowledged` : `it reaches all of ${conversation}`
    await waitUntil(
      () => {
        if (outcome === undefined || 'error' in outcome) return outcome !== undefined
        const { seq } = outcome
        const reached = new Set(
          devices.filter((device) => device.shown(conversation).has(seq)).map(({ userId }) => userId),
        )
        return devices.every(({ userId }) => reached.has(userId))
      },
      { deadlineMs, everyMs: 20, what },
    )
    if (outcome !== undefined && 'error' in outcome) throw outcome.error
  }

  /** `sinceMs`: where the budget begins. */
  const recovered = async (
    fault: string,
    number: number,
    budget: FaultKind['budget'],
    sinceMs: number,
    graceMs = 0,
  ) => {
    const budgetMs = recoveryBudgetsMs[budget]
    const deadlineMs = budgetMs * budgetTolerance + graceMs
    await Promise.all(options.places().map((place) => probe(number, place, deadlineMs)))
    const recovery = { fault, ms: Math.round(clock.monotonic() - sinceMs), budgetMs }
    recoveries.push(recovery)
    return recovery
  }

  /** While it lasts others take over: the probes do not wait for its end. */
  const strikeOne = async ({ kind, target, forMs }: Hit): Promise<Recovery> => {
    const sinceMs = clock.monotonic()
    const number = begin(kind.name, target)
    const heal = await kind.inject(site, target)
    const ending = async () => {
      await sleep(clock, forMs)
      await heal()
      recorder.record({ what: 'faultEnded', fault: number })
    }
    const [recovery] = await settled([
      recovered(nameOf(kind.name, target), number, kind.budget, sinceMs, forMs),
      ending(),
    ])
    return recovery
  }

  const strikeAll = async (hits: readonly Hit[]): Promise<Recovery> => {
    const begun: { readonly number: number; readonly hit: Hit; readonly heal: Heal }[] = []
    for (const hit of hits.toSorted(waitsFirst)) {
      const number = begin(hit.kind.name, hit.target)
      begun.push({ number, hit, heal: await hit.kind.inject(site, hit.target) })
    }
    let last = 0
    let sinceMs = clock.monotonic()
    await settled(
      begun.map(async ({ number, hit, heal }) => {
        await sleep(clock, hit.forMs)
        await heal()
        recorder.record({ what: 'faultEnded', fault: number })
        last = number
        sinceMs = clock.monotonic()
      }),
    )
    const worst = hits.reduce((a, b) => (recoveryBudgetsMs[a.kind.budget] >= recoveryBudgetsMs[b.kind.budget] ? a : b))
    const fault = hits.map(({ kind, target }) => nameOf(kind.name, target)).join(' + ')
    return recovered(fault, last, worst.kind.budget, sinceMs)
  }

  return {
    strike: (hits) => {
      const [first] = hits
      if (first === undefined) throw new Error('no fault to do')
      return hits.length === 1 && first.kind.countsFrom === 'begin' ? strikeOne(first) : strikeAll(hits)
    },
    during: async ({ name, target, budget }, run) => {
      const number = begin(name, target)
      await run()
      recorder.record({ what: 'faultEnded', fault: number })
      return recovered(nameOf(name, target), number, budget, clock.monotonic())
    },
    recoveries,
    faults: () => faults,
  }
}

const waitsFirst = (one: Hit, other: Hit): number =>
  Number(other.kind.waitsForReady === true) - Number(one.kind.waitsForReady === true)

const nameOf = (name: string, target: string): string => `${name} (${target})`

/** Waits for all even when one fails: nothing of a fault goes on behind the next one. */
const settled = async <T extends readonly unknown[]>(
  runs: readonly [...{ [I in keyof T]: Promise<T[I]> }],
): Promise<T> => {
  await Promise.allSettled(runs)
  return Promise.all(runs) as unknown as Promise<T>
}
