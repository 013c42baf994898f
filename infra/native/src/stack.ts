import { closeSync, existsSync, openSync, readSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Clock, sleep } from '@chat/runtime'
import { registryServer, registryUrl } from './apicurio.ts'
import { download, isDownloaded, kafkaJarsDir, registryAppDir } from './downloads.ts'
import { initWorld } from './init-world.ts'
import { kafkaServer } from './kafka.ts'
import { type BrokerCount, type Layout, newLayout, portOf, readLayout, withFreePorts, writeLayout } from './layout.ts'
import { withLock } from './lock.ts'
import { createDatabase, databaseUrl, postgresServer } from './postgres.ts'
import { createProcesses, type Processes } from './processes.ts'
import { redisServer } from './redis.ts'
import { ensureRequirements, java, maven, redis } from './requirements.ts'
import type { Server } from './server.ts'

export interface ServerStatus {
  readonly name: string
  readonly address: string
  /** Absent: it does not run. */
  readonly pid?: number
  readonly isServing: boolean
}

/** Where the servers are, as the environment that every process of ours reads. */
export type Addresses = Readonly<Record<string, string>>

/**
 * Kafka, Redis, PostgreSQL and the schema registry as plain processes on 127.0.0.1. They outlive the process that started them;
 * whoever makes a stack of the same folder later finds them.
 */
export interface Stack {
  /**
   * Starts what does not run, replaces what runs without serving, and makes topics, schemas and tables. Safe to repeat, also
   * after any of it was killed. Throws with the reason and the end of the log when a server does not come up; what is up stays.
   */
  up(): Promise<Addresses>
  /** Stops everything within 30 s and keeps the data; `isWipe` removes it. */
  down(options?: { readonly isWipe: boolean }): Promise<void>
  /** Empty before the first `up`. */
  status(): Promise<readonly ServerStatus[]>
  /** Sends a signal to one server, as `kafka-2`; false: it does not run. */
  signal(name: string, signal: NodeJS.Signals): boolean
  /** Starts one server that was killed and waits until it serves. */
  startServer(name: string): Promise<void>
  logPath(name: string): string
}

export interface StackOptions {
  /** Folder of its data, logs and process records. */
  readonly dir: string
  /** Folder of downloaded programs, shared by all stacks of a clone. */
  readonly cacheDir: string
  /** undefined: as the stack was made, 1 at first. */
  readonly brokers: BrokerCount | undefined
  /** Fixed ports for development, any free ones for tests. */
  readonly ports: 'preferred' | 'free'
  /** File that gets the addresses, one `NAME=value` a line. */
  readonly envPath: string
  readonly env: Readonly<Record<string, string>>
  readonly clock: Clock
  readonly say: (line: string) => void
}

const infraDir = join(import.meta.dirname, '..')

export const createStack = (options: StackOptions): Stack => {
  const { dir, clock, say } = options
  const processes = createProcesses(dir, clock)
  const layoutPath = join(dir, 'layout.json')
  const locked = <T>(run: () => Promise<T>) =>
    withLock(join(dir, 'lock'), (pid) => `another command (pid ${pid}) is changing this stack`, run)
  const knownServers = () => {
    const layout = readLayout(layoutPath)
    return layout === undefined ? [] : serversOf(layout, options)
  }

  const start = async (server: Server) => {
    const startedMs = clock.monotonic()
    if (processes.running(server.name) !== undefined) {
      if (await becomesServing(server, clock, graceMs)) return
      say(`${server.name} runs but does not serve: it is started again`)
      await processes.stop(server.name, server.stopTimeoutMs)
      await server.endLeftovers()
    }
    processes.start(server.name, await server.prepare())
    await waitUntilServing(server, processes, clock)
    say(`${server.name} at ${server.address} (${((clock.monotonic() - startedMs) / 1000).toFixed(1)} s)`)
  }

  const up = async () => {
    ensureRequirements(isDownloaded(options.cacheDir) ? [java, redis] : [java, redis, maven], say)
    await download({ ...options, pomPath: join(infraDir, 'kafka', 'pom.xml') })
    const layout = await settleLayout(layoutPath, processes, options)
    const servers = serversOf(layout, options)
    const registry = servers.filter(({ name }) => name === 'registry')
    await allSettledOrThrow(servers.filter((server) => !registry.includes(server)).map(start))
    await createDatabase(urlOf(dir, 'registry'))
    await allSettledOrThrow(registry.map(start))
    const addresses = addressesOf(layout, dir)
    // It has the database's password in it.
    writeFileSync(options.envPath, envFile(addresses), { mode: 0o600 })
    await initWorld({ ...options.env, ...addresses }, say)
    return addresses
  }

  return {
    up: () => locked(up),
    down: ({ isWipe } = { isWipe: false }) =>
      locked(async () => {
        await stopAll(knownServers(), processes)
        // Commands that find it would wait for these servers; without it they work on the embedded system.
        rmSync(options.envPath, { force: true })
        if (!isWipe) return
        rmSync(dir, { recursive: true, force: true })
      }),
    status: () => Promise.all(knownServers().map((server) => statusOf(server, processes))),
    signal: processes.signal,
    startServer: async (name) => {
      const server = knownServers().find((candidate) => candidate.name === name)
      if (server === undefined) throw new Error(`this stack has no server ${name}`)
      await start(server)
    },
    logPath: processes.logPath,
  }
}

const serversOf = (layout: Layout, { dir, cacheDir, env, clock }: StackOptions): readonly Server[] => {
  const cluster = Array.from({ length: layout.brokers }, (_, index) => ({
    broker: portOf(layout, `kafka-${index + 1}`),
    controller: portOf(layout, `kafka-${index + 1}-controller`),
    proxied: layout.ports[`kafka-${index + 1}-proxied`],
    proxy: layout.ports[`kafka-${index + 1}-proxy`],
  }))
  return [
    ...cluster.map((_, index) =>
      kafkaServer({
        index,
        cluster,
        clusterId: layout.clusterId,
        dir,
        jarsDir: kafkaJarsDir(cacheDir),
        log4jPath: join(infraDir, 'kafka', 'log4j2.properties'),
        env,
      }),
    ),
    redisServer({ dir, port: portOf(layout, 'redis'), env }),
    postgresServer({ dir, port: portOf(layout, 'postgres'), env, clock }),
    registryServer({
      port: portOf(layout, 'registry'),
      appDir: registryAppDir(cacheDir),
      databaseUrl: () => urlOf(dir, 'registry'),
      env,
    }),
  ]
}

/** The layout to start with: kept or new, with other ports where another program sits on ours. */
const settleLayout = async (path: string, processes: Processes, options: StackOptions): Promise<Layout> => {
  const kept = readLayout(path)
  if (kept !== undefined && options.brokers !== undefined && options.brokers !== kept.brokers) {
    const was = kept.brokers === 1 ? '1 broker' : `${kept.brokers} brokers`
    throw new Error(
      `this stack was made with ${was}: \`npm run stack -- down --wipe\` first, or go on without --brokers`,
    )
  }
  const layout = kept ?? (await newLayout(options.brokers ?? 1, options.ports))
  const idle = serversOf(layout, options).filter(({ name }) => processes.running(name) === undefined)
  for (const server of idle) await server.endLeftovers()
  const idlePorts = new Set(idle.flatMap(({ ports }) => ports))
  const names = Object.keys(layout.ports).filter((name) => idlePorts.has(portOf(layout, name)))
  const settled = await withFreePorts(layout, names, options.say)
  const isClusterMoved = names.some(
    (name) => name.startsWith('kafka') && portOf(layout, name) !== portOf(settled, name),
  )
  if (isClusterMoved) {
    // Every broker has all addresses in its configuration.
    const brokers = serversOf(layout, options).filter(({ name }) => name.startsWith('kafka'))
    await allSettledOrThrow(brokers.map(({ name, stopTimeoutMs }) => processes.stop(name, stopTimeoutMs)))
  }
  writeLayout(path, settled)
  return settled
}

const addressesOf = (layout: Layout, dir: string): Addresses => ({
  CHAT_KAFKA_BROKERS: Array.from(
    { length: layout.brokers },
    (_, index) => `127.0.0.1:${portOf(layout, `kafka-${index + 1}`)}`,
  ).join(','),
  CHAT_REPLICAS: String(layout.brokers),
  CHAT_REDIS_URL: `redis://127.0.0.1:${portOf(layout, 'redis')}`,
  CHAT_DATABASE_URL: urlOf(dir, 'chat'),
  CHAT_REGISTRY_URL: registryUrl(portOf(layout, 'registry')),
  CHAT_TOKEN_KEY_FILE: join(dir, 'token-keys'),
  ...(layout.ports['kafka-1-proxied'] === undefined ? {} : { CHAT_TEST_KAFKA_PROXIES: proxiesOf(layout) }),
})

/** For each broker `proxy=proxied`, ports of 127.0.0.1: what a test's proxy listens on and leads to. */
const proxiesOf = (layout: Layout): string =>
  Array.from(
    { length: layout.brokers },
    (_, index) => `${portOf(layout, `kafka-${index + 1}-proxy`)}=${portOf(layout, `kafka-${index + 1}-proxied`)}`,
  ).join(',')

const urlOf = (dir: string, database: string): string => {
  const url = databaseUrl(dir, database)
  if (url === undefined) throw new Error('postgres has not been started yet')
  return url
}

const envFile = (addresses: Addresses): string =>
  Object.entries(addresses)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')

const statusOf = async (server: Server, processes: Processes): Promise<ServerStatus> => {
  const identity = processes.running(server.name)
  const { name, address } = server
  if (identity === undefined) return { name, address, isServing: false }
  return { name, address, pid: identity.pid, isServing: await server.isServing() }
}

/** PostgreSQL last: the registry keeps its schemas there. */
const stopAll = async (servers: readonly Server[], processes: Processes): Promise<void> => {
  const stop = async (server: Server) => {
    await processes.stop(server.name, server.stopTimeoutMs)
    await server.endLeftovers()
  }
  await allSettledOrThrow(servers.filter(({ name }) => name !== 'postgres').map(stop))
  await allSettledOrThrow(servers.filter(({ name }) => name === 'postgres').map(stop))
  const others = processes.names().filter((name) => !servers.some((server) => server.name === name))
  await allSettledOrThrow(others.map((name) => processes.stop(name, leftoverStopTimeoutMs)))
}

/** For processes that a test started beside the servers, ms. */
const leftoverStopTimeoutMs = 2_000

const pollMs = 100

/** For one that was just started by somebody else, or whose database was just replaced, ms. */
const graceMs = 5_000

const becomesServing = async (server: Server, clock: Clock, withinMs: number): Promise<boolean> => {
  const deadline = clock.monotonic() + withinMs
  while (!(await server.isServing())) {
    if (clock.monotonic() > deadline) return false
    await sleep(clock, pollMs)
  }
  return true
}

const waitUntilServing = async (server: Server, processes: Processes, clock: Clock): Promise<void> => {
  const deadline = clock.monotonic() + server.startTimeoutMs
  while (!(await server.isServing())) {
    const why =
      processes.running(server.name) === undefined
        ? 'ended at once'
        : clock.monotonic() > deadline && `does not serve after ${server.startTimeoutMs / 1000} s`
    if (why) throw new Error(`${server.name} ${why}; the end of its log:\n${tailOf(processes.logPath(server.name))}`)
    await sleep(clock, pollMs)
  }
}

const tailBytes = 2_000

const tailOf = (path: string): string => {
  if (!existsSync(path)) return '(no log)'
  const length = Math.min(tailBytes, statSync(path).size)
  const bytes = Buffer.alloc(length)
  const file = openSync(path, 'r')
  try {
    readSync(file, bytes, 0, length, statSync(path).size - length)
  } finally {
    closeSync(file)
  }
  return bytes.toString('utf8')
}

/** Waits for all even when one fails, so that nothing goes on in the background; then throws every reason. */
const allSettledOrThrow = async (runs: readonly Promise<void>[]): Promise<void> => {
  const outcomes = await Promise.allSettled(runs)
  const reasons = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))
  if (reasons.length === 1) throw reasons[0]
  if (reasons.length > 1) throw new Error(reasons.map((reason) => String(reason)).join('\n'))
}
