import { type Backoff, backoffMs, type Logger, type Random } from '@chat/runtime'
import { Redis } from 'ioredis'

/** A login waits for this: without an answer within it the process counts for itself, ms. */
const commandTimeoutMs = 500
const connectTimeoutMs = 2_000
const reconnectBackoff: Backoff = { firstMs: 50, maxMs: 1_000 }

interface RedisOptions {
  readonly url: string
  readonly random: Random
  readonly logger: Logger
}

/** Resolves after the first try, whatever came of it; it goes on trying. `phrases`: what is logged when Redis goes and comes. */
export const connectRedis = async (
  { url, logger, random }: RedisOptions,
  phrases: { readonly away: string; readonly back: string },
): Promise<Redis> => {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: connectTimeoutMs,
    commandTimeout: commandTimeoutMs,
    // What waited for a connection would count long after it happened.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => backoffMs(reconnectBackoff, attempt, random),
  })
  let isAway = false
  redis.on('ready', () => {
    if (isAway) logger.info({}, phrases.back)
    isAway = false
  })
  redis.on('error', (error) => {
    if (!isAway) logger.warn({ err: error }, phrases.away)
    isAway = true
  })
  await redis.connect().catch(() => {}) // Told by the listener above; the client goes on trying.
  return redis
}
