import type { Clock } from '@chat/runtime'
import { rates as defaultRates, type Rate, type RateName, rateRetryMinMs } from '@chat/schemas/protocol'
import type { RateLimits } from './rate-limits.ts'

export type Rates = Readonly<Record<RateName, Rate>>

interface Entry {
  /** When the bucket will be full again, monotonic ms: the one number that a token bucket is. */
  fullAtMs: number
  /** Gives nothing before, monotonic ms. */
  heldUntilMs: number
  /** Tokens taken since they were last told. */
  untold: number
}

export interface RateBuckets extends Pick<RateLimits, 'take'> {
  /** The bucket gives nothing for so long. */
  hold(rate: RateName, key: string, ms: number): void
}

/** Buckets of one rate in a process; those that were not used lately are forgotten first, and begin full again. */
export const bucketsMax = 100_000
/** A bucket that was not used for so long may be forgotten, ms: every one is full again by then, and no hold lasts as long. */
const generationMs = 600_000
/** What was taken is told in parts of a burst: who stays far below his limit never costs anybody a message. */
const toldPartOfBurst = 1 / 16

/** The buckets of one process. `onTaken`: so many tokens were taken that others did not hear of. */
export const createRateBuckets = (
  clock: Clock,
  rates: Rates = defaultRates,
  onTaken: (rate: RateName, key: string, tokens: number) => void = () => {},
): RateBuckets => {
  const byRate = Object.fromEntries(Object.keys(rates).map((name) => [name, createEntries()])) as Record<
    RateName,
    Entries
  >
  const entryOf = (rate: RateName, key: string, nowMs: number): Entry => byRate[rate].entryOf(key, nowMs)

  const waitMsOf = ({ fullAtMs, heldUntilMs }: Entry, { burst, perSecond }: Rate, nowMs: number): number => {
    const tokenMs = 1000 / perSecond
    const untilTokenMs = Math.max(fullAtMs, nowMs) + tokenMs - nowMs - burst * tokenMs
    return Math.max(untilTokenMs, heldUntilMs - nowMs)
  }

  const takeFrom = (entry: Entry, rate: RateName, key: string, nowMs: number) => {
    const { burst, perSecond } = rates[rate]
    if (entry.fullAtMs <= nowMs) entry.untold = 0 // What was taken before has been filled in again, everywhere.
    entry.fullAtMs = Math.max(entry.fullAtMs, nowMs) + 1000 / perSecond
    entry.untold++
    if (entry.untold < burst * toldPartOfBurst) return
    onTaken(rate, key, entry.untold)
    entry.untold = 0
  }

  return {
    take: (buckets) => {
      const nowMs = clock.monotonic()
      const wanted = buckets.map(({ rate, key }) => ({ rate, key, entry: entryOf(rate, key, nowMs) }))
      for (const { rate, entry } of wanted) {
        const waitMs = waitMsOf(entry, rates[rate], nowMs)
        // A hair less than a token is one: sums of fractions are not exact.
        if (waitMs <= roundingMs) continue
        // Who comes before his time is told what is left of it, and not more.
        const retryAfterMs = entry.heldUntilMs > nowMs ? Math.ceil(waitMs) : Math.max(rateRetryMinMs, Math.ceil(waitMs))
        const [first] = wanted
        if (first !== undefined) first.entry.heldUntilMs = Math.max(first.entry.heldUntilMs, nowMs + retryAfterMs)
        return { rate, retryAfterMs }
      }
      for (const { rate, key, entry } of wanted) takeFrom(entry, rate, key, nowMs)
      return undefined
    },
    hold: (rate, key, ms) => {
      const nowMs = clock.monotonic()
      const entry = entryOf(rate, key, nowMs)
      entry.heldUntilMs = Math.max(entry.heldUntilMs, nowMs + ms)
    },
  }
}

const roundingMs = 1e-6

interface Entries {
  /** A full bucket if there is none. */
  entryOf(key: string, nowMs: number): Entry
}

/** Two generations: what was not used while one filled up or grew old is forgotten with it, at no cost for each. */
const createEntries = (): Entries => {
  let young = new Map<string, Entry>()
  let old = new Map<string, Entry>()
  let begunMs = Number.NEGATIVE_INFINITY
  return {
    entryOf: (key, nowMs) => {
      const known = young.get(key)
      if (known !== undefined) return known
      if (young.size >= bucketsMax / 2 || nowMs - begunMs >= generationMs) {
        old = young
        young = new Map()
        begunMs = nowMs
      }
      const entry = old.get(key) ?? { fullAtMs: nowMs, heldUntilMs: nowMs, untold: 0 }
      young.set(key, entry)
      return entry
    },
  }
}
