import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@chat/runtime/system'
import { type Account, createTestWorld, forEachOf, registerAccount, type TestWorld } from '@chat/testkit'
import { initWorld } from './init-world.ts'
import { freePort } from './ports.ts'
import { type ServiceName, type ServiceProcess, spawnService } from './service.ts'

/** Real processes on a world of their own. */
export interface System {
  readonly world: TestWorld
  readonly connectors: ServiceProcess[]
  readonly routers: ServiceProcess[]
  readonly projectors: ServiceProcess[]
  readonly env: Readonly<Record<string, string>>
  /** Starts one more process of a kind and waits until it is ready. */
  spawn(name: ServiceName): Promise<ServiceProcess>
  /** Starts another one in the place of one that has ended, on its port and with its settings, and waits until it is ready. */
  replace(ended: ServiceProcess): Promise<ServiceProcess>
  stop(): Promise<void>
}

const environmentOf = (world: TestWorld, folder: string): Readonly<Record<string, string>> => ({
  PATH: process.env.PATH ?? '',
  CHAT_KAFKA_BROKERS: world.stack.kafkaBrokers.join(','),
  // As many as the stack has brokers.
  CHAT_REPLICAS: String(world.stack.kafkaBrokers.length),
  CHAT_REDIS_URL: world.stack.redisUrl,
  CHAT_REGISTRY_URL: world.stack.registryUrl,
  CHAT_DATABASE_URL: world.databaseUrl,
  CHAT_LOG_PREFIX: world.prefix,
  CHAT_REDIS_PREFIX: world.redisPrefix,
  CHAT_PARTITIONS: String(world.partitions),
  CHAT_SLOTS: String(world.slots),
  CHAT_LIMITS: 'off',
  CHAT_TOKEN_KEY_FILE: join(folder, 'token-keys'),
})

/**
 * Makes a world on the stack that the environment names (`CHAT_KAFKA_BROKERS`, …) and starts processes on it. `stop` kills what is
 * left and drops the world's database; so does a start that fails.
 */
export const startSystem = async (counts: {
  readonly connectors: number
  readonly routers: number
  readonly projectors: number
  readonly partitions?: number
  readonly eventsFlush?: 'each' | 'os'
  /** When the world is there and nothing runs on it yet. */
  readonly prepare?: (world: TestWorld) => Promise<void>
  /** What `prepare` left may take its time to be read. */
  readonly readyTimeoutMs?: number
  /** A Redis of the test's own, which it may stop. */
  readonly redisUrl?: string
  /** Settings of all processes, beside those of the world. */
  readonly env?: Readonly<Record<string, string>>
  /** Those of one connector alone, for each that is started with the system. */
  readonly connectorEnvs?: readonly Readonly<Record<string, string>>[]
}): Promise<System> => {
  const world = await createTestWorld(counts.partitions === undefined ? {} : { partitions: counts.partitions })
  const folder = mkdtempSync(join(tmpdir(), 'chat-e2e-'))
  const env = {
    ...environmentOf(world, folder),
    CHAT_EVENTS_FLUSH: counts.eventsFlush ?? 'each',
    ...(counts.redisUrl === undefined ? {} : { CHAT_REDIS_URL: counts.redisUrl }),
    ...counts.env,
  }
  await initWorld(env, () => {})
  await counts.prepare?.(world)
  /** Each with the settings of its own. */
  const all = new Map<ServiceProcess, Readonly<Record<string, string>>>()
  /** Those that connectors are told to open, and what was given to others: none is free although nobody listens yet. */
  const taken = new Set((counts.connectorEnvs ?? []).flatMap((own) => Object.values(own)).map(Number))
  const start = async (name: ServiceName, own: Readonly<Record<string, string>> = {}): Promise<ServiceProcess> => {
    const port = own.CHAT_PORT ?? String(await freePort(taken))
    taken.add(Number(port))
    const service = await spawnService(name, { ...env, ...own, CHAT_PORT: port }, systemClock)
    all.set(service, own)
    await service.ready(counts.readyTimeoutMs)
    return service
  }
  const several = (name: ServiceName, count: number, own: typeof counts.connectorEnvs = []) =>
    Promise.all(Array.from({ length: count }, (_, index) => start(name, own[index])))
  const replace = (ended: ServiceProcess) =>
    start(ended.name, { ...all.get(ended), CHAT_PORT: new URL(ended.url).port })
  const stop = async () => {
    for (const service of all.keys()) service.kill('SIGKILL')
    await Promise.all([...all.keys()].map((service) => service.exited))
    await world.close()
    rmSync(folder, { recursive: true })
  }
  const starting = [
    several('connector', counts.connectors, counts.connectorEnvs),
    several('router', counts.routers),
    several('projector', counts.projectors),
  ] as const
  try {
    const [connectors, routers, projectors] = await Promise.all(starting)
    return { world, env, connectors, routers, projectors, spawn: (name) => start(name), replace, stop }
  } catch (error) {
    await Promise.allSettled(starting)
    await stop() // What did start would keep this process alive.
    throw error
  }
}

/** Registers `count` accounts through the connectors in turn, eight at a time. */
export const registerAccounts = (urls: readonly string[], count: number): Promise<readonly Account[]> => {
  const names = Array.from({ length: count }, (_, index) => `user${index}`)
  return forEachOf(names, registrationsAtOnce, (name, index) => registerAccount(urls[index % urls.length] ?? '', name))
}

/** Each costs the connector a password hash. */
const registrationsAtOnce = 8
