import { openRedisAttempts } from '@chat/attempts/redis'
import { createArgon2Hasher } from '@chat/credentials/argon2'
import { openPostgresCredentials } from '@chat/credentials/postgres'
import { openKafkaLog } from '@chat/event-log/kafka'
import { openRedisPresence } from '@chat/presence/redis'
import { openPostgresReadModels } from '@chat/read-models/postgres'
import {
  createFatal,
  createHealth,
  createLogger,
  createMetrics,
  exitCodeOf,
  retry,
  runUntilSignal,
} from '@chat/runtime'
import { systemClock as clock, systemRandom as random } from '@chat/runtime/system'
import { createEncoder, createTopics } from '@chat/schemas'
import { createRegistry } from '@chat/schemas/registry'
import { loadOrCreateTokenKeys } from './accounts/token-keys.ts'
import { readConfig } from './config.ts'
import { createConnector } from './connector.ts'
import { listenEarly } from './early-sockets.ts'
import { createHttpSockets } from './http/server.ts'

const run = async (): Promise<number> => {
  const config = readConfig(process.env)
  const logger = createLogger({ service: 'connector', level: config.logLevel })
  const { promise: fatal, raise: onFatal } = createFatal()
  const health = createHealth()
  const metrics = createMetrics({ withProcess: 'process' })
  const waitFor = (component: string) => (reason: string) => {
    health.set(component, reason)
    logger.warn({ reason }, 'waiting')
  }
  health.set('connector', 'starting')
  const tokenKeys = await loadOrCreateTokenKeys(config.tokenKeyFile, random)
  const sockets = await listenEarly(createHttpSockets({ ...config, logger, clock }), { health, metrics })

  const database = { url: config.databaseUrl, poolMax: config.databasePoolMax, clock, random, logger }
  const readModels = openPostgresReadModels(database)
  const credentials = openPostgresCredentials(database)
  const hasher = createArgon2Hasher({ concurrency: config.hashesAtOnce, queueMax: config.hashQueueMax })
  const redis = { url: config.redisUrl, prefix: config.redisPrefix, slots: config.slots }
  const presence = await openRedisPresence({ ...redis, random, logger })
  const attempts = await openRedisAttempts({ ...redis, random, logger })
  const ids = await retry(() => createRegistry({ url: config.registryUrl }).readIds(), {
    ...{ clock, random, backoff: { firstMs: 200, maxMs: 3000 }, isRetryable: () => true },
    onRetry: (error) => waitFor('registry')(error instanceof Error ? error.message : String(error)),
  })
  health.clear('registry')
  const kafka = { brokers: config.kafkaBrokers, clientId: 'connector', onFatal, onWaiting: waitFor('log') }
  const log = await openKafkaLog({ ...kafka, clock, random, logger })
  health.clear('log')

  const topics = createTopics({ ...config, prefix: config.logPrefix })
  const ports = {
    sockets,
    log,
    topics,
    encoder: createEncoder(ids),
    presence,
    readModels,
    credentials,
    hasher,
    attempts,
  }
  const connector = createConnector(
    { ...config, tokenKeys },
    { ...ports, clock, random, logger, health, metrics, onFatal },
  )
  const exitCode = await runUntilSignal(connector, { stopTimeoutMs: config.stopTimeoutMs, logger, fatal })
  await Promise.all([log.close(), presence.close(), attempts.close(), readModels.close(), credentials.close()])
  return exitCode
}

process.exit(await exitCodeOf(run()))
