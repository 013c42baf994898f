import type { SocketHandlers } from '../../ports.ts'
import type { LinePorts } from '../line.ts'
import type { Names } from '../names.ts'
import type { JsonDialect } from './numbers.ts'

/** What all connections of a JSON dialect work with. */
export interface JsonPorts extends LinePorts, Pick<SocketHandlers, 'api'> {
  readonly dialect: JsonDialect
  readonly names: Names
  /** As these clients show times. */
  readonly timeOf: (at: number | string) => string
  /** Whether two accounts of dialects become friends when one adds the other. */
  readonly isAutofriend: boolean
  /** Between two frames to one client, ms. */
  readonly pacingMs: number
}
