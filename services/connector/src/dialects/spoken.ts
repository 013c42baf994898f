import type { SocketHandlers } from '../ports.ts'
import { ClientConnection } from './client-connection.ts'
import type { DialectConfig, DialectPorts } from './dialect-config.ts'
import { type JsonDialect, jsonTo, jsonToid } from './json/numbers.ts'
import { jsonProtocol } from './json/protocol.ts'
import { numbersIn } from './old-numbers.ts'
import { spokenPorts } from './spoken-ports.ts'
import type { TcpEvents, TcpSocket } from './tcp-socket.ts'

export type { DialectConfig } from './dialect-config.ts'

/** A dialect that is configured, and how the connections of it are served. */
export interface Spoken {
  readonly name: string
  readonly port: number
  readonly serveFor: (handlers: Pick<SocketHandlers, 'accept' | 'api'>) => (socket: TcpSocket) => TcpEvents
}

/** Those that speak JSON, as far as they are configured. */
export const spokenDialects = (config: DialectConfig, ports: DialectPorts): readonly Spoken[] => {
  const shared = spokenPorts(config, ports)
  const json = (dialect: JsonDialect, port: number): Spoken => ({
    ...{ name: dialect.name, port },
    serveFor: ({ accept, api }) => {
      const own = { ...shared, accept, api, dialect, numbers: numbersIn(dialect.name, api.dialects) }
      return (socket) => new ClientConnection(socket, own, jsonProtocol(own))
    },
  })
  return [json(jsonToid, config.dialectJsonToidPort), json(jsonTo, config.dialectJsonToPort)].filter(
    ({ port }) => port !== 0,
  )
}
