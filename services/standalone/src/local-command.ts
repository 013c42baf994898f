import { hostname, userInfo } from 'node:os'
import type { Credentials, ImportLedger } from '@chat/credentials'
import { openPostgresCredentials, openPostgresImportLedger } from '@chat/credentials/postgres'
import { openKafkaLog } from '@chat/event-log/kafka'
import { createProjector } from '@chat/projector'
import type { ReadModels } from '@chat/read-models'
import { openPostgresReadModels } from '@chat/read-models/postgres'
import { createRouter } from '@chat/router'
import { type Clock, createHealth, createMetrics, Fault, type Random, silentLogger, untilThere } from '@chat/runtime'
import { createEncoder, createTopics } from '@chat/schemas'
import { createRegistry } from '@chat/schemas/registry'
import type { LogPorts } from './commands-on-log.ts'
import type { LocalKafkaConfig, StandaloneConfig } from './config.ts'
import { openEmbedded } from './embedded.ts'
import { createStandalone } from './standalone.ts'

/** What a command on this machine works with. */
export interface LocalPorts extends LogPorts {
  readonly readModels: ReadModels
  readonly credentials: Credentials
  readonly importLedger: ImportLedger
}

interface Surroundings {
  readonly clock: Clock
  readonly random: Random
  readonly onFatal: (error: unknown) => void
  /** For the person who waits. */
  readonly say: (line: string) => void
}

/** Whoever works on this machine, for the log. */
export const whoIsHere = (): string => `${userInfo().username}@${hostname()}`

/** Connections to the database, at most, for each of read models, credentials and the ledger. */
const poolMax = 4

/** Registry and brokers are waited for so long, ms: a person wants to hear that they are not there. */
const thereWaitMaxMs = 60_000

/** Where the log is on Kafka: on the log, the database and the registry, once they are there. */
export const workOnKafka = async <T>(
  config: LocalKafkaConfig,
  { clock, random, onFatal, say }: Surroundings,
  work: (ports: LocalPorts) => Promise<T>,
): Promise<T> => {
  const logger = silentLogger // A person reads this terminal; faults are told at the end.
  await using stack = new AsyncDisposableStack()
  const store = { url: config.databaseUrl, clock, random, logger, poolMax }
  const readModels = stack.adopt(openPostgresReadModels(store), (opened) => opened.close())
  const credentials = stack.adopt(openPostgresCredentials(store), (opened) => opened.close())
  const importLedger = stack.adopt(openPostgresImportLedger(store), (opened) => opened.close())
  let waiting = ''
  const onWaiting = (reason: string) => {
    if (reason !== waiting) say(reason)
    waiting = reason
  }
  const cancel = clock.after(thereWaitMaxMs, () =>
    onFatal(
      new Fault('not_there', `not there within ${thereWaitMaxMs / 1000} s. CHAT_KAFKA_BROKERS is set: ${waiting}`),
    ),
  )
  const ids = await untilThere(createRegistry({ url: config.registryUrl }).readIds, { clock, random, onWaiting })
  const kafka = { brokers: config.kafkaBrokers, clientId: 'operator', onFatal, onWaiting }
  const log = stack.use(await openKafkaLog({ ...kafka, clock, random, logger }))
  cancel()
  const topics = createTopics({ ...config, prefix: config.logPrefix })
  const encoder = createEncoder(ids)
  return await work({ readModels, credentials, importLedger, log, topics, encoder, clock, random }) // Before what it needs is closed.
}

/** Where nobody has the data folder: the system is started without its connector, and stopped again. */
export const workEmbedded = async <T>(
  config: StandaloneConfig,
  { clock, random, onFatal }: Surroundings,
  work: (ports: LocalPorts) => Promise<T>,
): Promise<T> => {
  const logger = silentLogger
  const [health, metrics] = [createHealth(), createMetrics({ withProcess: 'bare' })]
  let opened: Awaited<ReturnType<typeof openEmbedded>> | undefined
  const open = async (signal: AbortSignal) => {
    opened = await openEmbedded(config, { clock, random, logger, onFatal, say: () => {}, signal })
    const ports = { ...opened, clock, random, logger, health, metrics, onFatal }
    const connector = { start: async () => {}, stop: async () => {} }
    const { close } = opened
    return { router: createRouter(config, ports), projector: createProjector(config, ports), connector, close }
  }
  const standalone = createStandalone(open, { clock, health, drainTimeoutMs: config.stopTimeoutMs })
  try {
    await standalone.start()
    if (opened === undefined) throw new Error('what was started is open')
    return await work({ ...opened, clock, random })
  } finally {
    await standalone.stop()
  }
}
