import type { Sockets } from '../ports.ts'
import { createActionListeners } from './action/index.ts'
import type { DialectConfig, DialectPorts } from './dialect-config.ts'
import { type Spoken, spokenDialects } from './spoken.ts'
import { createTcpServer } from './tcp-server.ts'

/** Listeners of each dialect that has a port. */
export const createDialectListeners = async (config: DialectConfig, ports: DialectPorts): Promise<Sockets> => {
  const { host, capacity: connectionsMax, dialectProxyProtocol: proxyProtocol } = config
  const spoken = [...spokenDialects(config, ports), ...(await protobufDialects(config, ports))]
  const listeners = spoken.map(({ port, serveFor }) => ({
    serveFor,
    server: createTcpServer({ ...ports, host, port, proxyProtocol, connectionsMax }),
  }))
  const action = createActionListeners(config, ports)
  return {
    start: async (handlers) => {
      for (const { serveFor, server } of listeners) await server.start(serveFor(handlers))
      await action.start(handlers)
    },
    stop: async () => {
      await Promise.all([...listeners.map(({ server }) => server.stop()), action.stop()])
    },
  }
}

/** Their library is loaded for them alone. */
const protobufDialects = async (config: DialectConfig, ports: DialectPorts): Promise<readonly Spoken[]> => {
  if (config.dialectEnvelopePort === 0 && config.dialectUnitPort === 0) return []
  const { spokenProtobuf } = await import('./spoken-protobuf.ts')
  return spokenProtobuf(config, ports)
}
