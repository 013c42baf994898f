import type { Sockets } from '../ports.ts'
import { createActionListeners } from './action/index.ts'
import type { DialectConfig, DialectPorts } from './dialect-config.ts'
import { spokenDialects } from './spoken.ts'
import { createTcpServer } from './tcp-server.ts'

/** Listeners of each dialect that has a port. */
export const createDialectListeners = (config: DialectConfig, ports: DialectPorts): Sockets => {
  const { host, capacity: connectionsMax } = config
  const listeners = spokenDialects(config, ports).map(({ port, serve }) => ({
    serve,
    server: createTcpServer({ ...ports, host, port, connectionsMax }),
  }))
  const action = createActionListeners(config, ports)
  return {
    start: async (handlers) => {
      for (const { serve, server } of listeners) await server.start((socket) => serve(socket, handlers))
      await action.start(handlers)
    },
    stop: async () => {
      await Promise.all([...listeners.map(({ server }) => server.stop()), action.stop()])
    },
  }
}
