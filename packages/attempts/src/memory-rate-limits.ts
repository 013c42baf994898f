import type { Clock } from '@chat/runtime'
import { createRateBuckets, type Rates } from './rate-buckets.ts'
import type { RateLimits } from './rate-limits.ts'

/** The twin in memory: for one process, lost with it. */
export const createMemoryRateLimits = ({
  clock,
  rates,
}: {
  readonly clock: Clock
  readonly rates?: Rates
}): RateLimits => ({
  take: createRateBuckets(clock, rates).take,
  close: async () => {},
})
