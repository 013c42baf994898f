import { openRedisAttempts } from '@chat/attempts/redis'
import { openRedisRateLimits } from '@chat/attempts/redis-rate-limits'
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
  refuseArguments,
  runUntilSignal,
  tellWaiting,
  untilThere,
} from '@chat/runtime'
import { systemClock as clock, systemRandom as random } from '@chat/runtime/system'
import { createEncoder, createTopics } from '@chat/schemas'
import { createRegistry } from '@chat/schemas/registry'
import { openExternalTokens } from './accounts/external-tokens.ts'
import { loadOrCreateTokenKeys } from './accounts/token-keys.ts'
import { externalLoginOf, readConfig } from './config.ts'
import { createConnector } from './connector.ts'
import { withDialects } from './dialects/index.ts'
import { listenEarly } from './early-sockets.ts'
import { createHttpSockets } from './http/server.ts'
import { openWordFilter } from './word-filter/index.ts'

const run = async (): Promise<number> => {
  refuseArguments(process.argv.slice(2), 'connector')
  const config = readConfig(process.env)
  const logger = createLogger({ service: 'connector', level: config.logLevel })
  const { promise: fatal, raise: onFatal } = createFatal()
  const [health, metrics] = [createHealth(), createMetrics({ withProcess: 'process' })]
  const waitFor = tellWaiting({ health, logger })
  health.set('connector', 'starting')
  const wordFilter = await openWordFilter(config, { clock, logger })
  const tokenKeys = await loadOrCreateTokenKeys(config.tokenKeyFile, random)
  const login = externalLoginOf(config)
  const externalTokens = login && (await openExternalTokens({ ...login, clock }))
  const listeners = await withDialects(createHttpSockets({ ...config, logger, clock }), config, {
    clock,
    random,
    logger,
  })
  const sockets = await listenEarly(listeners, { health, metrics })

  const database = { url: config.databaseUrl, poolMax: config.databasePoolMax, clock, random, logger }
  const [readModels, credentials] = [openPostgresReadModels(database), openPostgresCredentials(database)]
  const hasher = createArgon2Hasher({ concurrency: config.hashesAtOnce, queueMax: config.hashQueueMax })
  const redis = { url: config.redisUrl, prefix: config.redisPrefix, slots: config.slots }
  const presence = await openRedisPresence({ ...redis, clock, random, logger })
  const attempts = await openRedisAttempts({ ...redis, clock, random, logger })
  const rateLimits = await openRedisRateLimits({ ...redis, clock, random, logger })
  const { readIds } = createRegistry({ url: config.registryUrl })
  const ids = await untilThere(readIds, { clock, random, onWaiting: waitFor('registry') })
  health.clear('registry')
  const kafka = { brokers: config.kafkaBrokers, clientId: 'connector', onFatal, onWaiting: waitFor('log') }
  const log = await openKafkaLog({ ...kafka, clock, random, logger })
  health.clear('log')

  const topics = createTopics({ ...config, prefix: config.logPrefix })
  const adapters = {
    ...{ sockets, log, topics, encoder: createEncoder(ids), presence, readModels, credentials, hasher, attempts },
    ...{ rateLimits, externalTokens, wordFilter },
  }
  const ports = { ...adapters, clock, random, logger, health, metrics, onFatal }
  const connector = createConnector({ ...config, tokenKeys }, ports)
  const exitCode = await runUntilSignal(connector, { stopTimeoutMs: config.stopTimeoutMs, logger, fatal })
  wordFilter.close()
  const opened = [log, presence, attempts, rateLimits, readModels, credentials]
  await Promise.all(opened.map((adapter) => adapter.close()))
  return exitCode
}

process.exit(await exitCodeOf(run()))
