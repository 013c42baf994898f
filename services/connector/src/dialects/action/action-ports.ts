import type { SocketHandlers } from '../../ports.ts'
import type { LinePorts } from '../line.ts'
import type { Names } from '../names.ts'
import type { Numbers } from '../old-numbers.ts'

/** What all connections of this dialect work with. */
export interface ActionPorts extends LinePorts, Pick<SocketHandlers, 'api'> {
  readonly names: Names
  readonly numbers: Numbers
  /** Whether whoever says a name that has no password is believed. */
  readonly isOpen: boolean
}
