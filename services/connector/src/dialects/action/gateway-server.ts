import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type Logger, listen } from '@chat/runtime'
import { errorStatus } from '@chat/schemas/protocol'
import proxyAddr from '@fastify/proxy-addr'
import { trustsNearest } from '../../http/trusted-proxies.ts'
import type { Api } from '../../ports.ts'

/** Of one request, ms: it has no body. */
const requestTimeoutMs = 5_000
/** A question takes one request. */
const keepAliveTimeoutMs = 5_000
const headerBytesMax = 8 * 1024

interface GatewayOptions {
  readonly host: string
  readonly port: number
  /** Proxies in front of this process that set X-Forwarded-For. */
  readonly trustedProxies: number
  readonly connectionsMax: number
  readonly logger: Logger
}

/**
 * Where clients of `action` ask for a connector: any path with `/server` in it is answered with the least loaded one, `?all=1` with all of them. A method
 * or a body do not matter.
 */
export const createGatewayServer = ({ host, port, trustedProxies, connectionsMax, logger }: GatewayOptions) => {
  let server: Server | undefined

  const serve = async (api: Pick<Api, 'limit' | 'dialects'>, request: IncomingMessage, response: ServerResponse) => {
    const limited = api.limit(proxyAddr(request, trustsNearest(trustedProxies)))
    if (limited !== undefined && 'error' in limited) return answer(response, errorStatus[limited.error], {})
    const url = URL.parse(request.url ?? '', 'http://gateway')
    if (url === null || !`${url.pathname}${url.search}`.includes('/server')) return answer(response, 404, {})
    const nodes = await api.dialects.actionNodes()
    answer(response, 200, url.searchParams.get('all') === '1' ? nodes : (nodes[0] ?? {}))
  }

  return {
    start: async (api: Pick<Api, 'limit' | 'dialects'>): Promise<void> => {
      const options = {
        ...{ requestTimeout: requestTimeoutMs, headersTimeout: requestTimeoutMs, keepAliveTimeout: keepAliveTimeoutMs },
        maxHeaderSize: headerBytesMax,
      }
      server = createServer(options, (request, response) => {
        serve(api, request, response).catch((error) => {
          logger.error({ err: error }, 'request failed')
          answer(response, 500, {})
        })
      })
      server.maxConnections = connectionsMax
      await listen(server, { host, port, backlog: 4096 })
    },
    /** Idempotent. What is under way is cut off: whoever asked asks another one. */
    stop: async (): Promise<void> => {
      const listening = server
      server = undefined
      if (listening === undefined) return
      const closed = new Promise<void>((resolve) => listening.close(() => resolve()))
      listening.closeAllConnections()
      await closed
    },
    /** Only while started. */
    port: (): number => {
      const address = server?.address()
      return typeof address === 'object' && address !== null ? address.port : 0
    },
  }
}

const answer = (response: ServerResponse, status: number, body: unknown): void => {
  if (response.headersSent) return void response.destroy()
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(JSON.stringify(body))
}
