import { type Backoff, backoffMs, type Clock, type Logger, type Random } from '@chat/runtime'
import { type RedisOptions as ClientOptions, type Command, Redis } from 'ioredis'

const connectTimeoutMs = 2_000
const reconnectBackoff: Backoff = { firstMs: 50, maxMs: 1_000 }

interface RedisOptions {
  readonly url: string
  readonly clock: Clock
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
export const connectRedis = async ({ url, clock, logger, random }: RedisOptions, use: RedisUse): Promise<Redis> => {
  const redis = new Client(url, clock, use.commandTimeoutMs, {
    lazyConnect: true,
    connectTimeout: connectTimeoutMs,
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

/**
 * Instead of the library's `commandTimeout`: that rejects also what was answered long ago, when this process was so busy that it came to no
 * socket before the timer was due, for timers stand before sockets in a turn of Node's event loop. Between two timers sockets are read.
 */
class Client extends Redis {
  readonly #clock: Clock
  readonly #commandTimeoutMs: number

  constructor(
    url: string,
    clock: Clock,
    commandTimeoutMs: number,
    options: ClientOptions & { replyMapping?: 'legacy' },
  ) {
    super(url, options)
    this.#clock = clock
    this.#commandTimeoutMs = commandTimeoutMs
  }

  override sendCommand(command: Command, stream?: Parameters<Redis['sendCommand']>[1]): unknown {
    const halfMs = this.#commandTimeoutMs / 2
    const reject = () => command.reject(new Error('Command timed out'))
    let cancel = this.#clock.after(halfMs, () => {
      cancel = this.#clock.after(halfMs, reject)
    })
    const answered = () => cancel()
    command.promise.then(answered, answered)
    return super.sendCommand(command, stream)
  }
}
