import { connectRedis } from '@chat/redis'
import { assert, type Clock, type Logger, type Random } from '@chat/runtime'
import type { Redis } from 'ioredis'
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'
import { countWithinMs } from './count-within.ts'
import { type AttemptBound, type AttemptBounds, type Attempts, failedLoginBounds } from './index.ts'

interface Options {
  readonly url: string
  /** Put before every key: a world of its own. */
  readonly prefix: string
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly bounds?: AttemptBounds
}

/** Counters in Redis, `<prefix>attempts:account:<account>` and `…:address:<address>`, which expire with their windows. */
export const openRedisAttempts = async (options: Options): Promise<Attempts> => {
  const { prefix, bounds = failedLoginBounds } = options
  const redis = await connectRedis(options, {
    commandTimeoutMs: countWithinMs,
    away: 'failed logins are counted by each connector for itself',
    back: 'failed logins are counted together again',
  })
  const accounts = createLimiter(redis, `${prefix}attempts:account`, bounds.account)
  const addresses = createLimiter(redis, `${prefix}attempts:address`, bounds.address)
  return {
    begin: async (account, address) => {
      const failed = await addresses.get(address)
      if (failed !== null && failed.consumedPoints >= bounds.address.attemptsMax)
        return { retryAfterMs: Math.max(1, failed.msBeforeNext) }
      try {
        await accounts.consume(account)
        return undefined
      } catch (refusal) {
        if (!(refusal instanceof RateLimiterRes)) throw refusal
        await accounts.reward(account)
        return { retryAfterMs: Math.max(1, refusal.msBeforeNext) }
      }
    },
    forgive: async (account) => void (await accounts.reward(account)),
    failed: async (address) => void (await addresses.penalty(address)),
    close: async () => redis.disconnect(),
  }
}

const createLimiter = (redis: Redis, keyPrefix: string, { attemptsMax, windowMs }: AttemptBound) => {
  assert(Number.isInteger(windowMs / 1000) && windowMs > 0, 'the limiter counts windows in whole seconds')
  const bound = { points: attemptsMax, duration: windowMs / 1000 }
  return new RateLimiterRedis({
    ...bound,
    storeClient: redis,
    keyPrefix,
    rejectIfRedisNotReady: true,
    insuranceLimiter: new RateLimiterMemory(bound),
  })
}
