/** Latencies in ms as they are reported: the sorted sample's nearest-rank percentiles. */
export interface Summary {
  readonly count: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly max: number
}

export const summarise = (samplesMs: readonly number[]): Summary => {
  const sorted = Float64Array.from(samplesMs).sort()
  const rank = (fraction: number): number => {
    const value = sorted[Math.max(0, Math.ceil(sorted.length * fraction) - 1)] ?? Number.NaN
    return Math.round(value * 100) / 100
  }
  return { count: sorted.length, p50: rank(0.5), p95: rank(0.95), p99: rank(0.99), max: rank(1) }
}
