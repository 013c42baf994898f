import type { Claim, Claimed, ClaimSpace, Holder, Winner } from './claims.ts'
import type { Epoch, Location, Slot, UserId } from './location.ts'

export type { Claim, Claimed, ClaimSpace, Holder, Winner } from './claims.ts'
export type { Epoch, Location, Slot, UserId } from './location.ts'

/** What a connector tells others about itself with each renewal; the gateway lists it. */
export interface ConnectorInfo {
  /** Unique per process start. */
  readonly id: string
  readonly socketUrl: string
  readonly connections: number
  readonly capacity: number
  readonly isReady: boolean
  /** Where clients of the older protocol `action` connect; absent: not here. */
  readonly action?: { readonly host: string; readonly port: number }
  /** Of its lease; absent: it has just taken it. */
  readonly slot?: Slot
}

/** A connector's right to a delivery slot. A later lease of the same slot has a greater epoch. */
export interface Lease {
  readonly slot: Slot
  readonly epoch: Epoch
  /** The generation of presence as a whole: random, made by the first lease. Another one means that everything was lost, or what was newest. */
  readonly generation: string
}

export interface Lookup {
  /** null: presence was lost and no lease was taken since. */
  readonly generation: string | null
  /** Only valid locations; a user without any is absent. */
  readonly locations: ReadonlyMap<UserId, readonly Location[]>
  /** By conversation, where it is registered: valid leases only; one without any is absent. */
  readonly groups: ReadonlyMap<string, readonly Location[]>
}

/** What a watcher is shown of users. */
export interface Sightings {
  /** null: presence was lost and no lease was taken since. */
  readonly generation: string | null
  /** Who is connected → since when, ms by the store's clock: from the first registration while no other was valid. */
  readonly online: ReadonlyMap<UserId, number>
  /** Who is not, and whose last connector did not say goodbye: its lease ended with him registered under it. */
  readonly ended: ReadonlySet<UserId>
}

export type Renewal =
  | { readonly outcome: 'renewed' | 'revived'; readonly generation: string }
  | { readonly outcome: 'lost' }

/** How long a lease lives without renewal, ms. A crash voids all entries of a connector after at most this. */
export const leaseMs = 6000

/**
 * Who is connected where. It can be lost at any time without loss of messages: it only says where pushes go.
 *
 * Ordering: a `register` that resolved is seen by every later `lookup`. Entries of a lease end with it, all at once.
 * Every method throws Fault `presence_unavailable` when the store cannot be reached in time.
 */
export interface Presence {
  /** Takes the free slot with the least number; its epoch is max(old + 1, store's clock in ms). Throws Fault `no_free_slot` (not retryable) when all are taken. */
  lease(info: ConnectorInfo): Promise<Lease>
  /**
   * `renewed` and `revived` carry the generation as it is now. `revived`: the lease was not current, because it ran out or the store forgot
   * it, and there was no later one of its slot; it counts again, and who is connected under it must be registered again. `lost`: there is
   * or was a later one; take a new lease.
   */
  renew(lease: Lease, info: ConnectorInfo): Promise<Renewal>
  /** Frees the slot at once and for good: a renewal that comes later finds the lease lost. Of a lease that is not current: no effect. */
  release(lease: Lease): Promise<void>
  /**
   * Users are connected under this lease. Idempotent. Of a lease that is not current: no effect.
   * Resolves with a number that no other call gets and that is greater than that of every call which resolved before this one began,
   * whoever made it: of two hellos the one with the greater number is the newer, whatever the connectors' clocks say. After a loss of
   * everything the numbers still grow: max(last + 1, store's clock in ms, `orderMin`), where `orderMin` is what the caller knows to be
   * greater than all before, as for a store whose clock is behind that of the one before it.
   */
  register(lease: Lease, users: readonly UserId[], orderMin: number): Promise<number>
  /** Users are no longer connected under this lease. */
  unregister(lease: Lease, users: readonly UserId[]): Promise<void>
  /**
   * Claims of connections under this lease to be their users' only ones; each is decided at one moment, in the order of the answers. A claim
   * ends with its lease, when it is taken back, and when it was not made again for some minutes. Idempotent. Of a lease that is not current: Fault
   * `presence_unavailable`. Claims of different spaces do not know of each other; `devices` unless it is said.
   */
  claim(lease: Lease, claims: readonly Claim[], winner: Winner, space?: ClaimSpace): Promise<readonly Claimed[]>
  /** These connections went; whoever else holds their users' claims keeps them. */
  unclaim(claims: readonly Pick<Claim, 'user' | 'connection'>[], space?: ClaimSpace): Promise<void>
  /** Whose claim counts now. */
  holder(user: UserId, space?: ClaimSpace): Promise<Holder | undefined>
  /**
   * Members of these groups are connected under this lease, and it wants what is told to all of them. Ordering and end as with users.
   * Idempotent. Of a lease that is not current: no effect.
   */
  registerGroups(lease: Lease, conversations: readonly string[]): Promise<void>
  /** No member of these is connected under this lease any more. */
  unregisterGroups(lease: Lease, conversations: readonly string[]): Promise<void>
  /** Generation, locations and groups as of one moment per 1,000 of them. */
  lookup(users: readonly UserId[], conversations?: readonly string[]): Promise<Lookup>
  /** Who of these is connected. Of one moment per 1,000 users; for those who watch, so that `lookup` stays lean. */
  sightings(users: readonly UserId[]): Promise<Sightings>
  /** Connectors with a current lease. */
  connectors(): Promise<readonly ConnectorInfo[]>
  close(): Promise<void>
}
