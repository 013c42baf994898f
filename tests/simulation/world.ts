import { createMemoryAttempts } from '@chat/attempts/memory'
import { createMemoryRateLimits } from '@chat/attempts/memory-rate-limits'
import { createConnector } from '@chat/connector'
import { noWordFilter } from '@chat/connector/word-filter'
import type { Credentials } from '@chat/credentials'
import { createMemoryCredentials, createPlainHasher } from '@chat/credentials/memory'
import type { Offset } from '@chat/event-log'
import { type AppendFaults, createMemoryStore, type MemoryStore } from '@chat/event-log/memory'
import { createMemoryPresence, type MemoryPresence } from '@chat/presence/memory'
import { createProjector } from '@chat/projector'
import { createMemoryReadModels, type MemoryReadModels } from '@chat/read-models/memory'
import { createRouter } from '@chat/router'
import { type Clock, createHealth, createMetrics, type Logger, type Random, silentLogger, sleep } from '@chat/runtime'
import { allTopics, createEncoder, createTopics, localSchemaIds, type Topics } from '@chat/schemas'
import { createSeededRandom } from '@chat/testkit'
import { createRecorder, type Recorder } from '../faults/recorder.ts'
import { createHost, type Host, type Life, type LifeHooks } from './host.ts'
import { createMachine, noSkew, type Skew } from './machine.ts'
import { noPlants, type Plants } from './planted/plants.ts'
import { createProcessLog } from './ports/log.ts'
import { createNetwork, type Network } from './ports/network.ts'
import { createOutages, type Outages } from './ports/outages.ts'
import { overWire, projectionOf, type StoreState, wellStore } from './ports/stores.ts'
import { createWire } from './ports/wire.ts'
import type { Scheduler } from './scheduler.ts'

export const partitions = 2
const slots = 5
export const connectorNames: readonly string[] = ['c0', 'c1']
const routerNames = ['r0', 'r1', 'r2']
const projectorNames = ['p0', 'p1']

/** Everything of one run but its clients: the stores, which live for ever, and the hosts, whose processes come and go. */
export interface World {
  readonly scheduler: Scheduler
  /** The time as it is; processes have their own. */
  readonly clock: Clock
  readonly topics: Topics
  readonly store: MemoryStore
  readonly presence: MemoryPresence
  readonly readModels: MemoryReadModels
  readonly network: Network
  readonly recorder: Recorder
  readonly hosts: readonly Host[]
  /** What goes wrong at present. */
  readonly trouble: Trouble
  /** Commands that their topic lost, `to` exclusive; others may stand there since. */
  readonly lostCommands: LostCommands[]
  /** Randomness of its own for somebody; asked for in the same order in every run of a seed. */
  fork(): Random
  later(ms: number, label: string, run: () => void): void
  /** Steps until it is so; false when `ms` have passed before. */
  runUntil(isDone: () => boolean, ms: number): Promise<boolean>
}

interface LostCommands {
  readonly partition: number
  readonly from: Offset
  readonly to: Offset
}

interface Trouble {
  readonly outages: Outages
  readonly redis: StoreState
  readonly database: StoreState
  /** What becomes of appends; undefined: nothing happens to them. */
  appends: AppendFaults | undefined
  /** A commit of events may take so long, ms. */
  slowCommitsMs: number
  /** How wrong the clock of the next process is that starts. */
  skew: (random: Random) => Skew
}

export interface WorldOptions {
  readonly seed: number
  readonly scheduler: Scheduler
  readonly label: string
  /** What is wrong with the processes themselves: for the tests of the simulation. */
  readonly plants?: Plants
  /** Told of what the processes log. */
  readonly onLog?: (line: string) => void
}

export const createWorld = ({ seed, scheduler, label, plants = noPlants, onLog }: WorldOptions): World => {
  const seeds = createSeededRandom(Math.imul(seed + 1, 0x9e3779b1))
  const fork = () => createSeededRandom(Math.floor(seeds.fraction() * 2 ** 32))
  const { clock } = createMachine(scheduler, { name: 'stores', random: fork(), skew: noSkew })
  const topics = createTopics({ prefix: 's.', partitions, slots })
  const trouble: Trouble = {
    outages: createOutages(),
    redis: wellStore(),
    database: wellStore(),
    appends: undefined,
    slowCommitsMs: 0,
    skew: () => noSkew,
  }
  const store = createMemoryStore({ clock, faults: (batch, name) => trouble.appends?.(batch, name) })
  const presence = createMemoryPresence({ clock, random: fork(), slots })
  const readModels = createMemoryReadModels({ clock, random: fork() })
  const credentials = createMemoryCredentials({ random: fork() })
  const network = createNetwork(scheduler, fork())
  const recorder = createRecorder({ clock, label, clockErrorMs: 2 })
  const later: World['later'] = (ms, what, run) => void scheduler.at(scheduler.nowMs() + ms, what, run)

  const boot = (name: string, kind: Host['kind'], hooks: LifeHooks, lives: number): Life => {
    const random = fork()
    const machine = createMachine(scheduler, { name: `${name}.${lives}`, random, skew: trouble.skew(random) })
    return bootProcess({
      ...{ name, kind, hooks, machine, plants, topics, store, presence, readModels, credentials, network, trouble },
      ...{ scheduler, fork },
      logger: onLog === undefined ? silentLogger : loggerOf(machine.name, {}, onLog),
    })
  }

  const hostOf = (name: string, kind: Host['kind']) =>
    createHost({
      ...{ name, kind, later },
      boot: (hooks, lives) => boot(name, kind, hooks, lives),
      onDeath: ({ machine }) => network.reset(machine),
    })

  const hosts = [
    ...routerNames.map((name) => hostOf(name, 'router')),
    ...projectorNames.map((name) => hostOf(name, 'projector')),
    ...connectorNames.map((name) => hostOf(name, 'connector')),
  ]
  return {
    ...{ scheduler, clock, topics, store, presence, readModels, network, recorder, hosts, trouble, fork, later },
    lostCommands: [],
    runUntil: (isDone, ms) => scheduler.run(isDone, scheduler.nowMs() + ms),
  }
}

/** Makes the topics, as an operator does once. */
export const layOut = ({ store, topics }: World): Promise<void> =>
  store.client('init').ensureTopics(allTopics(topics), { replicas: 1 })

interface BootParts
  extends Pick<World, 'topics' | 'store' | 'presence' | 'readModels' | 'network' | 'trouble' | 'scheduler' | 'fork'> {
  readonly name: string
  readonly kind: Host['kind']
  readonly hooks: LifeHooks
  readonly machine: Life['machine']
  readonly plants: Plants
  readonly credentials: Credentials
  readonly logger: Logger
}

/** So few that partitions are restored from snapshots now and then. */
const snapshotEvents = 40

/** The service itself, unchanged; only its ports are of this world. */
const bootProcess = (parts: BootParts): Life => {
  const { name, kind, hooks, machine, plants, topics, trouble, scheduler, fork, store } = parts
  const wire = createWire(scheduler, machine, fork())
  const random = fork()
  const health = createHealth()
  const log = createProcessLog(store.client(name), { machine, wire, random, outages: trouble.outages })
  const database = { wire, random, state: trouble.database, lane: undefined }
  const redis = { wire, random, state: trouble.redis, lane: 'redis', code: 'presence_unavailable' }
  const commitSlowly = () => sleep(machine.clock, random.fraction() * trouble.slowCommitsMs)
  const planted = plants[kind]({
    clock: machine.clock,
    log,
    presence: overWire(parts.presence, redis),
    projection: overWire(projectionOf(parts.readModels.projection, commitSlowly), {
      ...database,
      code: 'read_models_unavailable',
    }),
  })
  const ports = {
    ...{ topics, health, clock: machine.clock, random: machine.random, logger: parts.logger, onFatal: hooks.onFatal },
    ...planted,
    encoder: createEncoder(localSchemaIds),
    metrics: createMetrics({ withProcess: 'bare' }),
  }
  const createService = () => {
    if (kind === 'router')
      return createRouter(
        { logPrefix: 's.', firstId: 1, snapshotEvents, directPolicy: 'anyone', ...groupLimits },
        ports,
      )
    if (kind === 'projector') return createProjector({ logPrefix: 's.' }, ports)
    return createConnector(connectorConfig(name), {
      ...ports,
      sockets: parts.network.listener(name, machine),
      readModels: overWire(parts.readModels, { ...database, code: 'read_models_unavailable' }),
      credentials: overWire(parts.credentials, { ...database, code: 'credentials_unavailable' }),
      hasher: createPlainHasher(),
      attempts: createMemoryAttempts({ clock: machine.clock }),
      rateLimits: createMemoryRateLimits({ clock: machine.clock }),
      wordFilter: noWordFilter,
    })
  }
  return { machine, health, log, service: createService() }
}

/** So few that groups of a run cross both limits, and soon are told to connectors. */
const largeGroupMembers = 1
const groupLimits = { largeGroupMembers, largeGroupSettleMs: 1_000 }

const loggerOf = (name: string, common: object, onLog: (line: string) => void): Logger => {
  const write = (level: string) => (fields: object, phrase: string) => {
    const { err, ...rest } = { ...common, ...fields } as { readonly err?: unknown }
    onLog(`${name} ${level}: ${phrase} ${JSON.stringify(rest)}${err === undefined ? '' : ` ${String(err)}`}`)
  }
  return {
    ...{ error: write('error'), warn: write('warn'), info: write('info'), debug: write('debug') },
    child: (fields) => loggerOf(name, { ...common, ...fields }, onLog),
  }
}

const connectorConfig = (name: string) => ({
  connectorId: name,
  publicUrl: `http://${name}`,
  capacity: 100,
  drainSpreadMs: 0,
  editWindowMs: 0,
  largeGroupMembers,
  limits: 'off' as const,
  tokenKeys: [new Uint8Array(32).fill(7)] as const,
})
