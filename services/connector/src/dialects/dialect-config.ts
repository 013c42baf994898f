import type { Clock, Logger, Random } from '@chat/runtime'

/** What the older protocols are configured by; a port of 0: not listened for. */
export interface DialectConfig {
  readonly host: string
  readonly capacity: number
  readonly dialectJsonToidPort: number
  readonly dialectJsonToPort: number
  readonly dialectActionPort: number
  readonly dialectActionGatewayPort: number
  readonly dialectActionOpen: 'true' | 'false'
  readonly dialectEnvelopePort: number
  readonly dialectUnitPort: number
  readonly dialectPacingMs: number
  readonly dialectTimeZone: string
  readonly dialectAutofriend: 'true' | 'false'
}

export interface DialectPorts {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}
