import type { AddressInfo } from 'node:net'
import type { Clock, Logger } from '@chat/runtime'
import { frameBytesMax } from '@chat/schemas/protocol'
import { type FastifyInstance, fastify } from 'fastify'
import { nothingHere } from '../answer.ts'
import type { SocketHandlers, Sockets } from '../ports.ts'
import { close, listen } from './app-life.ts'
import { addDocs } from './docs.ts'
import { addPage } from './page.ts'
import { addProbes } from './probes.ts'
import { handleErrors, rawProblem, refusal, refusalOf, sendProblem } from './problems.ts'
import { addRoutes } from './routes.ts'
import { trustsNearest } from './trusted-proxies.ts'
import { addUpgrade, isWebSocketUpgrade } from './upgrade.ts'

export interface HttpSocketsOptions {
  readonly host: string
  /** 0: any free one; see `port()`. */
  readonly port: number
  readonly logger: Logger
  readonly clock: Clock
  /** Proxies in front of this process that set X-Forwarded-For; 0: the peer's own address counts and the header is ignored. */
  readonly trustedProxies: number
}

export interface HttpSockets extends Sockets {
  /** The port it listens on. Only while started. */
  port(): number
}

/** A whole request must have come within this, ms: a client that sends a byte now and then holds nothing for long. */
const requestTimeoutMs = 10_000
const headersTimeoutMs = 5_000
/** How often both are looked at, ms. */
const timeoutCheckMs = 2_000
/** Longer than the 60 s after which proxies drop idle connections: the one who opened it closes it. */
const keepAliveTimeoutMs = 75_000
const headerBytesMax = 16 * 1024
const pathParameterCharsMax = 64

/**
 * Serves HTTP and WebSocket clients on one port, and the page. Everything a client can do wrong is answered as a problem or a
 * close code; a throw inside is `internal`, logged. While it stops, requests on connections that are still open get 503.
 */
export const createHttpSockets = (options: HttpSocketsOptions): HttpSockets => {
  let running: Running | undefined
  let starting: Promise<void> = Promise.resolve()
  let stopping: Promise<void> | undefined

  const start = async (handlers: SocketHandlers) => {
    running = await buildApp(handlers, options)
    await listen(running.app, options)
  }
  const stopStarted = async () => {
    await starting.catch(() => {}) // Whoever called start got it.
    if (running !== undefined) await stop(running, options.clock)
  }
  return {
    start: (handlers) => {
      starting = start(handlers)
      return starting
    },
    stop: () => {
      stopping ??= stopStarted()
      return stopping
    },
    port: () => {
      const address = running?.app.server.address() as AddressInfo | null | undefined
      return address?.port ?? 0
    },
  }
}

interface Running {
  readonly app: FastifyInstance
  /** From now on requests are answered 503. */
  readonly beginStop: () => void
}

/** The application without a port. */
export const buildApp = async (
  { accept, api, health, metrics }: SocketHandlers,
  { logger, trustedProxies }: Pick<HttpSocketsOptions, 'logger' | 'trustedProxies'>,
): Promise<Running> => {
  let isStopping = false
  const app = fastify({
    logger: false,
    bodyLimit: frameBytesMax,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    trustProxy: trustedProxies > 0 && trustsNearest(trustedProxies),
    return503OnClosing: false, // Ours, below, is a problem like every other.
    routerOptions: { maxParamLength: pathParameterCharsMax },
    http: {
      headersTimeout: headersTimeoutMs,
      connectionsCheckingInterval: timeoutCheckMs,
      maxHeaderSize: headerBytesMax,
      shouldUpgradeCallback: isWebSocketUpgrade,
    },
    // It comes before anybody is asked who he is.
    frameworkErrors: (error, { url }, reply) =>
      void sendProblem(reply, url.startsWith('/v1/operator/') ? nothingHere : refusalOf(error)),
    clientErrorHandler: (error, socket) => {
      if (socket.writable) socket.end(rawProblem('code' in error ? String(error.code) : undefined))
      else socket.destroy()
    },
  })
  app.removeContentTypeParser('text/plain')
  handleErrors(app, logger)
  app.addHook('onRequest', async (_, reply) => {
    reply.header('x-content-type-options', 'nosniff').header('cache-control', 'no-store')
  })
  await addUpgrade(app, { path: '/v1/socket', subprotocol: 'chat.v1' }, accept, logger)
  // After the hooks of the upgrade, by which the socket of a refused one is closed: left open, `stop` would wait for it without end. [G12]
  app.addHook('onRequest', async (_, reply) => {
    if (!isStopping) return
    return sendProblem(reply.header('connection', 'close'), refusal('unavailable', 'this connector is stopping', 1000))
  })
  app.addHook('onRequest', async ({ ip, url }, reply) => {
    const limited = url.startsWith('/v1/') ? api.limit(ip) : undefined
    if (limited !== undefined && 'error' in limited) return sendProblem(reply.header('connection', 'close'), limited)
  })
  // Before the body is read, like who may not know that a path is there: else a bad one would tell the two apart.
  app.addHook('onRequest', async ({ is404 }, reply) => {
    if (is404) return sendProblem(reply, nothingHere)
  })
  addProbes(app, health, metrics)
  addRoutes(app, api)
  addDocs(app)
  await addPage(app)
  await app.ready()
  return {
    app,
    beginStop: () => {
      isStopping = true
    },
  }
}

/** From now on requests are refused; see `close`. */
const stop = async ({ app, beginStop }: Running, clock: Clock): Promise<void> => {
  beginStop()
  await close(app, clock)
}
