import type { Position } from '@chat/read-models'
import type { Identity } from '../ports.ts'

/** Who asks, on a socket or by HTTP. */
export interface Caller {
  readonly identity: Identity
  /** What the caller has seen: an answer must not be older. */
  positions(): readonly Position[]
}
