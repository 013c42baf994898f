import { openKafkaLog } from '@chat/event-log/kafka'
import { openPostgresRebuild } from '@chat/read-models/postgres'
import { createFatal, createLogger, exitCodeOf } from '@chat/runtime'
import { systemClock as clock, systemRandom as random } from '@chat/runtime/system'
import { createTopics } from '@chat/schemas'
import { readRebuildConfig } from './config.ts'
import { rebuild } from './rebuild.ts'

/** `npm run rebuild`: the read models anew from the log on Kafka, beside the running system. */
const run = async (): Promise<number> => {
  const config = readRebuildConfig(process.env)
  const logger = createLogger({ service: 'rebuild', level: config.logLevel })
  const say = (line: string) => void process.stdout.write(`${line}\n`)
  const { promise: fatal, raise: onFatal } = createFatal()
  await using stack = new AsyncDisposableStack()
  say(
    `rebuilding from Kafka at ${config.kafkaBrokers.join(', ')} (the log of npm start can be read by its own process only)`,
  )
  const kafka = { brokers: config.kafkaBrokers, clientId: 'rebuild', onFatal, onWaiting: say }
  const log = stack.use(await openKafkaLog({ ...kafka, clock, random, logger }))
  const next = openPostgresRebuild({ url: config.databaseUrl, logger, poolMax: config.databasePoolMax })
  stack.defer(() => next.close())
  const topics = createTopics({ ...config, prefix: config.logPrefix })
  const options = { partitionsAtOnce: config.rebuildPartitionsAtOnce, onDifferences: config.rebuildDifferences }
  const report = await Promise.race([rebuild({ log, topics, next, clock, logger, say }, options), fatal])
  const rate = Math.round((report.events * 1000) / Math.max(report.loadMs, 1))
  say(`done: ${report.events} events at ${rate}/s, ${report.differences.length} differences accepted`)
  return 0
}

process.exit(await exitCodeOf(run()))
