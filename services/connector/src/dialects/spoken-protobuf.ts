import { ClientConnection } from './client-connection.ts'
import type { DialectConfig, DialectPorts } from './dialect-config.ts'
import { envelopeProtocol } from './envelope/protocol.ts'
import { numbersIn } from './old-numbers.ts'
import type { Spoken } from './spoken.ts'
import { spokenPorts } from './spoken-ports.ts'
import { unitProtocol } from './unit/protocol.ts'

/** Those dialects that speak protobuf, as far as they are configured. */
export const spokenProtobuf = (config: DialectConfig, ports: DialectPorts): readonly Spoken[] => {
  const shared = spokenPorts(config, ports)
  const envelope: Spoken = {
    ...{ name: 'envelope', port: config.dialectEnvelopePort },
    serveFor: ({ accept, api }) => {
      const own = { ...shared, accept, api, numbers: numbersIn('envelope', api.dialects) }
      return (socket) => new ClientConnection(socket, own, envelopeProtocol(own))
    },
  }
  const unit: Spoken = {
    ...{ name: 'unit', port: config.dialectUnitPort },
    serveFor: ({ accept, api }) => {
      const own = { ...shared, accept, api, numbers: numbersIn('unit', api.dialects), isExclusive: false }
      return (socket) => new ClientConnection(socket, own, unitProtocol(own))
    },
  }
  return [envelope, unit].filter(({ port }) => port !== 0)
}
