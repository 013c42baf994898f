import { openKafkaLog } from '@chat/event-log/kafka'
import { openRedisPresence } from '@chat/presence/redis'
import {
  createFatal,
  createHealth,
  createHealthServer,
  createLogger,
  createMetrics,
  exitCodeOf,
  refuseArguments,
  runUntilSignal,
  tellWaiting,
  untilThere,
} from '@chat/runtime'
import { systemClock as clock, systemRandom as random } from '@chat/runtime/system'
import { createEncoder, createTopics } from '@chat/schemas'
import { createRegistry } from '@chat/schemas/registry'
import { readConfig } from './config.ts'
import { createRouter } from './router.ts'

const run = async (): Promise<number> => {
  refuseArguments(process.argv.slice(2), 'router')
  const config = readConfig(process.env)
  const logger = createLogger({ service: 'router', level: config.logLevel })
  const { promise: fatal, raise: onFatal } = createFatal()
  const health = createHealth()
  const metrics = createMetrics({ withProcess: 'process' })
  const waitFor = tellWaiting({ health, logger })
  health.set('router', 'starting')
  await using stack = new AsyncDisposableStack()
  if (config.healthPort !== undefined) {
    const server = createHealthServer({ host: config.host, port: config.healthPort, health, metrics })
    await server.start()
    stack.defer(server.stop)
  }
  const registry = createRegistry({ url: config.registryUrl })
  const ids = await untilThere(registry.readIds, { clock, random, onWaiting: waitFor('registry') })
  health.clear('registry')
  const kafka = { brokers: config.kafkaBrokers, clientId: 'router', onFatal, onWaiting: waitFor('log') }
  const log = stack.use(await openKafkaLog({ ...kafka, clock, random, logger }))
  health.clear('log')
  const redis = { url: config.redisUrl, prefix: config.redisPrefix, slots: config.slots }
  const presence = await openRedisPresence({ ...redis, clock, random, logger })
  stack.defer(presence.close)

  const topics = createTopics({ ...config, prefix: config.logPrefix })
  const ports = { log, topics, encoder: createEncoder(ids), presence, clock, random, logger, health, metrics, onFatal }
  return await runUntilSignal(createRouter(config, ports), { stopTimeoutMs: config.stopTimeoutMs, logger, fatal })
}

process.exit(await exitCodeOf(run()))
