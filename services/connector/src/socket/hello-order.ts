import type { Kick } from '@chat/schemas'
import type { LoginClaim } from '../login-policy.ts'
import type { Session } from './connection-services.ts'

/** A session whose registration was acknowledged. */
export interface OrderedSession extends Session {
  readonly order: number
}

export const isOrdered = (session: Session): session is OrderedSession => session.order !== undefined

/** What it claims where only one may be in. */
export const claimOf = ({ identity, connection, order, isExclusive }: OrderedSession): LoginClaim => ({
  ...{ user: identity.userId, device: identity.device, connection, order, isExclusive },
})

/** What other connectors are told of it. */
export const helloOf = ({ identity, connection, at, order }: OrderedSession) => ({
  ...{ user: identity.userId, device: identity.device, connection, at, order },
})

/**
 * Of two hellos of one device that crossed, every connector calls the same one newer: by the numbers that presence gave to their
 * registrations, or would have given, because the connectors' clocks may differ by hours.
 */
export const isNewer = (kick: Kick, session: OrderedSession): boolean =>
  orderOf(kick) > session.order || (orderOf(kick) === session.order && kick.connection > session.connection)

export const newerOf = (one: Kick | undefined, other: Kick): Kick =>
  one !== undefined && orderOf(one) > orderOf(other) ? one : other

/** A connector that knows no numbers sends its clock, which is of their size. */
const orderOf = (kick: Kick): number => kick.order ?? kick.at
