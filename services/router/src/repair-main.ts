import { openKafkaLog } from '@chat/event-log/kafka'
import { createFatal, createLogger, exitCodeOf } from '@chat/runtime'
import { systemClock as clock, systemRandom as random } from '@chat/runtime/system'
import { createEncoder, createTopics } from '@chat/schemas'
import { createRegistry } from '@chat/schemas/registry'
import { readRepairConfig } from './config.ts'
import { parseRepairArgs } from './repair/arguments.ts'
import { type Finding, repairPartition } from './repair/repair.ts'
import { isWell, sentenceOf } from './repair/report.ts'

const say = (line: string) => void process.stdout.write(`${line}\n`)

/** `npm run repair`: whether the commands of each partition can be gone on with, and where not, from where they are. */
const run = async (): Promise<number> => {
  const request = parseRepairArgs(process.argv.slice(2))
  const config = readRepairConfig(process.env)
  const logger = createLogger({ service: 'repair', level: config.logLevel })
  const { promise: fatal, raise: onFatal } = createFatal()
  await using stack = new AsyncDisposableStack()
  const kafka = { brokers: config.kafkaBrokers, clientId: 'repair', onFatal, onWaiting: say }
  const log = stack.use(await openKafkaLog({ ...kafka, clock, random, logger }))
  const encoder = createEncoder(await createRegistry({ url: config.registryUrl }).readIds())
  const topics = createTopics({ ...config, prefix: config.logPrefix })
  const ports = { log, topics, encoder, clock, logger }
  const { signal } = new AbortController()
  say(`looking at ${config.partitions} partitions of the log on Kafka at ${config.kafkaBrokers.join(', ')}`)
  const findings: Finding[] = []
  for (let partition = 0; partition < config.partitions; partition++) {
    const finding = await Promise.race([repairPartition(partition, ports, request, signal), fatal])
    findings.push(finding)
    if (finding.outcome !== 'whole') say(sentenceOf(partition, finding))
  }
  const well = findings.filter(isWell)
  say(`${well.length} of ${findings.length} partitions can be gone on with`)
  return well.length === findings.length ? 0 : 1
}

process.exit(await exitCodeOf(run()))
