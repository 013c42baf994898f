import type { Sockets } from '../ports.ts'
import type { DialectConfig, DialectPorts } from './dialect-config.ts'
import { dialectLines } from './dialect-settings.ts'

export { dialectLines } from './dialect-settings.ts'

/** The same sockets, and beside them the listeners of the older protocols that have a port. Of the others nothing is even loaded. */
export const withDialects = async (sockets: Sockets, config: DialectConfig, ports: DialectPorts): Promise<Sockets> => {
  const lines = dialectLines(config)
  if (lines.length === 0) return sockets
  const { createDialectListeners } = await import('./listeners.ts')
  const listeners = await createDialectListeners(config, ports)
  return {
    start: async (handlers) => {
      await sockets.start(handlers)
      await listeners.start(handlers)
      ports.logger.info({ listening: lines }, 'older protocols are spoken')
    },
    stop: async () => {
      await Promise.all([sockets.stop(), listeners.stop()])
    },
  }
}
