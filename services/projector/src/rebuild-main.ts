import { openKafkaLog } from '@chat/event-log/kafka'
import { openPostgresPrevious, openPostgresRebuild } from '@chat/read-models/postgres'
import { createFatal, createLogger, exitCodeOf } from '@chat/runtime'
import { systemClock as clock, systemRandom as random } from '@chat/runtime/system'
import { createTopics } from '@chat/schemas'
import { readRebuildConfig } from './config.ts'
import { startLoadThreads } from './load-threads.ts'
import { createProgressView } from './progress.ts'
import { rebuild } from './rebuild.ts'
import { parseRebuildArgs } from './rebuild-args.ts'
import { dropPrevious, rollback } from './rollback.ts'

/** `npm run rebuild`: the read models anew from the log on Kafka, beside the running system; and the way back. */
const run = async (): Promise<number> => {
  const action = parseRebuildArgs(process.argv.slice(2))
  const config = readRebuildConfig(process.env)
  const logger = createLogger({ service: 'rebuild', level: config.logLevel })
  const view = createProgressView({
    write: (text) => void process.stdout.write(text),
    isTerminal: process.stdout.isTTY === true,
  })
  const { say } = view
  const { promise: fatal, raise: onFatal } = createFatal()
  await using stack = new AsyncDisposableStack()
  const store = { url: config.databaseUrl, logger, poolMax: config.databasePoolMax }
  const openPrevious = () => stack.adopt(openPostgresPrevious(store), (previous) => previous.close())
  if (action === 'drop-previous') {
    await dropPrevious({ previous: openPrevious(), say })
    return 0
  }
  say(`the log is read from Kafka at ${config.kafkaBrokers.join(', ')} (that of npm start by its own process only)`)
  const kafka = { brokers: config.kafkaBrokers, clientId: 'rebuild', onFatal, onWaiting: say }
  const log = stack.use(await openKafkaLog({ ...kafka, clock, random, logger }))
  const { partitions, slots, logPrefix: prefix } = config
  const world = { prefix, partitions, slots }
  const ports = { log, topics: createTopics(world), clock, logger, view, say }
  const onDifferences = config.rebuildDifferences
  if (action === 'rollback') {
    await Promise.race([rollback({ ...ports, previous: openPrevious() }, { onDifferences }), fatal])
    return 0
  }
  const next = stack.adopt(openPostgresRebuild(store), (opened) => opened.close())
  const partitionsAtOnce = config.rebuildPartitionsAtOnce
  const { load } = stack.adopt(startLoadThreads(partitionsAtOnce, { ...config, world }), (t) => t.close())
  const from = action === 'rebuild-anew' ? 'anew' : 'resume'
  const report = await Promise.race([
    rebuild({ ...ports, next, load }, { partitionsAtOnce, onDifferences, from }),
    fatal,
  ])
  const rate = (ms: number) => Math.round((report.events * 1000) / Math.max(ms, 1))
  const { loadMs, indexMs, differences } = report
  say(
    `done: ${report.events} events at ${rate(loadMs)}/s, with indexes ${rate(loadMs + indexMs)}/s, ${differences.length} differences accepted`,
  )
  return 0
}

process.exit(await exitCodeOf(run()))
