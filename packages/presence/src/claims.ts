import type { Location, UserId } from './location.ts'

/** One connection's claim to be the only one of its user. */
export interface Claim {
  readonly user: UserId
  readonly device: string
  /** Names it among all of all connectors. */
  readonly connection: string
  /** The number of its registration: when it logged in. It stays the same when it is claimed again. */
  readonly order: number
}

/** Whose claim it is, and where. */
export interface Holder extends Claim, Location {}

/** `evicted`: another device held it until now. `refused`: `by` has the better right. */
export type Claimed =
  | { readonly outcome: 'held'; readonly evicted: Holder | undefined }
  | { readonly outcome: 'refused'; readonly by: Holder }

/** Among which connections a claim is the only one of its user: all of them, or those of older protocols that allow one. */
export type ClaimSpace = 'devices' | 'dialects'

/** Which of two devices' claims counts. Of two connections of one device it is always the later. */
export type Winner = 'earlier' | 'later'

/** The whole rule, as claim.lua has it. `held`: of a lease that is current. */
export const decideClaim = (claim: Claim, held: Holder | undefined, winner: Winner): Claimed => {
  if (held === undefined || held.connection === claim.connection) return { outcome: 'held', evicted: undefined }
  const isLater = claim.order > held.order || (claim.order === held.order && claim.connection > held.connection)
  const isSameDevice = held.device === claim.device
  const wins = isSameDevice || winner === 'later' ? isLater : !isLater
  if (!wins) return { outcome: 'refused', by: held }
  return { outcome: 'held', evicted: isSameDevice ? undefined : held }
}
