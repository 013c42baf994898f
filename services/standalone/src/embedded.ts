import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createMemoryAttempts } from '@chat/attempts/memory'
import { createMemoryRateLimits } from '@chat/attempts/memory-rate-limits'
import { externalLoginOf } from '@chat/connector/config'
import { openExternalTokens } from '@chat/connector/external-tokens'
import { loadOrCreateTokenKeys } from '@chat/connector/token-keys'
import { openWordFilter } from '@chat/connector/word-filter'
import { createArgon2Hasher } from '@chat/credentials/argon2'
import { applyAuthMigrations, openPostgresCredentials, openPostgresImportLedger } from '@chat/credentials/postgres'
import { openPostgresLog } from '@chat/event-log/postgres'
import { lockDataFolder, startLocalPostgres } from '@chat/local-postgres'
import { createMemoryPresence } from '@chat/presence/memory'
import { applyMigrations, openPostgresProjection, openPostgresReadModels } from '@chat/read-models/postgres'
import type { Clock, Logger, Random } from '@chat/runtime'
import { allTopics, createEncoder, createTopics, localSchemaIds } from '@chat/schemas'
import pg from 'pg'
import type { StandaloneConfig } from './config.ts'

interface Surroundings {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly onFatal: (error: unknown) => void
  /** What is being done, for the person who waits. */
  readonly say: (line: string) => void
  /** Ends the opening: it rejects, and has released what it had opened. */
  readonly signal: AbortSignal
}

/** Of the projection; log, read models and credentials have their own connections. Together they stay below the server's 50. */
const projectionPoolMax = 8

/**
 * The embedded adapters on a PostgreSQL of its own in `dataDir`: log, read models and credentials there, presence in memory. `close`
 * releases them in reverse. Throws Fault `data_folder_in_use` when another run has the folder.
 */
export const openEmbedded = async (config: StandaloneConfig, surroundings: Surroundings) => {
  const { clock, random, logger, onFatal, say, signal } = surroundings
  const { dataDir, databasePoolMax: poolMax } = config
  await using opened = new AsyncDisposableStack()
  const login = externalLoginOf(config)
  const externalTokens = login && (await openExternalTokens({ ...login, clock }))
  const wordFilter = await openWordFilter(config, { clock, logger })
  opened.defer(wordFilter.close)
  await mkdir(dataDir, { recursive: true })
  say(`starting the database in ${dataDir}`)
  const postgres = await startLocalPostgres({
    ...{ dataDir: join(dataDir, 'postgres'), clock, random, logger, onFatal, signal },
  })
  opened.defer(() => postgres.stop())
  const { url } = postgres
  const lock = await lockDataFolder(url, { dataDir, clock, onLost: onFatal })
  opened.defer(() => lock.release())
  signal.throwIfAborted()
  const { isEmptied } = await migrate(url)
  if (isEmptied) say('the views were made by an older version: they are filled again from the log')
  say('opening the log')
  const topics = createTopics({ prefix: config.logPrefix, partitions: config.partitions, slots: config.slots })
  const log = await openPostgresLog({ url, topics, clock, logger, onFatal })
  opened.defer(() => log.close())
  signal.throwIfAborted()
  await log.ensureTopics(allTopics(topics), { replicas: 1 })
  const readModels = openPostgresReadModels({ url, clock, logger, poolMax })
  opened.defer(() => readModels.close())
  const projection = openPostgresProjection({ url, logger, poolMax: projectionPoolMax })
  opened.defer(() => projection.close())
  const credentials = openPostgresCredentials({ url, random, logger, poolMax })
  opened.defer(() => credentials.close())
  const importLedger = openPostgresImportLedger({ url, logger, poolMax: 1 })
  opened.defer(() => importLedger.close())
  const tokenKeys = await loadOrCreateTokenKeys(config.tokenKeyFile ?? join(dataDir, 'token-keys'), random)
  signal.throwIfAborted()
  const kept = opened.move()
  return {
    ...{ log, topics, readModels, projection, credentials, importLedger, tokenKeys, externalTokens, wordFilter },
    encoder: createEncoder(localSchemaIds),
    presence: createMemoryPresence({ clock, random, slots: config.slots }),
    attempts: createMemoryAttempts({ clock }),
    rateLimits: createMemoryRateLimits({ clock }),
    hasher: createArgon2Hasher({ concurrency: config.hashesAtOnce, queueMax: config.hashQueueMax }),
    close: () => kept.disposeAsync(),
  }
}

const migrate = async (url: string): Promise<{ readonly isEmptied: boolean }> => {
  const pool = new pg.Pool({ connectionString: url, max: 1 })
  try {
    await applyAuthMigrations(pool)
    return await applyMigrations(pool)
  } finally {
    await pool.end()
  }
}
