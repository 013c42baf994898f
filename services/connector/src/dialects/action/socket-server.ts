import type { AddressInfo } from 'node:net'
import type { Clock, Logger } from '@chat/runtime'
import { type FastifyInstance, fastify } from 'fastify'
import { close, listen } from '../../http/app-life.ts'
import { handleErrors } from '../../http/problems.ts'
import { trustsNearest } from '../../http/trusted-proxies.ts'
import { addUpgrade, isWebSocketUpgrade } from '../../http/upgrade.ts'
import type { SocketHandlers } from '../../ports.ts'

/** Idle clients stay for hours; a peer that is gone without a word is found by this, ms. */
const keepAliveMs = 60_000
/** Of an upgrade, ms. */
const requestTimeoutMs = 10_000

interface SocketServerOptions {
  readonly host: string
  readonly port: number
  /** Proxies in front of this process that set X-Forwarded-For. */
  readonly trustedProxies: number
  readonly connectionsMax: number
  readonly clock: Clock
  readonly logger: Logger
}

/** WebSockets of the clients of `action`, at `/`, without a subprotocol. */
export const createSocketServer = (options: SocketServerOptions) => {
  const { host, port, trustedProxies, connectionsMax, clock, logger } = options
  let app: FastifyInstance | undefined
  return {
    /** Throws Fault `port_in_use` (not retryable). */
    start: async (accept: SocketHandlers['accept']): Promise<void> => {
      app = fastify({
        ...{ logger: false, requestTimeout: requestTimeoutMs, return503OnClosing: false },
        trustProxy: trustedProxies > 0 && trustsNearest(trustedProxies),
        http: {
          ...{ keepAlive: true, keepAliveInitialDelay: keepAliveMs, noDelay: true },
          ...{ headersTimeout: requestTimeoutMs, shouldUpgradeCallback: isWebSocketUpgrade },
        },
      })
      handleErrors(app, logger)
      await addUpgrade(app, { path: '/', subprotocol: undefined }, accept, logger)
      app.server.maxConnections = connectionsMax
      await listen(app, { host, port })
    },
    /** Idempotent. Whoever stops the connector has closed them; what is left is cut off. */
    stop: async (): Promise<void> => {
      const listening = app
      app = undefined
      if (listening !== undefined) await close(listening, clock)
    },
    /** Only while started. */
    port: (): number => (app?.server.address() as AddressInfo | null | undefined)?.port ?? 0,
  }
}
