import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { connectRedis } from '@chat/redis'
import { type Clock, Fault, type Logger, type Random, randomId } from '@chat/runtime'
import type { Redis } from 'ioredis'
import type { Claimed, ClaimSpace, Holder } from './claims.ts'
import {
  type ConnectorInfo,
  type Lease,
  type Location,
  type Lookup,
  leaseMs as leaseDefaultMs,
  type Presence,
  type Sightings,
  type UserId,
} from './index.ts'
import { noFreeSlot } from './no-free-slot.ts'

interface Options {
  readonly url: string
  /** Put before every key: a world of its own. */
  readonly prefix: string
  /** How many slots there are: 0 to slots − 1. */
  readonly slots: number
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** Life of a lease without renewal, ms. */
  readonly leaseMs?: number
}

/** A command without an answer within this is a Fault, ms: less than the second between two renewals may cost. */
const commandTimeoutMs = 1_000
/** An entry not written again within this goes, ms: thrice the time between two rewrites. */
const entryLifeMs = 15 * 60_000
/** Users, or groups, of one script call: Redis does nothing else meanwhile (some 1 ms for this many). */
const usersPerCallMax = 1_000

/**
 * Presence in Redis (7 or later, one primary; never a replica). Keys: `slot:<n>` hash of a lease (epoch, info) with its expiry,
 * `epoch:<n>` the slot's last epoch, `generation`, `order` the last number of a registration, `pres:<user>` hash slot → epoch, and since when, `group:<conversation>` hash slot → epoch, `claim:<user>` hash of whose the user's only connection is, `dialect-claim:<user>` of those by older protocols. Each operation is one script: one round trip, atomic.
 * Resolves after the first try to connect, whatever came of it; from then on it reconnects by itself, and until it has, every call
 * is a Fault at once. A command that timed out may still have its effect.
 */
export const openRedisPresence = async (options: Options): Promise<Presence> => {
  const { prefix, slots, random, leaseMs = leaseDefaultMs } = options
  const redis = await connectRedis(options, {
    commandTimeoutMs,
    away: 'presence store lost',
    back: 'presence store is back',
  })
  const run = createRunner(redis)
  const generationKey = `${prefix}generation`
  const orderKey = `${prefix}order`
  const leaseKeys = `${prefix}slot:`
  const slotKeys = (name: string) => Array.from({ length: slots }, (_, slot) => `${prefix}${name}:${slot}`)
  const allLeases = slotKeys('slot')
  const ownKeys = (slot: number) => [`${leaseKeys}${slot}`, `${prefix}epoch:${slot}`]
  const userKey = (user: UserId) => `${prefix}pres:${user}`
  const groupKey = (conversation: string) => `${prefix}group:${conversation}`
  const claimKey = (user: UserId, space: ClaimSpace) =>
    `${prefix}${space === 'dialects' ? 'dialect-claim' : 'claim'}:${user}`

  /** All calls go out together on one connection: still one round trip. */
  const inChunks = <U, T>(items: readonly U[], call: (chunk: readonly U[]) => Promise<T>): Promise<readonly T[]> =>
    Promise.all(chunks(items).map(call))

  return {
    lease: async (info): Promise<Lease> => {
      const keys = [generationKey, ...allLeases, ...slotKeys('epoch')]
      const found = await run('lease', keys, [slots, leaseMs, JSON.stringify(info), randomId(random)])
      if (found === null) throw noFreeSlot(slots)
      const [slot, epoch, generation] = found as [number, string, string]
      return { slot, epoch: Number(epoch), generation }
    },
    renew: async ({ slot, epoch }, info) => {
      const keys = [generationKey, ...ownKeys(slot)]
      const held = await run('renew', keys, [epoch, leaseMs, JSON.stringify(info), randomId(random)])
      if (held === null) return { outcome: 'lost' }
      const [generation, wasCurrent] = held as [string, 0 | 1]
      return { outcome: wasCurrent === 1 ? 'renewed' : 'revived', generation }
    },
    release: async ({ slot, epoch }) => {
      await run('release', ownKeys(slot), [epoch])
    },
    register: async ({ slot, epoch }, users, orderMin) => {
      const args = [leaseKeys, slot, epoch, entryLifeMs, orderMin]
      const orders = await inChunks(users, (chunk) => run('register', [orderKey, ...chunk.map(userKey)], args))
      return Number(orders.at(-1))
    },
    unregister: async ({ slot, epoch }, users) => {
      await inChunks(users, (chunk) => run('unregister', chunk.map(userKey), [slot, epoch]))
    },
    claim: async ({ slot, epoch }, claims, winner, space = 'devices') => {
      const parts = await inChunks(claims, async (chunk) => {
        const asked = chunk.flatMap(({ device, connection, order }) => [device, connection, order])
        const keys = chunk.map(({ user }) => claimKey(user, space))
        const answer = await run('claim', keys, [leaseKeys, slot, epoch, entryLifeMs, winner, ...asked])
        if (answer === null) throw new Fault('presence_unavailable', 'presence store: the lease is not current')
        return (answer as readonly (readonly string[])[]).map((one, index) => claimedOf(chunk[index]?.user ?? 0, one))
      })
      return parts.flat()
    },
    unclaim: async (claims, space = 'devices') => {
      await inChunks(claims, (chunk) =>
        run(
          'unclaim',
          chunk.map(({ user }) => claimKey(user, space)),
          chunk.map(({ connection }) => connection),
        ),
      )
    },
    holder: async (user, space = 'devices') => {
      const held = await run('holder', [claimKey(user, space)], [leaseKeys])
      return held === null ? undefined : holderOf(user, held as readonly string[])
    },
    registerGroups: async ({ slot, epoch }, conversations) => {
      const args = [leaseKeys, slot, epoch, entryLifeMs]
      await inChunks(conversations, (chunk) => run('register-groups', chunk.map(groupKey), args))
    },
    unregisterGroups: async ({ slot, epoch }, conversations) => {
      await inChunks(conversations, (chunk) => run('unregister-groups', chunk.map(groupKey), [slot, epoch]))
    },
    lookup: async (users, conversations = []): Promise<Lookup> => {
      const keys = [...users.map(userKey), ...conversations.map(groupKey)]
      const parts = await inChunks(keys, async (chunk) =>
        locationsIn(chunk, await run('lookup', [generationKey, ...chunk], [leaseKeys])),
      )
      const found = new Map(parts.flatMap(({ locations }) => [...locations]))
      return {
        // The last part's generation: were all lost between two parts, it is another one, and nothing found before counts.
        generation: parts.at(-1)?.generation ?? null,
        locations: somewhere(users, (user) => found.get(userKey(user))),
        groups: somewhere(conversations, (conversation) => found.get(groupKey(conversation))),
      }
    },
    sightings: async (users): Promise<Sightings> => {
      const parts = await inChunks(users, async (chunk) =>
        sightingsIn(chunk, await run('sightings', [generationKey, ...chunk.map(userKey)], [leaseKeys])),
      )
      return {
        generation: parts.at(-1)?.generation ?? null,
        online: new Map(parts.flatMap(({ online }) => [...online])),
        ended: new Set(parts.flatMap(({ ended }) => [...ended])),
      }
    },
    connectors: async () => {
      const infos = (await run('connectors', allLeases, [])) as readonly string[]
      return infos.map((info): ConnectorInfo => JSON.parse(info))
    },
    close: async () => redis.disconnect(),
  }
}

/** At least one, so that a lookup of nobody still reads the generation. */
const chunks = <U>(items: readonly U[]): readonly (readonly U[])[] =>
  Array.from({ length: Math.max(1, Math.ceil(items.length / usersPerCallMax)) }, (_, index) =>
    items.slice(index * usersPerCallMax, (index + 1) * usersPerCallMax),
  )

/** Reads an answer of claim.lua. */
const claimedOf = (user: UserId, [outcome, ...held]: readonly string[]): Claimed => {
  if (outcome === 'refused') return { outcome, by: holderOf(user, held) }
  return { outcome: 'held', evicted: held.length === 0 ? undefined : holderOf(user, held) }
}

const holderOf = (user: UserId, held: readonly string[]): Holder => {
  const [slot, epoch, device = '', connection = '', order] = held
  return { user, slot: Number(slot), epoch: Number(epoch), device, connection, order: Number(order) }
}

/** Reads the answer of lookup.lua: by key, where it is. */
const locationsIn = (keys: readonly string[], answer: unknown) => {
  const [generation, ...found] = answer as [string | null, ...(number | string)[]]
  const locations = new Map<string, Location[]>()
  for (let i = 0; i + 2 < found.length; i += 3) {
    const key = keys[Number(found[i])]
    if (key === undefined) continue
    const location = { slot: Number(found[i + 1]), epoch: Number(found[i + 2]) }
    const known = locations.get(key)
    if (known === undefined) locations.set(key, [location])
    else known.push(location)
  }
  return { generation, locations }
}

/** Those that are somewhere. */
const somewhere = <K>(
  keys: readonly K[],
  locationsOf: (key: K) => readonly Location[] | undefined,
): ReadonlyMap<K, readonly Location[]> =>
  new Map(
    keys.flatMap((key) => {
      const locations = locationsOf(key)
      return locations === undefined ? [] : [[key, locations] as const]
    }),
  )

/** Reads the answer of sightings.lua. */
const sightingsIn = (users: readonly UserId[], answer: unknown): Sightings => {
  const [generation, ...found] = answer as [string | null, ...(number | string)[]]
  const online = new Map<UserId, number>()
  const ended = new Set<UserId>()
  for (let i = 0; i + 1 < found.length; i += 2) {
    const user = users[Number(found[i])]
    if (user === undefined) continue
    if (found[i + 1] === '') ended.add(user)
    else online.set(user, Number(found[i + 1]))
  }
  return { generation, online, ended }
}

const scriptNames = [
  'lease',
  'renew',
  'release',
  'register',
  'unregister',
  'register-groups',
  'unregister-groups',
  'claim',
  'unclaim',
  'holder',
  'lookup',
  'sightings',
  'connectors',
] as const
type ScriptName = (typeof scriptNames)[number]

const read = (file: string) => readFileSync(new URL(`../scripts/${file}.lua`, import.meta.url), 'utf8')

const preamble = read('generation')
const scripts = Object.fromEntries(
  scriptNames.map((name) => {
    const source = preamble + read(name)
    return [name, { source, sha: createHash('sha1').update(source).digest('hex') }]
  }),
) as Readonly<Record<ScriptName, { readonly source: string; readonly sha: string }>>

type Run = (name: ScriptName, keys: readonly string[], args: readonly (string | number)[]) => Promise<unknown>

const createRunner =
  (redis: Redis): Run =>
  async (name, keys, args) => {
    const { source, sha } = scripts[name]
    try {
      return await redis.evalsha(sha, keys.length, ...keys, ...args).catch((error: unknown) => {
        // A restarted Redis has forgotten its scripts.
        if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
        return redis.eval(source, keys.length, ...keys, ...args)
      })
    } catch (error) {
      throw new Fault('presence_unavailable', `presence store: ${name} failed`, { cause: error })
    }
  }
