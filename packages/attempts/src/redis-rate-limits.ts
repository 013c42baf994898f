import { connectRedis } from '@chat/redis'
import type { Clock, Logger, Random } from '@chat/runtime'
import { rates as defaultRates, type RateName } from '@chat/schemas/protocol'
import { RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible'
import { countWithinMs } from './count-within.ts'
import { createRateBuckets, type Rates } from './rate-buckets.ts'
import type { RateLimits } from './rate-limits.ts'

interface Options {
  readonly url: string
  /** Put before every key: a world of its own. */
  readonly prefix: string
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly rates?: Rates
  /** What all processes took together is counted for so long, s. */
  readonly windowSeconds?: number
}

/** Long enough that a burst more or less does not matter: over a minute all processes together give a burst and a minute's rate. */
const windowDefaultSeconds = 60
/** Counts on the way to Redis at once; beyond it a process counts for itself: the requests do not wait for them. */
const countsUnderWayMax = 1_000

/**
 * Each process decides by its own buckets, at once; what was taken is added up in Redis, `<prefix>rate:<rate>:<key>`, and who took more
 * of all processes in a window than one bucket would have given is refused by all until the window ends. So two processes give at most
 * two bursts at once, and hardly more than one bucket over a minute.
 */
export const openRedisRateLimits = async (options: Options): Promise<RateLimits> => {
  const { prefix, clock, rates = defaultRates, windowSeconds = windowDefaultSeconds } = options
  const redis = await connectRedis(options, {
    commandTimeoutMs: countWithinMs,
    away: 'rates are limited by each connector for itself',
    back: 'rates are limited together again',
  })
  const counters = new Map(
    Object.entries(rates).map(([rate, { burst, perSecond }]) => {
      const bound = { points: Math.ceil(burst + perSecond * windowSeconds), duration: windowSeconds }
      const counter = new RateLimiterRedis({
        ...bound,
        storeClient: redis,
        keyPrefix: `${prefix}rate:${rate}`,
        rejectIfRedisNotReady: true,
        insuranceLimiter: new RateLimiterMemory(bound),
      })
      return [rate as RateName, { counter, pointsMax: bound.points }]
    }),
  )
  let underWay = 0

  const count = async (rate: RateName, key: string, tokens: number): Promise<void> => {
    const found = counters.get(rate)
    if (found === undefined || underWay >= countsUnderWayMax) return
    underWay++
    try {
      const { consumedPoints, msBeforeNext } = await found.counter.penalty(key, tokens)
      if (consumedPoints > found.pointsMax) buckets.hold(rate, key, Math.max(1, msBeforeNext))
    } catch (error) {
      // The insurance counts when Redis cannot; whatever else goes wrong here must not touch the request it was for.
      options.logger.warn({ err: error, rate }, 'rate could not be counted')
    } finally {
      underWay--
    }
  }

  const buckets = createRateBuckets(clock, rates, (rate, key, tokens) => void count(rate, key, tokens))
  return { take: buckets.take, close: async () => redis.disconnect() }
}
