import { parentPort, workerData } from 'node:worker_threads'
import { openKafkaLog } from '@chat/event-log/kafka'
import { openPostgresLoader } from '@chat/read-models/postgres'
import { assert, createLogger, isFault } from '@chat/runtime'
import { systemClock as clock, systemRandom as random } from '@chat/runtime/system'
import { createTopics } from '@chat/schemas'
import { createLoader, type PartitionJob } from './load.ts'
import type { LoadAnswer, LoadThreadSettings } from './load-threads.ts'

/** A thread of `npm run rebuild`: one partition after the other, as it is told. */
const { kafkaBrokers, databaseUrl, logLevel, world }: LoadThreadSettings = workerData
const port = parentPort
assert(port !== null, 'this file runs in a thread')
const logger = createLogger({ service: 'rebuild', level: logLevel })
const onFatal = (error: unknown) => {
  throw error // Ends the thread; whoever started it hears of it.
}
const kafka = { brokers: kafkaBrokers, clientId: 'rebuild-load', onFatal, onWaiting: () => {} }
const log = await openKafkaLog({ ...kafka, clock, random, logger })
const into = openPostgresLoader({ url: databaseUrl, logger, poolMax: 1 })
const load = createLoader({ log, topics: createTopics(world), logger, into })
const answer = (message: LoadAnswer) => port.postMessage(message)
const never = new AbortController().signal

port.on('message', async (job: PartitionJob) => {
  try {
    answer({ loaded: await load(job, (passed) => answer({ passed }), never) })
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const { code, isRetryable } = isFault(error) ? error : { code: 'rebuild_failed', isRetryable: false }
    logger.error({ err: error, partition: job.partition }, 'partition could not be loaded')
    answer({ failed: { code, message, isRetryable } })
  }
})
