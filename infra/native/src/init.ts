import { applyAuthMigrations } from '@chat/credentials/postgres'
import { openKafkaLog } from '@chat/event-log/kafka'
import { applyMigrations } from '@chat/read-models/postgres'
import { createLogger, exitCodeOf, Fault, parseOptions, silentLogger } from '@chat/runtime'
import { systemClock as clock, systemRandom as random } from '@chat/runtime/system'
import { allTopics, createTopics } from '@chat/schemas'
import { createRegistry } from '@chat/schemas/registry'
import pg from 'pg'
import { readConfig } from './config.ts'
import { initialise } from './initialise.ts'

const usage = `usage: npm run init
Makes topics, schemas and tables of the world that the environment names: docs/operations.md.`
const topicsStep = 'topics in kafka'

/** One-shot: topics, schemas and tables are there when it exits with 0. Safe to repeat, also beside running processes. */
const run = async (): Promise<number> => {
  parseOptions(process.argv.slice(2), {}, usage)
  const config = readConfig(process.env)
  const logger = createLogger({ service: 'init', level: config.logLevel })
  const topics = allTopics(
    createTopics({ prefix: config.logPrefix, partitions: config.partitions, slots: config.slots }),
  )
  const pool = new pg.Pool({ connectionString: config.databaseUrl, max: 2, connectionTimeoutMillis: 5_000 })
  pool.on('error', (error) => logger.debug({ err: error }, 'idle database connection lost'))
  const registry = createRegistry({ url: config.registryUrl })
  const reachDatabase = async () => {
    await pool.query('SELECT 1').catch((error: unknown) => {
      throw new Fault('database_unavailable', 'the database cannot be reached', { cause: error })
    })
  }
  const migrate = async () => {
    await reachDatabase()
    await applyAuthMigrations(pool)
    const { isEmptied } = await applyMigrations(pool)
    if (isEmptied) logger.warn({ schema: 'read' }, 'read models of an older build emptied, projectors fill them again')
  }
  const makeTopics = async () => {
    let isWaiting = false
    const onWaiting = (reason: string) => {
      if (!isWaiting) logger.info({ step: topicsStep, reason }, 'waiting')
      isWaiting = true
    }
    await using log = await openKafkaLog({
      brokers: config.kafkaBrokers,
      clientId: 'init',
      clock,
      random,
      logger: silentLogger,
      onFatal: () => {},
      onWaiting,
    })
    await log.ensureTopics(topics, config)
  }
  const steps = [
    { name: topicsStep, run: makeTopics },
    { name: 'schemas in the registry', run: async () => void (await registry.register()) },
    { name: 'tables in the database', run: migrate },
  ]
  await initialise(steps, { clock, random, logger, waitMs: config.waitS * 1_000 })
  await pool.end()
  return 0
}

process.exit(await exitCodeOf(run())) // A step may still wait for its server.
