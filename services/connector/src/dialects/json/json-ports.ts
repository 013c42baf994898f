import type { SpokenPorts } from '../dialect-ports.ts'
import type { JsonDialect } from './numbers.ts'

/** What all connections of a JSON dialect work with. */
export interface JsonPorts extends SpokenPorts {
  readonly dialect: JsonDialect
}
