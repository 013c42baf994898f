import { openKafkaLog } from '@chat/event-log/kafka'
import { openPostgresKept, openPostgresProjection } from '@chat/read-models/postgres'
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
import { createProjector } from './projector.ts'

/** Nobody waits for what a rebuild replaced: its partitions take turns. */
const keptPoolMax = 2

const run = async (): Promise<number> => {
  refuseArguments(process.argv.slice(2), 'projector')
  const config = readConfig(process.env)
  const logger = createLogger({ service: 'projector', level: config.logLevel })
  const { promise: fatal, raise: onFatal } = createFatal()
  const [health, metrics] = [createHealth(), createMetrics({ withProcess: 'process' })]
  const waitFor = tellWaiting({ health, logger })
  await using stack = new AsyncDisposableStack()
  health.set('projector', 'starting')
  if (config.healthPort !== undefined) {
    const server = createHealthServer({ host: config.healthHost, port: config.healthPort, health, metrics })
    await server.start()
    stack.defer(() => server.stop())
  }
  const registry = createRegistry({ url: config.registryUrl })
  const ids = await untilThere(registry.readIds, { clock, random, onWaiting: waitFor('registry') })
  health.clear('registry')
  const kafka = { brokers: config.kafkaBrokers, clientId: 'projector', onFatal, onWaiting: waitFor('log') }
  const log = stack.use(await openKafkaLog({ ...kafka, clock, random, logger }))
  health.clear('log')
  const projection = openPostgresProjection({ url: config.databaseUrl, logger, poolMax: config.databasePoolMax })
  stack.defer(() => projection.close())
  const kept = openPostgresKept({ url: config.databaseUrl, logger, poolMax: keptPoolMax })
  stack.defer(() => kept.close())
  const topics = createTopics({ ...config, prefix: config.logPrefix })
  const encoder = createEncoder(ids)
  const ports = { log, topics, encoder, projection, kept, clock, random, logger, health, metrics, onFatal }
  return await runUntilSignal(createProjector(config, ports), { stopTimeoutMs: config.stopTimeoutMs, logger, fatal })
}

process.exit(await exitCodeOf(run()))
