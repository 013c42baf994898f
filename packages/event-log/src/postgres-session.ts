import { type Clock, Fault, isFault, type Logger, sleep } from '@chat/runtime'
import pg from 'pg'

export interface SessionOptions {
  readonly url: string
  readonly clock: Clock
  readonly logger: Logger
  /** Another process took the log while our connection was away: this one must exit. */
  readonly onFatal: (error: unknown) => void
  /** Brings the caller's picture up to date. Runs after each connect, before anything else is sent. */
  readonly onOpen: (client: pg.ClientBase) => Promise<void>
}

/** The one connection that writes the log. It holds the advisory lock, so whoever can write is alone. [G8] */
export interface Session {
  /** One statement at a time, in order. Throws Fault `log_unavailable` while there is no connection, or when it breaks under the statement (nothing is known). */
  query(statement: pg.QueryConfig): Promise<pg.QueryResult>
  isOpen(): boolean
  /** Counts those that were opened. */
  connection(): number
  close(): Promise<void>
}

/** 'log' and the purpose. */
const lockKey = [0x6c6f67, 1]
/** A killed process' connection is noticed within ms; a hanging one of ours within `queryTimeoutMs`. */
const lockGraceMs = 3000
const relockGraceMs = 30_000
const reconnectMs = 250
/** A server that does not answer a statement for so long is treated as gone, ms. */
const queryTimeoutMs = 10_000

/** Throws Fault `log_in_use` when another process has the log, and what `pg` throws when the server cannot be reached. */
export const openSession = async (options: SessionOptions): Promise<Session> => {
  const { clock, logger } = options
  const closing = new AbortController()
  let client: pg.Client | undefined = await connect(options, lockGraceMs, (error) => lost(error))
  let connection = 1
  let reconnected: Promise<void> | undefined

  const lost = (error: unknown): void => {
    const broken = client
    client = undefined
    if (broken === undefined || closing.signal.aborted) return
    logger.warn({ err: error }, 'log connection lost')
    void broken.end().catch(() => {}) // It is broken: that its end fails too says nothing new.
    reconnected = reconnect()
  }

  const reconnect = async (): Promise<void> => {
    while (!closing.signal.aborted)
      try {
        client = await connect(options, relockGraceMs, (error) => lost(error))
        connection++
        logger.info({}, 'log connection restored')
        return
      } catch (error) {
        if (isFault(error)) return options.onFatal(error)
        logger.debug({ err: error }, 'log connection refused')
        await sleep(clock, reconnectMs)
      }
  }

  let last: Promise<unknown> = Promise.resolve()
  const query = (statement: pg.QueryConfig): Promise<pg.QueryResult> => {
    const result = last.then(() => queryNow(statement))
    last = result.catch(() => {}) // The caller has the failure; the next statement only waits for its end.
    return result
  }

  const queryNow = async (statement: pg.QueryConfig): Promise<pg.QueryResult> => {
    const used = client
    if (used === undefined) throw unavailable('no connection', undefined)
    try {
      return await used.query(statement)
    } catch (error) {
      if (used === client && !(error instanceof pg.DatabaseError)) lost(error)
      throw unavailable('the statement failed', error)
    }
  }

  return {
    query,
    isOpen: () => client !== undefined,
    connection: () => connection,
    close: async () => {
      closing.abort()
      await reconnected
      await client?.end()
      client = undefined
    },
  }
}

const connect = async (
  options: SessionOptions,
  graceMs: number,
  onLost: (error: unknown) => void,
): Promise<pg.Client> => {
  const client = new pg.Client({
    connectionString: options.url,
    connectionTimeoutMillis: 5000,
    query_timeout: queryTimeoutMs,
    application_name: 'chat event log',
  })
  let isOpen = false
  client.on('error', (error) => {
    if (isOpen) onLost(error)
  })
  await client.connect()
  try {
    await lock(client, graceMs, options.clock)
    await options.onOpen(client)
  } catch (error) {
    await client.end()
    throw error
  }
  isOpen = true
  return client
}

const lock = async (client: pg.Client, graceMs: number, clock: Clock): Promise<void> => {
  const deadline = clock.monotonic() + graceMs
  for (;;) {
    const { rows } = await client.query('select pg_try_advisory_lock($1, $2) as locked', lockKey)
    if (rows[0]?.locked === true) return
    if (clock.monotonic() >= deadline) break
    await sleep(clock, 50)
  }
  throw new Fault('log_in_use', 'another process has the event log of this database open: stop it first', {
    isRetryable: false,
  })
}

export const unavailable = (what: string, cause: unknown): Fault =>
  new Fault('log_unavailable', `the event log's database: ${what}`, { cause })
