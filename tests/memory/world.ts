import { createMemoryAttempts } from '@chat/attempts/memory'
import { createMemoryRateLimits } from '@chat/attempts/memory-rate-limits'
import { createConnector } from '@chat/connector'
import { createMemorySockets, type MemorySockets } from '@chat/connector/memory-sockets'
import { noWordFilter, type WordFilter } from '@chat/connector/word-filter'
import { createMemoryCredentials, createPlainHasher } from '@chat/credentials/memory'
import { type AppendFaults, createMemoryStore, type MemoryClient as LogClient } from '@chat/event-log/memory'
import type { Presence } from '@chat/presence'
import { createMemoryPresence } from '@chat/presence/memory'
import { createProjector } from '@chat/projector'
import { createMemoryReadModels } from '@chat/read-models/memory'
import { createRouter } from '@chat/router'
import { createHealth, createMetrics, type Health, type Service, silentLogger } from '@chat/runtime'
import { allTopics, createEncoder, createTopics, localSchemaIds } from '@chat/schemas'
import { createFakeClock, createSeededRandom } from '@chat/testkit'

/** What outlives processes: the log, presence, the read models and the accounts, under one fake clock. */
export const createGround = ({ slots = 4 }: { readonly slots?: number } = {}) => {
  const clock = createFakeClock(Date.UTC(2026, 0, 1))
  const random = createSeededRandom(1)
  let faults: AppendFaults = () => undefined
  return {
    clock,
    random,
    topics: createTopics({ prefix: 'm.', partitions: 4, slots }),
    store: createMemoryStore({ clock, faults: (batch, client) => faults(batch, client) }),
    presence: createMemoryPresence({ clock, random, slots }),
    readModels: createMemoryReadModels({ clock, random }),
    credentials: createMemoryCredentials({ random }),
    /** What happens to appends from now on. */
    breakAppends: (next: AppendFaults) => {
      faults = next
    },
  }
}

export type Ground = ReturnType<typeof createGround>

/** The same, but every read model is lost. */
export const withoutReadModels = (ground: Ground): Ground => ({
  ...ground,
  readModels: createMemoryReadModels({ clock: ground.clock, random: ground.random }),
})

export interface WorldOptions {
  readonly connectors?: number
  readonly routers?: number
  readonly projectors?: number
  /** Taken over from a world that stopped; a new one unless given. */
  readonly ground?: Ground
  /** Numbers behind the names of the processes begin here, so that two worlds on one ground are told apart. */
  readonly firstNumber?: number
  /** What stands between the processes and presence. */
  readonly presenceOf?: (ground: Ground) => Presence
  /** Of all connectors; none unless given. */
  readonly wordFilter?: WordFilter
  /** When groups are told to connectors. */
  readonly groupLimits?: GroupLimits
  /** Of the log, when it is new; 1 unless given. */
  readonly firstId?: number
  /** Rates are limited only where they are what is tested. */
  readonly limits?: 'on' | 'off'
}

interface GroupLimits {
  readonly largeGroupMembers: number
  readonly largeGroupSettleMs: number
}

/** One process: its service, its hold on the log, and whether it is well. */
export interface Process {
  readonly name: string
  readonly log: LogClient
  readonly health: Health
  readonly service: Service
}

/** Connectors, routers and projectors, unchanged, on memory twins under one fake clock. */
export const startWorld = async (options: WorldOptions = {}) => {
  const { connectors = 1, routers = 1, projectors = 1, firstNumber = 0, firstId = 1, ground = createGround() } = options
  const { limits = 'off' } = options
  const groupLimits = options.groupLimits ?? { largeGroupMembers: 128, largeGroupSettleMs: 30_000 }
  const { clock } = ground
  const failures: unknown[] = []
  const { wordFilter = noWordFilter } = options
  const presence = options.presenceOf?.(ground) ?? ground.presence
  const portsOf = createPorts({ ...ground, presence }, wordFilter, failures)
  await ground.store.client('init').ensureTopics(allTopics(ground.topics), { replicas: 1 })
  const numbered = <T>(count: number, make: (number: number) => T): T[] =>
    Array.from({ length: count }, (_, index) => make(firstNumber + index))
  const router = (number: number): Process => {
    const ports = portsOf(`router ${number}`)
    return { ...ports, service: createRouter({ ...routerConfig, firstId, ...groupLimits }, ports) }
  }
  const projector = (number: number): Process => {
    const ports = portsOf(`projector ${number}`)
    return { ...ports, service: createProjector({ logPrefix: 'm.' }, ports) }
  }
  const connector = (number: number): Process & { readonly sockets: MemorySockets } => {
    const ports = { ...portsOf(`connector ${number}`), sockets: createMemorySockets() }
    return { ...ports, service: createConnector({ ...connectorConfig(number), ...groupLimits, limits }, ports) }
  }
  const parts = {
    routers: numbered(routers, router),
    projectors: numbered(projectors, projector),
    connectors: numbered(connectors, connector),
  }
  const processes: readonly Process[] = [...parts.routers, ...parts.projectors, ...parts.connectors]

  /** Runs the whole system until the promise is settled. */
  const run = async <T>(work: Promise<T>, withinMs = 60_000): Promise<T> => {
    let isSettled = false
    const settle = () => {
      isSettled = true
    }
    work.then(settle, settle)
    await clock.runUntil(() => isSettled, withinMs)
    return work
  }
  const until = (condition: () => boolean | Promise<boolean>) => clock.runUntil(condition, 60_000)
  await run(Promise.all(processes.map(({ service }) => service.start())), 10_000)
  const stop = () => run(Promise.all(processes.toReversed().map(({ service }) => service.stop())))
  return {
    ...ground,
    ...parts,
    ground,
    sockets: parts.connectors.map(({ sockets }) => sockets),
    run,
    until,
    stop,
    failures,
  }
}

export type World = Awaited<ReturnType<typeof startWorld>>

const routerConfig = { logPrefix: 'm.', snapshotEvents: 50_000, directPolicy: 'anyone' } as const

const connectorConfig = (number: number) => ({
  connectorId: `c${number}`,
  publicUrl: `http://c${number}`,
  capacity: 100,
  drainSpreadMs: 0,
  editWindowMs: 0,
  tokenKeys: [new Uint8Array(32).fill(7)] as const,
  actionAddress: { host: `c${number}`, port: 8005 },
})

const createPorts =
  (ground: Omit<Ground, 'presence'> & { readonly presence: Presence }, wordFilter: WordFilter, failures: unknown[]) =>
  (name: string) => ({
    name,
    log: ground.store.client(name),
    topics: ground.topics,
    encoder: createEncoder(localSchemaIds),
    presence: ground.presence,
    readModels: ground.readModels,
    projection: ground.readModels.projection,
    credentials: ground.credentials,
    hasher: createPlainHasher(),
    attempts: createMemoryAttempts({ clock: ground.clock }),
    rateLimits: createMemoryRateLimits({ clock: ground.clock }),
    wordFilter,
    clock: ground.clock,
    random: ground.random,
    logger: silentLogger,
    health: createHealth(),
    metrics: createMetrics({ withProcess: 'bare' }),
    onFatal: (error: unknown) => void failures.push(error),
  })
