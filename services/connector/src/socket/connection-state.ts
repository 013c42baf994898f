import type { Identity } from '../ports.ts'
import type { Session } from './connection-services.ts'

export type ConnectionState =
  | { readonly kind: 'awaitingHello' }
  | { readonly kind: 'authenticating' }
  /** Pushes arrive and are held until `hello` is answered. */
  | { readonly kind: 'opening'; readonly session: Session }
  | { readonly kind: 'live'; readonly session: Session }
  /** Answers what it took, takes nothing more. */
  | { readonly kind: 'finishing'; readonly session: Session }
  /** Whoever it was: what it asked last, as a cursor, may still be under way. */
  | { readonly kind: 'closed'; readonly session?: Session }

export const awaitingHello: ConnectionState = { kind: 'awaitingHello' }
export const closed: ConnectionState = { kind: 'closed' }

/** A session whose registration is still to come: the device is the one that said hello, whatever its session was made for. */
export const openingSession = (
  identity: Identity,
  { device, ...hello }: Pick<Session, 'connection' | 'at'> & Pick<Identity, 'device'>,
  isExclusive: boolean,
): Session => ({ identity: { ...identity, device }, ...hello, isExclusive, order: undefined })
