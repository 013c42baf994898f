import type { ClientPorts } from './client-connection.ts'
import type { Names } from './names.ts'

/** What all connections of an older protocol work with. */
export interface SpokenPorts extends ClientPorts {
  readonly names: Names
  /** As these clients show times. */
  readonly timeOf: (at: number | string) => string
  /** Whether two accounts of dialects become friends when one adds the other. */
  readonly isAutofriend: boolean
  /** Between two frames to one client, ms. */
  readonly pacingMs: number
}
