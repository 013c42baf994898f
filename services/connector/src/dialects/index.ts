import type { Sockets } from '../ports.ts'
import type { DialectConfig, DialectPorts } from './dialect-config.ts'

/** The same sockets, and beside them the listeners of the older protocols that have a port. Of the others nothing is even loaded. */
export const withDialects = async (sockets: Sockets, config: DialectConfig, ports: DialectPorts): Promise<Sockets> => {
  if (portsOf(config).every((port) => port === 0)) return sockets
  const { createDialectListeners } = await import('./listeners.ts')
  const listeners = await createDialectListeners(config, ports)
  return {
    start: async (handlers) => {
      await sockets.start(handlers)
      await listeners.start(handlers)
    },
    stop: async () => {
      await Promise.all([sockets.stop(), listeners.stop()])
    },
  }
}

const portsOf = (config: DialectConfig): readonly number[] => [
  ...[config.dialectJsonToidPort, config.dialectJsonToPort, config.dialectEnvelopePort, config.dialectUnitPort],
  ...[config.dialectActionPort, config.dialectActionGatewayPort],
]
