import { openKafkaLog } from '@chat/event-log/kafka'
import { openRedisPresence } from '@chat/presence/redis'
import {
  createFatal,
  createHealth,
  createHealthServer,
  createLogger,
  createMetrics,
  exitCodeOf,
  retry,
  runUntilSignal,
} from '@chat/runtime'
import { systemClock as clock, systemRandom as random } from '@chat/runtime/system'
import { createEncoder, createTopics } from '@chat/schemas'
import { createRegistry } from '@chat/schemas/registry'
import { readConfig } from './config.ts'
import { createRouter } from './router.ts'

const run = async (): Promise<number> => {
  const config = readConfig(process.env)
  const logger = createLogger({ service: 'router', level: config.logLevel })
  const { promise: fatal, raise: onFatal } = createFatal()
  const health = createHealth()
  const metrics = createMetrics({ withProcess: 'process' })
  const waitFor = (component: string) => (reason: string) => {
    health.set(component, reason)
    logger.warn({ reason }, 'waiting')
  }
  health.set('router', 'starting')
  await using stack = new AsyncDisposableStack()
  if (config.healthPort !== undefined) {
    const server = createHealthServer({ host: config.host, port: config.healthPort, health, metrics })
    await server.start()
    stack.defer(server.stop)
  }
  const ids = await retry(() => createRegistry({ url: config.registryUrl }).readIds(), {
    ...{ clock, random, backoff: { firstMs: 200, maxMs: 3000 }, isRetryable: () => true },
    onRetry: (error) => waitFor('registry')(error instanceof Error ? error.message : String(error)),
  })
  health.clear('registry')
  const kafka = { brokers: config.kafkaBrokers, clientId: 'router', onFatal, onWaiting: waitFor('log') }
  const log = stack.use(await openKafkaLog({ ...kafka, clock, random, logger }))
  health.clear('log')
  const redis = { url: config.redisUrl, prefix: config.redisPrefix, slots: config.slots }
  const presence = await openRedisPresence({ ...redis, random, logger })
  stack.defer(presence.close)

  const topics = createTopics({ ...config, prefix: config.logPrefix })
  const ports = { log, topics, encoder: createEncoder(ids), presence, clock, random, logger, health, metrics, onFatal }
  return await runUntilSignal(createRouter(config, ports), { stopTimeoutMs: config.stopTimeoutMs, logger, fatal })
}

process.exit(await exitCodeOf(run()))
