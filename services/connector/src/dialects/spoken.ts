import type { SocketHandlers } from '../ports.ts'
import type { DialectConfig, DialectPorts } from './dialect-config.ts'

import { JsonConnection } from './json/connection.ts'
import { type JsonDialect, jsonTo, jsonToid } from './json/numbers.ts'
import { createNames } from './names.ts'
import type { TcpEvents, TcpSocket } from './tcp-socket.ts'
import { createTimeFormat } from './texts.ts'

export type { DialectConfig } from './dialect-config.ts'

/** A dialect that is configured, and how a connection of it is served. */
export interface Spoken {
  readonly name: string
  readonly port: number
  readonly serve: (socket: TcpSocket, handlers: Pick<SocketHandlers, 'accept' | 'api'>) => TcpEvents
}

export const spokenDialects = (config: DialectConfig, ports: DialectPorts): readonly Spoken[] => {
  const shared = {
    ...ports,
    names: createNames(),
    timeOf: createTimeFormat(config.dialectTimeZone),
    isAutofriend: config.dialectAutofriend === 'true',
    pacingMs: config.dialectPacingMs,
  }
  const json = (dialect: JsonDialect, port: number): Spoken => ({
    ...{ name: dialect.name, port },
    serve: (socket, { accept, api }) => new JsonConnection(socket, { ...shared, accept, api, dialect }),
  })
  return [json(jsonToid, config.dialectJsonToidPort), json(jsonTo, config.dialectJsonToPort)].filter(
    ({ port }) => port !== 0,
  )
}
