import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, type Random, retry } from '@chat/runtime'
import { Kafka, logLevel } from 'kafkajs'

/** Brokers of one test, to be killed and frozen: the shared stack's must not be. */
export interface TestBrokers {
  readonly addresses: readonly string[]
  /** Node id of a broker: index + 1. SIGKILL; resolves when it is gone. */
  kill(nodeId: number): Promise<void>
  /** Starts a killed one again, on its data. Resolves when the cluster counts it. */
  start(nodeId: number): Promise<void>
  freeze(nodeId: number): void
  thaw(nodeId: number): void
  /** Ends all and removes their data. */
  stop(): Promise<void>
}

export interface TestBrokersOptions {
  readonly count: 1 | 3
  /** Kafka's jars: `CHAT_KAFKA_JARS`, a folder that the native stack fills. */
  readonly jarsDir: string | undefined
  readonly clock: Clock
  readonly random: Random
  readonly settings?: Readonly<Record<string, string | number>>
  /** Given a broker's address, the one that it names to clients: a proxy's. */
  readonly front?: (address: string) => Promise<string>
}

const startWithinMs = 60_000

/** Resolves when all serve. */
export const startBrokers = async (options: TestBrokersOptions): Promise<TestBrokers> => {
  const { jarsDir, clock, random } = options
  if (jarsDir === undefined)
    throw new Error('this test starts brokers: CHAT_KAFKA_JARS, the folder of their jars, is not set')
  const dir = mkdtempSync(join(tmpdir(), 'chat-brokers-'))
  const clusterId = Buffer.from(random.bytes(16)).toString('base64url').replace(/^-/, 'A')
  const ports = await freePorts(2 * options.count)
  const nodes = Array.from({ length: options.count }, (_, index) => ({
    id: index + 1,
    broker: ports[2 * index] ?? 0,
    controller: ports[2 * index + 1] ?? 0,
  }))
  const addresses = nodes.map(({ broker }) => `127.0.0.1:${broker}`)
  const java = (...args: readonly string[]) => ['-Xmx384m', '-XX:+UseSerialGC', '-cp', join(jarsDir, '*'), ...args]
  const configPath = (id: number) => join(dir, `${id}.properties`)
  const running = new Map<number, ChildProcess>()

  for (const node of nodes) {
    const settings = { ...brokerSettings(nodes, node, dir), ...options.settings }
    const front = await options.front?.(`127.0.0.1:${node.broker}`)
    if (front !== undefined) settings['advertised.listeners'] = `PLAINTEXT://${front}`
    const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`)
    writeFileSync(configPath(node.id), lines.join(''))
    const format = java('kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', configPath(node.id))
    const { status, stderr } = spawnSync('java', format, { encoding: 'utf8' })
    if (status !== 0) throw new Error(`formatting broker ${node.id} failed: ${stderr}`)
  }

  const run = (id: number) => {
    running.set(id, spawn('java', java('kafka.Kafka', configPath(id)), { stdio: 'ignore' }))
  }
  const end = (id: number) => {
    const child = running.get(id)
    running.delete(id)
    if (child === undefined || child.exitCode !== null) return Promise.resolve()
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    child.kill('SIGKILL')
    return gone
  }
  const serving = () => {
    const giveUpAt = clock.monotonic() + startWithinMs
    return retry(
      async () => {
        const count = await countBrokers(addresses)
        if (count !== running.size) throw new Error(`${count} of ${running.size} brokers serve`)
      },
      {
        clock,
        random,
        backoff: { firstMs: 200, maxMs: 200 },
        isRetryable: () => clock.monotonic() < giveUpAt,
        onRetry: () => {},
      },
    )
  }

  for (const { id } of nodes) run(id)
  try {
    await serving()
  } catch (error) {
    await Promise.all(nodes.map(({ id }) => end(id)))
    throw error
  }
  return {
    addresses,
    kill: end,
    start: async (id) => {
      run(id)
      await serving()
    },
    freeze: (id) => void running.get(id)?.kill('SIGSTOP'),
    thaw: (id) => void running.get(id)?.kill('SIGCONT'),
    stop: async () => {
      await Promise.all(nodes.map(({ id }) => end(id)))
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

interface Node {
  readonly id: number
  readonly broker: number
  readonly controller: number
}

const brokerSettings = (nodes: readonly Node[], node: Node, dir: string): Record<string, string | number> => ({
  'process.roles': 'broker,controller',
  'node.id': node.id,
  'controller.quorum.voters': nodes.map(({ id, controller }) => `${id}@127.0.0.1:${controller}`).join(','),
  listeners: `PLAINTEXT://127.0.0.1:${node.broker},CONTROLLER://127.0.0.1:${node.controller}`,
  'advertised.listeners': `PLAINTEXT://127.0.0.1:${node.broker}`,
  'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
  'controller.listener.names': 'CONTROLLER',
  'log.dirs': join(dir, String(node.id)),
  'auto.create.topics.enable': 'false',
  'group.initial.rebalance.delay.ms': 0,
  'group.min.session.timeout.ms': 1000,
  'offsets.topic.num.partitions': 1,
  'offsets.topic.replication.factor': nodes.length,
  'default.replication.factor': nodes.length,
  'min.insync.replicas': nodes.length === 1 ? 1 : 2,
  'num.network.threads': 2,
  'num.io.threads': 2,
  'broker.session.timeout.ms': 3000,
  'broker.heartbeat.interval.ms': 500,
  'replica.lag.time.max.ms': 3000,
  'controller.quorum.election.timeout.ms': 500,
  'controller.quorum.fetch.timeout.ms': 1000,
})

const countBrokers = async (brokers: readonly string[]): Promise<number> => {
  const retry = { initialRetryTime: 50, maxRetryTime: 100, multiplier: 1, factor: 0, retries: 1 }
  const kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING, connectionTimeout: 1000, retry })
  const admin = kafka.admin()
  try {
    await admin.connect()
    return (await admin.describeCluster()).brokers.length
  } finally {
    await admin.disconnect()
  }
}

/** All are taken at once, so that none is given twice. */
const freePorts = async (count: number): Promise<readonly number[]> => {
  const servers = Array.from({ length: count }, () => createServer())
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) => {
          server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
        }),
    ),
  )
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
