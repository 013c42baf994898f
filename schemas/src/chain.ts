import { hash } from 'node:crypto'
import { wirePrefixBytes } from './codec.ts'

/** 16 hex digits before the first valid event of a partition. */
export const chainStart = '0000000000000000'

/**
 * The first 8 bytes of SHA-256 over (previous valid event's chain, pos, type, cmd, value without its wire prefix), in hex. Whoever keeps
 * a position keeps the chain there and compares after a start: a difference means that the log was cut.
 */
export const chainOf = (
  previous: string,
  event: { readonly pos: number; readonly type: string; readonly cmd: number; readonly value: Uint8Array },
): string => {
  const head = Buffer.from(`${previous}\n${event.pos}\n${event.type}\n${event.cmd}\n`)
  // In one piece: a hash object for each event costs twice as much as hashing it.
  return hash('sha256', Buffer.concat([head, event.value.subarray(wirePrefixBytes)]), 'hex').slice(0, 16)
}

/** The headers of a record on the event log (all UTF-8, numbers in decimal). */
export interface EventHeaders {
  readonly type: string
  readonly schema: string
  readonly pos: string
  readonly cmd: string
  readonly ignorable: 'true' | 'false'
  readonly chain: string
}
