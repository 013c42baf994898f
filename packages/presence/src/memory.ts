import { type Clock, Fault, type Random, randomId } from '@chat/runtime'
import { type Claim, type Holder as ClaimHolder, type ClaimSpace, decideClaim, type Winner } from './claims.ts'
import {
  type ConnectorInfo,
  type Epoch,
  type Lease,
  type Location,
  leaseMs as leaseDefaultMs,
  type Presence,
  type Renewal,
  type Slot,
  type UserId,
} from './index.ts'
import { noFreeSlot } from './no-free-slot.ts'

/** One store for all connectors and routers of a process. `close` by one of them leaves it to the others. */
export interface MemoryPresence extends Presence {
  /** Loses everything, as a store without disk does in a restart: for tests and the simulation. */
  wipe(): void
  /** Saves everything as it is now; the returned function puts it back, as a restart from an older dump does: under another generation. */
  save(): () => void
  /** Every call is a Fault `presence_unavailable` until `comeBack`; leases run out meanwhile, as in a store that is frozen. */
  goAway(): void
  comeBack(): void
}

interface Holder {
  readonly epoch: Epoch
  readonly info: ConnectorInfo
  /** On the monotonic clock. */
  readonly endsAtMs: number
}

interface Options {
  readonly clock: Clock
  readonly random: Random
  /** How many slots there are: 0 to slots − 1. */
  readonly slots: number
  /** Life of a lease without renewal, ms. */
  readonly leaseMs?: number
}

/** The twin of the Redis adapter. Its clock is the store's. */
export const createMemoryPresence = ({ clock, random, slots, leaseMs = leaseDefaultMs }: Options): MemoryPresence => {
  const holders = new Map<Slot, Holder>()
  const lastEpochs = new Map<Slot, Epoch>()
  const entries = new Map<UserId, Map<Slot, Epoch>>()
  const groups = new Map<string, Map<Slot, Epoch>>()
  /** Since when who has an entry is connected, ms. */
  const since = new Map<UserId, number>()
  const claims = { devices: new Map<UserId, ClaimHolder>(), dialects: new Map<UserId, ClaimHolder>() }
  let generation: string | null = null
  let lastOrder = 0
  let isAway = false

  const currentHolder = (slot: Slot): Holder | undefined => {
    const holder = holders.get(slot)
    return holder !== undefined && clock.monotonic() < holder.endsAtMs ? holder : undefined
  }
  const isCurrent = ({ slot, epoch }: Location): boolean => currentHolder(slot)?.epoch === epoch
  const hold = (slot: Slot, epoch: Epoch, info: ConnectorInfo): string => {
    holders.set(slot, { epoch, info, endsAtMs: clock.monotonic() + leaseMs })
    generation ??= randomId(random)
    return generation
  }
  const currentOf = (entry: ReadonlyMap<Slot, Epoch> | undefined): readonly Location[] =>
    [...(entry ?? [])].map(([slot, epoch]) => ({ slot, epoch })).filter(isCurrent)
  const locationsOf = (user: UserId): readonly Location[] => currentOf(entries.get(user))
  const forget = (user: UserId, slot: Slot): void => {
    const own = entries.get(user)
    own?.delete(slot)
    if (own?.size !== 0) return
    entries.delete(user)
    since.delete(user)
  }
  const forgetGroup = (conversation: string, slot: Slot): void => {
    const own = groups.get(conversation)
    own?.delete(slot)
    if (own?.size === 0) groups.delete(conversation)
  }
  const holderOf = (user: UserId, space: ClaimSpace = 'devices'): ClaimHolder | undefined => {
    const held = claims[space].get(user)
    return held !== undefined && isCurrent(held) ? held : undefined
  }
  const claim = (lease: Lease, asked: readonly Claim[], winner: Winner, space: ClaimSpace = 'devices') => {
    if (!isCurrent(lease)) throw new Fault('presence_unavailable', 'presence store: the lease is not current')
    return asked.map((one) => {
      const claimed = decideClaim(one, holderOf(one.user, space), winner)
      if (claimed.outcome === 'held') claims[space].set(one.user, { ...one, slot: lease.slot, epoch: lease.epoch })
      return claimed
    })
  }
  const forgetEnded = (): void => {
    for (const space of Object.values(claims))
      for (const [user, held] of space) if (!isCurrent(held)) space.delete(user)
    for (const [user, own] of entries)
      for (const [slot, epoch] of own) if (!isCurrent({ slot, epoch })) forget(user, slot)
    for (const [conversation, own] of groups)
      for (const [slot, epoch] of own) if (!isCurrent({ slot, epoch })) forgetGroup(conversation, slot)
  }

  const enter = ({ slot, epoch }: Lease, user: UserId): void => {
    if (locationsOf(user).length === 0) since.set(user, clock.now())
    entries.set(user, (entries.get(user) ?? new Map()).set(slot, epoch))
  }

  const clear = (): void => {
    holders.clear()
    lastEpochs.clear()
    entries.clear()
    groups.clear()
    since.clear()
    for (const space of Object.values(claims)) space.clear()
    generation = null
    lastOrder = 0
  }

  const reachable =
    <A extends readonly unknown[], R>(run: (...args: A) => R) =>
    async (...args: A): Promise<R> => {
      if (isAway) throw new Fault('presence_unavailable', 'presence store: away')
      return run(...args)
    }

  return {
    lease: reachable((info: ConnectorInfo): Lease => {
      const slot = Array.from({ length: slots }, (_, index) => index).find(
        (index) => currentHolder(index) === undefined,
      )
      if (slot === undefined) throw noFreeSlot(slots)
      const epoch = Math.max((lastEpochs.get(slot) ?? 0) + 1, clock.now())
      lastEpochs.set(slot, epoch)
      const lease = { slot, epoch, generation: hold(slot, epoch, info) }
      forgetEnded()
      return lease
    }),
    renew: reachable((lease: Lease, info: ConnectorInfo): Renewal => {
      const { slot, epoch } = lease
      if ((lastEpochs.get(slot) ?? 0) > epoch) return { outcome: 'lost' }
      const outcome = isCurrent(lease) ? 'renewed' : 'revived'
      lastEpochs.set(slot, epoch)
      return { outcome, generation: hold(slot, epoch, info) }
    }),
    release: reachable((lease: Lease) => {
      if (!isCurrent(lease)) return
      holders.delete(lease.slot)
      lastEpochs.set(lease.slot, lease.epoch + 1)
    }),
    register: reachable((lease: Lease, users: readonly UserId[], orderMin: number) => {
      lastOrder = Math.max(lastOrder + 1, clock.now(), orderMin)
      if (isCurrent(lease)) for (const user of users) enter(lease, user)
      return lastOrder
    }),
    unregister: reachable((lease: Lease, users: readonly UserId[]) => {
      for (const user of users) if (entries.get(user)?.get(lease.slot) === lease.epoch) forget(user, lease.slot)
    }),
    claim: reachable(claim),
    unclaim: reachable((gone: readonly Pick<Claim, 'user' | 'connection'>[], space: ClaimSpace = 'devices') => {
      const held = claims[space]
      for (const { user, connection } of gone) if (held.get(user)?.connection === connection) held.delete(user)
    }),
    holder: reachable(holderOf),
    registerGroups: reachable((lease: Lease, conversations: readonly string[]) => {
      if (!isCurrent(lease)) return
      for (const conversation of conversations)
        groups.set(conversation, (groups.get(conversation) ?? new Map()).set(lease.slot, lease.epoch))
    }),
    unregisterGroups: reachable((lease: Lease, conversations: readonly string[]) => {
      for (const conversation of conversations)
        if (groups.get(conversation)?.get(lease.slot) === lease.epoch) forgetGroup(conversation, lease.slot)
    }),
    lookup: reachable((users: readonly UserId[], conversations: readonly string[] = []) => ({
      generation,
      locations: somewhere(users, locationsOf),
      groups: somewhere(conversations, (conversation) => currentOf(groups.get(conversation))),
    })),
    sightings: reachable((users: readonly UserId[]) => {
      const entered = users.filter((user) => entries.has(user))
      const isOnline = (user: UserId) => locationsOf(user).length > 0
      return {
        generation,
        online: new Map(entered.filter(isOnline).map((user) => [user, since.get(user) ?? 0] as const)),
        ended: new Set(entered.filter((user) => !isOnline(user))),
      }
    }),
    connectors: reachable(() =>
      Array.from({ length: slots }, (_, slot) => currentHolder(slot)?.info).filter((info) => info !== undefined),
    ),
    close: async () => {},
    wipe: clear,
    save: () => {
      const saved = {
        devices: [...claims.devices],
        dialects: [...claims.dialects],
        holders: [...holders],
        lastEpochs: [...lastEpochs],
        generation,
        lastOrder,
      }
      const savedEntries = [...entries].map(([user, own]) => [user, [...own]] as const)
      const savedGroups = [...groups].map(([conversation, own]) => [conversation, [...own]] as const)
      const savedSince = [...since]
      return () => {
        clear()
        for (const [slot, holder] of saved.holders) holders.set(slot, holder)
        for (const [slot, epoch] of saved.lastEpochs) lastEpochs.set(slot, epoch)
        for (const [user, own] of savedEntries) entries.set(user, new Map(own))
        for (const [conversation, own] of savedGroups) groups.set(conversation, new Map(own))
        for (const [user, sinceMs] of savedSince) since.set(user, sinceMs)
        for (const [user, held] of saved.devices) claims.devices.set(user, held)
        for (const [user, held] of saved.dialects) claims.dialects.set(user, held)
        // It started again: another life of the store is another generation.
        generation = saved.generation === null ? null : randomId(random)
        lastOrder = saved.lastOrder
      }
    },
    goAway: () => {
      isAway = true
    },
    comeBack: () => {
      isAway = false
    },
  }
}

/** Those that are somewhere. */
const somewhere = <K>(
  keys: readonly K[],
  locationsOf: (key: K) => readonly Location[],
): ReadonlyMap<K, readonly Location[]> =>
  new Map(keys.map((key) => [key, locationsOf(key)] as const).filter(([, locations]) => locations.length > 0))
