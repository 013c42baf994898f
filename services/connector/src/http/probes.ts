import type { Health, Metrics } from '@chat/runtime'
import type { FastifyInstance } from 'fastify'

/** For machines that watch: alive, ready and why not, numbers. */
export const addProbes = (app: FastifyInstance, health: Health, metrics: Metrics): void => {
  const requests = metrics.counter('chat_connector_http_requests_total', 'HTTP requests answered', [
    'method',
    'route',
    'status',
  ])
  app.addHook('onResponse', async ({ method, routeOptions }, reply) => {
    requests.inc({ method, route: routeOptions.url ?? 'none', status: String(reply.statusCode) })
  })
  app.get('/healthz', async () => ({ status: 'ok' }))
  app.get('/readyz', async (_, reply) => {
    const isReady = health.isReady()
    return reply.code(isReady ? 200 : 503).send({ ready: isReady, reasons: health.reasons() })
  })
  app.get('/metrics', async (_, reply) => {
    const { contentType, body } = await metrics.expose()
    return reply.type(contentType).send(body)
  })
}
