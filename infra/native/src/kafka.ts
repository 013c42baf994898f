import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { exchange } from './exchange.ts'
import type { Server } from './server.ts'

export interface BrokerPorts {
  readonly broker: number
  readonly controller: number
  /** A second listener, and the port that it advertises in place of its own; undefined: there is none. */
  readonly proxied?: number | undefined
  readonly proxy?: number | undefined
}

const formatTimeoutMs = 60_000

/** Broker `index` (from 0) of a KRaft cluster in which every process is broker and controller. */
export const kafkaServer = (options: {
  readonly index: number
  readonly cluster: readonly BrokerPorts[]
  /** 22 characters of URL-safe base64; the same for all brokers and for ever. */
  readonly clusterId: string
  readonly dir: string
  readonly jarsDir: string
  readonly log4jPath: string
  readonly env: Readonly<Record<string, string>>
}): Server => {
  const { index, cluster, env } = options
  const name = `kafka-${index + 1}`
  const dir = join(options.dir, name)
  const dataDir = join(dir, 'data')
  const configPath = join(dir, 'server.properties')
  const ports = portsOf(cluster, index)
  const java = (heap: string, ...args: readonly string[]) => [
    `-Xms${heap}`,
    `-Xmx${heap}`,
    '-XX:+UseG1GC',
    `-Dlog4j2.configurationFile=${options.log4jPath}`,
    '-cp',
    join(options.jarsDir, '*'),
    ...args,
  ]

  return {
    name,
    address: `127.0.0.1:${ports.broker}`,
    ports: [ports.broker, ports.controller, ...(ports.proxied === undefined ? [] : [ports.proxied])],
    startTimeoutMs: 60_000,
    // Brokers that stop together lose their quorum and would wait for it; what they wrote is with the kernel by then.
    stopTimeoutMs: 8_000,
    prepare: async () => {
      mkdirSync(dataDir, { recursive: true })
      writeFileSync(configPath, brokerConfig(cluster, index, dataDir))
      if (!existsSync(join(dataDir, 'meta.properties'))) {
        const format = ['kafka.tools.StorageTool', 'format', '-t', options.clusterId, '-c', configPath]
        await promisify(execFile)('java', java('128m', '-XX:TieredStopAtLevel=1', ...format), {
          env,
          timeout: formatTimeoutMs,
        })
      }
      return {
        command: 'java',
        args: java(cluster.length === 1 ? '512m' : '384m', 'kafka.Kafka', configPath),
        cwd: dir,
        env,
      }
    },
    isServing: async () => (await registeredBrokers(ports.broker)) === cluster.length,
    endLeftovers: async () => {},
  }
}

const brokerConfig = (cluster: readonly BrokerPorts[], index: number, dataDir: string): string => {
  const { broker, controller, proxied, proxy } = portsOf(cluster, index)
  const isProxied = proxied !== undefined && proxy !== undefined
  const voters = cluster.map((node, at) => `${at + 1}@127.0.0.1:${node.controller}`)
  const settings: Record<string, string | number> = {
    'process.roles': 'broker,controller',
    'node.id': index + 1,
    'controller.quorum.voters': voters.join(','),
    listeners: `PLAINTEXT://127.0.0.1:${broker},CONTROLLER://127.0.0.1:${controller}${
      isProxied ? `,PROXIED://127.0.0.1:${proxied}` : ''
    }`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${broker}${isProxied ? `,PROXIED://127.0.0.1:${proxy}` : ''}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,PROXIED:PLAINTEXT',
    ...(isProxied ? { 'inter.broker.listener.name': 'PLAINTEXT' } : {}),
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': dataDir,
    'log.message.timestamp.type': 'LogAppendTime',
    'auto.create.topics.enable': 'false',
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1_000,
    // 50, the default, cost seconds at the first use of a group.
    'offsets.topic.num.partitions': 4,
    'offsets.topic.replication.factor': cluster.length,
    'num.network.threads': 2,
    'num.io.threads': 4,
    // A killed broker that comes back is let in only when its last session is over: 9 s by default.
    'broker.session.timeout.ms': 3_000,
    'broker.heartbeat.interval.ms': 500,
    ...(cluster.length === 1 ? {} : replicatedSettings(cluster.length)),
  }
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('')
}

/** A killed leader is replaced in about 4.5 s with these. */
const replicatedSettings = (brokers: number) => ({
  'default.replication.factor': brokers,
  'min.insync.replicas': 2,
  'unclean.leader.election.enable': 'false',
  'replica.lag.time.max.ms': 3_000,
  'controller.quorum.election.timeout.ms': 500,
  'controller.quorum.fetch.timeout.ms': 1_000,
})

/**
 * How many live brokers the one at `port` knows; undefined while it does not serve. Kafka protocol, Metadata v1:
 * request  = size:int32 apiKey:int16=3 version:int16=1 correlationId:int32 clientId:int16=-1 topics:int32=0 (none)
 * response = size:int32 correlationId:int32 brokers:int32 …
 */
const registeredBrokers = async (port: number): Promise<number | undefined> => {
  const request = Buffer.from('0000000e' + '0003' + '0001' + '00000001' + 'ffff' + '00000000', 'hex')
  const answer = await exchange({ port, request, isComplete: (bytes) => bytes.length >= 12, timeoutMs: 2_000 })
  return answer?.readInt32BE(8)
}

const portsOf = (cluster: readonly BrokerPorts[], index: number): BrokerPorts => {
  const ports = cluster[index]
  if (ports === undefined) throw new Error(`no broker ${index} in a cluster of ${cluster.length}`)
  return ports
}
