/** Histograms of a process at one moment: name → upper bound → count up to it. */
export type Histograms = ReadonlyMap<string, ReadonlyMap<number, number>>

/** Where the time goes: estimated percentiles of one histogram between two moments, in its own unit. */
export interface Hop {
  readonly count: number
  readonly p50: number
  readonly p99: number
}

/** Reads the histograms of the Prometheus text format; series that differ in other labels are added up. */
export const parseHistograms = (exposition: string): Histograms => {
  const histograms = new Map<string, Map<number, number>>()
  for (const line of exposition.split('\n')) {
    const match = /^(chat_\w+)_bucket\{.*le="([^"]+)".*\} (\S+)$/.exec(line)
    if (match === null) continue
    const [, name = '', bound, count] = match
    const buckets = histograms.get(name) ?? new Map<number, number>()
    histograms.set(name, buckets)
    const upTo = bound === '+Inf' ? Number.POSITIVE_INFINITY : Number(bound)
    buckets.set(upTo, (buckets.get(upTo) ?? 0) + Number(count))
  }
  return histograms
}

/** What was observed between two moments, by all processes together. */
export const hopsBetween = (
  before: readonly Histograms[],
  after: readonly Histograms[],
): Readonly<Record<string, Hop>> => {
  const totals = new Map<string, Map<number, number>>()
  const add = (histograms: Histograms, sign: 1 | -1) => {
    for (const [name, buckets] of histograms) {
      const total = totals.get(name) ?? new Map<number, number>()
      totals.set(name, total)
      for (const [bound, count] of buckets) total.set(bound, (total.get(bound) ?? 0) + sign * count)
    }
  }
  for (const histograms of before) add(histograms, -1)
  for (const histograms of after) add(histograms, 1)
  const hops = [...totals].map(([name, buckets]) => [name, hopOf(buckets)] as const)
  return Object.fromEntries(hops.filter(([, hop]) => hop.count > 0).sort(([a], [b]) => a.localeCompare(b)))
}

const hopOf = (buckets: ReadonlyMap<number, number>): Hop => {
  const sorted = [...buckets].sort(([a], [b]) => a - b)
  const count = sorted.at(-1)?.[1] ?? 0
  return { count, p50: quantile(sorted, count * 0.5), p99: quantile(sorted, count * 0.99) }
}

/** Linear within a bucket, as Prometheus' histogram_quantile; beyond the last bound that bound is given. */
const quantile = (sorted: readonly (readonly [number, number])[], rank: number): number => {
  let [lower, below] = [0, 0]
  for (const [bound, upTo] of sorted) {
    if (upTo >= rank && bound !== Number.POSITIVE_INFINITY)
      return round(lower + (bound - lower) * (upTo === below ? 1 : (rank - below) / (upTo - below)))
    if (bound !== Number.POSITIVE_INFINITY) [lower, below] = [bound, upTo]
  }
  return lower
}

const round = (value: number): number => Math.round(value * 100) / 100
