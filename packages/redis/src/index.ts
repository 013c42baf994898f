import { type Backoff, backoffMs, type Logger, type Random } from '@chat/runtime'
import { Redis } from 'ioredis'

const connectTimeoutMs = 2_000
const reconnectBackoff: Backoff = { firstMs: 50, maxMs: 1_000 }

interface RedisOptions {
  readonly url: string
  readonly random: Random
  readonly logger: Logger
}

interface RedisUse {
  /** A call without an answer within this is rejected, ms. */
  readonly commandTimeoutMs: number
  /** Logged once when Redis goes. */
  readonly away: string
  /** Logged once when it comes back. */
  readonly back: string
}

/**
 * A client that calls at once or not at all: without a connection a call is rejected, and none is sent twice. Resolves after the first
 * try to connect, whatever came of it; it goes on trying until it is ended.
 */
export const connectRedis = async ({ url, logger, random }: RedisOptions, use: RedisUse): Promise<Redis> => {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: connectTimeoutMs,
    commandTimeout: use.commandTimeoutMs,
    // A call of an hour ago must not have its effect now: nothing waits for a connection and nothing is sent twice.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => backoffMs(reconnectBackoff, attempt, random),
  })
  let isAway = false
  redis.on('ready', () => {
    if (isAway) logger.info({}, use.back)
    isAway = false
  })
  // Without a listener the client prints each failed try itself; the outage is told once.
  redis.on('error', (error) => {
    if (!isAway) logger.warn({ err: error }, use.away)
    isAway = true
  })
  await redis.connect().catch(() => {}) // Told by the listener above; the client goes on trying.
  return redis
}
