import { type Clock, listenFailure } from '@chat/runtime'
import type { FastifyInstance } from 'fastify'

/** After this, `close` cuts off whatever request or socket is left, ms. */
const stopTimeoutMs = 3_000

/** Throws Fault `port_in_use` (not retryable). */
export const listen = async (
  app: FastifyInstance,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<void> => {
  try {
    await app.listen({ host, port, backlog: 4096 })
  } catch (error) {
    throw listenFailure(error, { host, port })
  }
}

/** Requests under way finish; idle connections close at once; what is left after the deadline is cut off. */
export const close = async (app: FastifyInstance, clock: Clock): Promise<void> => {
  const cutOff = () => {
    for (const client of app.websocketServer.clients) client.terminate()
    app.server.closeAllConnections()
  }
  const cancel = clock.after(stopTimeoutMs, cutOff)
  try {
    await app.close()
  } finally {
    cancel()
  }
}
