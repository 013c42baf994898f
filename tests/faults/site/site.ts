import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '@chat/runtime'
import { createStack, definedOf, freePort, type ServiceName, type Stack } from '@chat/stack'
import { type System, startSystem } from '@chat/stack/system'
import { createFaultProxy, type FaultProxy, waitUntil } from '@chat/testkit'
import { createSeat, type Seat } from './seat.ts'

/**
 * The whole system on a real stack, every part of it within reach: servers by name, services by seat, and a fault proxy on each link
 * from services to Redis and PostgreSQL and from devices to connectors. The second process of each kind goes to Kafka through proxies as
 * well, so that its links to the log can be broken while the others' are whole.
 */
export interface Site {
  readonly stack: Stack
  /** The stack's folder. */
  readonly stackDir: string
  /** `kafka-1`, … */
  readonly brokers: readonly string[]
  readonly system: System
  readonly seats: readonly Seat[]
  seat(name: string): Seat
  seatsOf(kind: ServiceName): readonly Seat[]
  readonly links: Links
  /** Of the connectors, through the proxies. */
  readonly clientUrls: readonly string[]
  /** Kills a server and waits until it is gone. */
  killServer(name: string): Promise<void>
  stop(): Promise<void>
}

interface Links {
  readonly redis: FaultProxy
  readonly postgres: FaultProxy
  /** To each broker, for those that go through them. */
  readonly kafka: readonly FaultProxy[]
  /** From devices to each connector. */
  readonly clients: readonly FaultProxy[]
}

export interface SiteOptions {
  readonly connectors: number
  readonly routers: number
  readonly projectors: number
  readonly clock: Clock
}

/** On the stack that the environment names: `CHAT_STACK_DIR` and its addresses. */
export const openSite = async (options: SiteOptions): Promise<Site> => {
  const { clock } = options
  const stackDir = process.env.CHAT_STACK_DIR ?? ''
  if (stackDir === '') throw new Error('this test needs the native stack: CHAT_STACK_DIR is not set')
  const stack = stackIn(stackDir, clock)
  await reviveServers(stack)
  const system = await startSystem({ connectors: 0, routers: 0, projectors: 0 })
  const links = {
    redis: await proxyTo(system.env.CHAT_REDIS_URL),
    postgres: await proxyTo(system.env.CHAT_DATABASE_URL),
    kafka: await kafkaProxies(process.env.CHAT_TEST_KAFKA_PROXIES ?? ''),
  }
  const env = {
    ...system.env,
    NODE_OPTIONS: `--expose-gc --import ${join(import.meta.dirname, 'collect-garbage.ts')}`,
    CHAT_REDIS_URL: through(system.env.CHAT_REDIS_URL, links.redis),
    CHAT_DATABASE_URL: through(system.env.CHAT_DATABASE_URL, links.postgres),
  }
  const envOf = (index: number) =>
    index === 0 ? env : { ...env, CHAT_KAFKA_BROKERS: links.kafka.map(({ address }) => address).join(',') }
  const makeSeats = (kind: ServiceName, count: number) =>
    Promise.all(
      Array.from({ length: count }, async (_, index) =>
        createSeat({ name: `${kind}-${index + 1}`, kind, port: await freePort(), env: envOf(index), clock }),
      ),
    )
  const connectors = await makeSeats('connector', options.connectors)
  const seats = [
    ...connectors,
    ...(await makeSeats('router', options.routers)),
    ...(await makeSeats('projector', options.projectors)),
  ]
  const clients = await Promise.all(connectors.map((seat) => proxyTo(seat.url)))
  const site: Site = {
    stack,
    stackDir,
    brokers: system.world.stack.kafkaBrokers.map((_, index) => `kafka-${index + 1}`),
    system,
    seats,
    seat: (name) => {
      const found = seats.find((seat) => seat.name === name)
      if (found === undefined) throw new Error(`there is no ${name}`)
      return found
    },
    seatsOf: (kind) => seats.filter((seat) => seat.kind === kind),
    links: { ...links, clients },
    clientUrls: clients.map((proxy) => `http://${proxy.address}`),
    killServer: (name) => killServer(stack, stackDir, name),
    stop: async () => {
      await Promise.allSettled(seats.map((seat) => seat.end('SIGKILL')))
      await Promise.all([links.redis, links.postgres, ...links.kafka, ...clients].map((proxy) => proxy.stop()))
      await system.stop()
    },
  }
  try {
    await Promise.all(seats.map((seat) => seat.start()))
  } catch (error) {
    // The ports on which brokers are reached are the same for the next site.
    await site.stop()
    throw error
  }
  return site
}

const stackIn = (dir: string, clock: Clock): Stack =>
  createStack({
    dir,
    cacheDir: join(dir, '..', '..', 'cache'),
    brokers: undefined,
    ports: 'free',
    envPath: join(dir, 'stack.env'),
    env: definedOf(process.env),
    clock,
    say: () => {},
  })

/** A scenario that failed may have left one dead or frozen. */
const reviveServers = async (stack: Stack): Promise<void> => {
  for (const { name, isServing } of await stack.status()) {
    if (isServing) continue
    stack.signal(name, 'SIGCONT')
    await stack.startServer(name)
  }
}

const proxyTo = async (address: string | undefined): Promise<FaultProxy> => {
  const { hostname, port } = new URL(address ?? '')
  const proxy = createFaultProxy({ target: `${hostname}:${port}` })
  await proxy.start()
  return proxy
}

/** `proxy=proxied`, … : ports of 127.0.0.1. The brokers advertise the first of each. */
const kafkaProxies = async (ports: string): Promise<readonly FaultProxy[]> => {
  if (ports === '') throw new Error('this stack has no proxied brokers: CHAT_TEST_KAFKA_PROXIES is not set')
  const proxies = ports.split(',').map((pair) => {
    const [port, target] = pair.split('=')
    return createFaultProxy({ port: Number(port), target: `127.0.0.1:${target}` })
  })
  await Promise.all(proxies.map((proxy) => proxy.start()))
  return proxies
}

const through = (address: string | undefined, proxy: FaultProxy): string => {
  const url = new URL(address ?? '')
  url.hostname = '127.0.0.1'
  url.port = String(proxy.port)
  return url.href
}

const goneWithinMs = 20_000

const killServer = async (stack: Stack, stackDir: string, name: string): Promise<void> => {
  if (name === 'postgres')
    process.kill(postmasterPid(stackDir), 'SIGKILL') // Its holder ends with it.
  else stack.signal(name, 'SIGKILL')
  // To one that is alive, SIGCONT says nothing.
  await waitUntil(() => !stack.signal(name, 'SIGCONT'), { deadlineMs: goneWithinMs, what: `${name} is gone` })
}

const postmasterPid = (stackDir: string): number =>
  Number(readFileSync(join(stackDir, 'postgres', 'data', 'cluster', 'postmaster.pid'), 'utf8').split('\n')[0])
