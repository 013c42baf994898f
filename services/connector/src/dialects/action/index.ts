import type { Socket, SocketEvents, SocketHandlers, Sockets } from '../../ports.ts'
import type { DialectConfig, DialectPorts } from '../dialect-config.ts'
import { createNames } from '../names.ts'
import { numbersIn } from '../old-numbers.ts'
import { ActionConnection } from './connection.ts'
import { createGatewayServer } from './gateway-server.ts'
import { createSocketServer } from './socket-server.ts'

type Handlers = Pick<SocketHandlers, 'accept' | 'api'>

/** How a connection of the dialect is served. */
export const actionSpoken = (
  { dialectActionOpen }: Pick<DialectConfig, 'dialectActionOpen'>,
  ports: DialectPorts,
): ((socket: Socket, handlers: Handlers) => SocketEvents) => {
  const shared = { ...ports, names: createNames(), isOpen: dialectActionOpen === 'true', isExclusive: false }
  return (socket, { accept, api }) =>
    new ActionConnection(socket, { ...shared, accept, api, numbers: numbersIn('action', api.dialects) })
}

/** Its sockets and its gateway, those of the two that have a port. */
export const createActionListeners = (config: DialectConfig, ports: DialectPorts): Sockets => {
  const { host, trustedProxies, capacity: connectionsMax, dialectActionPort, dialectActionGatewayPort } = config
  const shared = { ...ports, host, trustedProxies, connectionsMax }
  const sockets = createSocketServer({ ...shared, port: dialectActionPort })
  const gateway = createGatewayServer({ ...shared, port: dialectActionGatewayPort })
  const serve = actionSpoken(config, ports)
  return {
    start: async (handlers) => {
      if (dialectActionPort !== 0) await sockets.start((socket) => serve(socket, handlers))
      if (dialectActionGatewayPort !== 0) await gateway.start(handlers.api)
    },
    stop: async () => {
      await Promise.all([sockets.stop(), gateway.stop()])
    },
  }
}
