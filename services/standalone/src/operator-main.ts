import { hostname, userInfo } from 'node:os'
import { openKafkaLog } from '@chat/event-log/kafka'
import { createProjector } from '@chat/projector'
import { openPostgresReadModels } from '@chat/read-models/postgres'
import { createRouter } from '@chat/router'
import { createFatal, createHealth, createLogger, createMetrics, exitCodeOf, untilThere } from '@chat/runtime'
import { systemClock as clock, systemRandom as random } from '@chat/runtime/system'
import { createEncoder, createTopics } from '@chat/schemas'
import { createRegistry } from '@chat/schemas/registry'
import { readConfig, readOperatorConfig } from './config.ts'
import { openEmbedded } from './embedded.ts'
import { parseOperatorArgs, type Request } from './operator/arguments.ts'
import { changeOnLog } from './operator/command-on-log.ts'
import { askAtDoor, type Said } from './operator/local-door.ts'
import { answerOperatorRequest } from './operator/operators.ts'
import { createStandalone } from './standalone.ts'

/** `npm run operator`: who may do what operators do is decided on this machine, and nowhere else. */
const say = (line: string) => void process.stdout.write(`${line}\n`)
const by = `${userInfo().username}@${hostname()}`
const logger = createLogger({ service: 'operator', level: 'silent' }) // A person reads this terminal; faults are told at the end.
const { promise: fatal, raise: onFatal } = createFatal()

const onKafka = async (request: Request): Promise<Said> => {
  const config = readOperatorConfig(process.env)
  await using stack = new AsyncDisposableStack()
  const store = { url: config.databaseUrl, clock, logger, poolMax: 1 }
  const readModels = stack.adopt(openPostgresReadModels(store), (opened) => opened.close())
  const change = async (wanted: Parameters<typeof changeOnLog>[0]) => {
    const ids = await untilThere(createRegistry({ url: config.registryUrl }).readIds, { clock, random, onWaiting: say })
    const kafka = { brokers: config.kafkaBrokers, clientId: 'operator', onFatal, onWaiting: say }
    const log = stack.use(await openKafkaLog({ ...kafka, clock, random, logger }))
    const topics = createTopics({ ...config, prefix: config.logPrefix })
    return changeOnLog(wanted, { log, topics, encoder: createEncoder(ids), clock, random })
  }
  return await answerOperatorRequest(request, by, { readModels, change }) // Before what it needs is closed.
}

/** The running system does it; one that does not run is started without its connector, and stopped again. */
const embedded = async (request: Request): Promise<Said> => {
  const config = readConfig(process.env)
  const asked = await askAtDoor(config.dataDir, process.argv.slice(2), by)
  if (asked !== undefined) return asked
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
    const { readModels } = opened
    const ports = { ...opened, clock, random }
    return await answerOperatorRequest(request, by, { readModels, change: (wanted) => changeOnLog(wanted, ports) })
  } finally {
    await standalone.stop()
  }
}

const run = async (): Promise<number> => {
  const request = parseOperatorArgs(process.argv.slice(2))
  const isOnKafka = (process.env.CHAT_KAFKA_BROKERS ?? '') !== ''
  const { isDone, lines } = await Promise.race([isOnKafka ? onKafka(request) : embedded(request), fatal])
  for (const line of lines) say(line)
  return isDone ? 0 : 1
}

process.exit(await exitCodeOf(run()))
