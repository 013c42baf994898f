import type { Position } from '@chat/read-models'
import type { Identity } from '../ports.ts'
import type { Watcher } from '../presence/watch.ts'

/** Who asks, on a socket or by HTTP. */
export interface Caller {
  readonly identity: Identity
  /** Names the connection among all of all connectors; undefined: it came by HTTP. */
  readonly connection: string | undefined
  /** Where its frames come from; undefined: by HTTP, where the request was counted already. */
  readonly remoteAddress: string | undefined
  /** What the caller has seen: an answer must not be older. */
  positions(): readonly Position[]
  /** Pushes a frame to him; undefined: it came by HTTP. */
  readonly tell: ((frame: Buffer) => void) | undefined
  /** Resolves once whoever held the device before was told of this connection. */
  othersTold(): Promise<void>
}

/** One that can be pushed something. */
export type SocketCaller = Caller & Watcher

export const hasSocket = (caller: Caller): caller is SocketCaller => caller.connection !== undefined
