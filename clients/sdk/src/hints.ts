import type { Cursor } from './domain/exchange.ts'
import type { Frame } from './line.ts'

/** What is true now and nowhere stored. */
export interface Presence {
  readonly op: 'presence'
  readonly user: number
  readonly online: boolean
  readonly since?: string
  readonly lastSeenAt?: string
}

export interface Typing {
  readonly op: 'typing'
  readonly conversation: string
  readonly user: number
  readonly isTyping: boolean
}

export interface Receipt extends Cursor {
  readonly op: 'receipt'
  readonly conversation: string
}

export const isHint = (frame: Frame): frame is Frame & (Presence | Typing | Receipt) =>
  /^(presence|typing|receipt)$/.test(frame.op)
