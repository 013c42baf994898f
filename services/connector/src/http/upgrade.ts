import type { IncomingMessage } from 'node:http'
import type { Logger } from '@chat/runtime'
import { frameBytesMax } from '@chat/schemas/protocol'
import fastifyWebsocket, { type WebSocket } from '@fastify/websocket'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { SocketHandlers } from '../ports.ts'
import { createFrameWriter } from './frame-writer.ts'
import { refusal, sendProblem } from './problems.ts'
import { WsSocket } from './ws-socket.ts'

/** A peer that does not answer a close frame within this is cut off, ms. */
const closeTimeoutMs = 2000

/** Any other `Upgrade` (h2c, which some clients offer with every request) is answered as if it were not there. */
export const isWebSocketUpgrade = ({ headers }: IncomingMessage): boolean =>
  headers.upgrade?.toLowerCase() === 'websocket'

/** Where sockets are, and what a client must offer; undefined: nothing, and nothing is agreed on. */
interface Address {
  readonly path: string
  readonly subprotocol: string | undefined
}

/** Sockets at one path. Where an upgrade comes from (`Origin`) does not matter: the login is in a frame, never in a cookie. */
export const addUpgrade = async (
  app: FastifyInstance,
  { path, subprotocol }: Address,
  accept: SocketHandlers['accept'],
  logger: Logger,
): Promise<void> => {
  const shared = { writer: createFrameWriter(), logger }
  await app.register(fastifyWebsocket, {
    options: {
      maxPayload: frameBytesMax,
      perMessageDeflate: false,
      handleProtocols: () => subprotocol ?? false,
      // `ws` waits this long for the peer's close frame. Its types do not know it yet.
      ...{ closeTimeout: closeTimeoutMs },
    },
    // Whoever stops the connector has closed them with a code; `stop` cuts off what is left.
    preClose: (done) => done(),
  })
  app.addHook('onRequest', async (request, reply) => {
    if (request.ws && request.routeOptions.url !== path) {
      return sendProblem(reply.header('connection', 'close'), refusal('not_found', `the socket is at ${path}`))
    }
  })
  app.route({
    method: 'GET',
    url: path,
    onRequest: async (request, reply) => {
      if (request.ws && subprotocol !== undefined && !offersSubprotocol(request, subprotocol)) {
        const refused = refusal('invalid', `the subprotocol ${subprotocol} is needed`)
        return sendProblem(reply.header('connection', 'close'), refused)
      }
    },
    handler: (_, reply) =>
      sendProblem(reply.header('upgrade', 'websocket'), refusal('invalid', 'this address takes WebSocket upgrades')),
    wsHandler: (ws, request) => {
      release(ws, request)
      new WsSocket(ws, request.raw.socket, request.ip, shared).listen(accept)
    },
  })
}

const offersSubprotocol = ({ headers }: FastifyRequest, subprotocol: string): boolean =>
  (headers['sec-websocket-protocol'] ?? '').split(',').some((offered) => offered.trim() === subprotocol)

/** The plugin's error listener and the parser's response would keep request, reply and headers as long as the socket lives. */
const release = (ws: WebSocket, { raw }: FastifyRequest): void => {
  ws.removeAllListeners('error')
  const { socket } = raw
  const response = '_httpMessage' in socket ? socket._httpMessage : undefined
  if (isDetachable(response)) response.detachSocket(socket)
}

const isDetachable = (value: unknown): value is { detachSocket: (socket: unknown) => void } =>
  typeof value === 'object' && value !== null && 'detachSocket' in value
