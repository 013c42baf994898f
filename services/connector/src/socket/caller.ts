import type { Position } from '@chat/read-models'
import type { Identity } from '../ports.ts'

/** Who asks, on a socket or by HTTP. */
export interface Caller {
  readonly identity: Identity
  /** Names the connection among all of all connectors; undefined: it came by HTTP. */
  readonly connection: string | undefined
  /** What the caller has seen: an answer must not be older. */
  positions(): readonly Position[]
  /** Resolves once whoever held the device before was told of this connection. */
  othersTold(): Promise<void>
}
