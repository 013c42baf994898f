import { createServer, type ServerResponse } from 'node:http'
import { type Setting, text } from './config.ts'
import type { Health } from './health.ts'
import type { Service } from './lifecycle.ts'
import { listen } from './listen.ts'
import type { Metrics } from './metrics.ts'

/** Where a process without clients of its own serves its health; absent: nowhere. */
export const healthPortSetting: Setting<number | undefined> = {
  env: 'CHAT_PORT',
  parse: (value) => {
    const port = Number(value)
    const isPort = Number.isSafeInteger(port) && port >= 1 && port <= 65_535
    return isPort ? port : { problem: 'must be an integer from 1 to 65535' }
  },
  fallback: { value: undefined },
}

/** The address that port is on: loopback, so that nothing is open by accident. Containers set 0.0.0.0. */
export const healthHostSetting: Setting<string> = text({ env: 'CHAT_HOST', default: '127.0.0.1' })

export interface HealthServerOptions {
  /** The address it listens on. */
  readonly host: string
  readonly port: number
  readonly health: Health
  readonly metrics: Metrics
}

/** A scrape or probe that sends its request slower than this is cut off, ms. */
const requestTimeoutMs = 5000

/**
 * `/healthz` (200 while the process runs), `/readyz` (200, or 503 with the reasons) and `/metrics` (Prometheus), read only.
 * `start` rejects with Fault `port_in_use`, not retryable.
 */
export const createHealthServer = ({ host, port, health, metrics }: HealthServerOptions): Service => {
  const routes: Readonly<Record<string, (response: ServerResponse) => void | Promise<void>>> = {
    '/healthz': (response) => answerJson(response, 200, { status: 'ok' }),
    '/readyz': (response) =>
      answerJson(response, health.isReady() ? 200 : 503, { ready: health.isReady(), reasons: health.reasons() }),
    '/metrics': async (response) => {
      const { contentType, body } = await metrics.expose()
      response.writeHead(200, { 'content-type': contentType }).end(body)
    },
  }
  const server = createServer(
    { requestTimeout: requestTimeoutMs, headersTimeout: requestTimeoutMs },
    (request, response) => {
      const path = request.url?.split('?')[0] ?? ''
      const answer = Object.hasOwn(routes, path) ? routes[path] : undefined
      if (answer === undefined || request.method !== 'GET') return answerJson(response, 404, { status: 'not found' })
      void Promise.resolve(answer(response)).catch(() => answerJson(response, 500, { status: 'internal' }))
    },
  )

  return {
    start: () => listen(server, { host, port }),
    stop: () =>
      new Promise((resolve) => {
        if (!server.listening) return resolve()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const answerJson = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
