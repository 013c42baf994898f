import type { Clock, Logger, Random } from '@chat/runtime'
import type { DialectPortNumbers } from './dialect-settings.ts'

/** What the older protocols are configured by. */
export interface DialectConfig extends DialectPortNumbers {
  readonly host: string
  readonly capacity: number
  readonly trustedProxies: number
  readonly dialectProxyProtocol: 'on' | 'off'
  readonly dialectActionOpen: 'true' | 'false'
  readonly dialectPacingMs: number
  readonly dialectTimeZone: string
  readonly dialectAutofriend: 'true' | 'false'
}

export interface DialectPorts {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}
