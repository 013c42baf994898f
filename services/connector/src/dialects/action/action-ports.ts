import type { SocketHandlers } from '../../ports.ts'
import type { LinePorts } from '../line.ts'
import type { Names } from '../names.ts'

/** What all connections of this dialect work with. */
export interface ActionPorts extends LinePorts, Pick<SocketHandlers, 'api'> {
  readonly names: Names
  /** Whether whoever says a name that has no password is believed. */
  readonly isOpen: boolean
}
