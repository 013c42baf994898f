import { openKafkaLog } from '@chat/event-log/kafka'
import { createFatal, createLogger, exitCodeOf, helpIfAsked } from '@chat/runtime'
import { systemClock as clock, systemRandom as random } from '@chat/runtime/system'
import { createTopics } from '@chat/schemas'
import { readReplayConfig } from './config.ts'
import { createProgressView } from './progress.ts'
import { exitCodeOfReport, replay, sentenceOf } from './replay/replay.ts'
import { parseReplayArgs, replayUsage } from './replay/request.ts'
import { openResumed } from './replay/resume.ts'
import { createSink } from './replay/sink.ts'

/** `npm run replay`: the valid events of the log on Kafka as lines, for whoever analyses them. */
const run = async (): Promise<number> => {
  const args = process.argv.slice(2)
  helpIfAsked(args, replayUsage)
  const config = readReplayConfig(process.env)
  const request = parseReplayArgs(args, config.partitions)
  const logger = createLogger({ service: 'replay', level: 'silent' }) // stdout is for events; faults are told on stderr.
  const interrupted = new AbortController()
  const onSignal = () => interrupted.abort(new Error('interrupted'))
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal)
  const { signal } = interrupted
  const aborted = new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined)))
  const { promise: fatal, raise: onFatal } = createFatal()
  // A bar and lines on one terminal would be in each other's way.
  const hasBar = process.stderr.isTTY === true && (request.file !== undefined || process.stdout.isTTY !== true)
  const tellLine = (text: string) => void process.stderr.write(text)
  const view = createProgressView({ write: tellLine, isTerminal: hasBar })
  const withoutBar = { ...view, show: () => {} }

  await using stack = new AsyncDisposableStack()
  const resumed = request.file === undefined ? undefined : await openResumed(request.file)
  const sink = createSink(resumed?.stream ?? process.stdout, resumed === undefined ? 'leave_open' : 'close')
  stack.defer(sink.end)
  if (resumed !== undefined) view.say(`going on behind ${resumed.left.lines} events of ${request.file}`)
  const kafka = { brokers: config.kafkaBrokers, clientId: 'replay', onFatal, onWaiting: view.say }
  const log = await Promise.race([openKafkaLog({ ...kafka, clock, random, logger }), aborted])
  if (log === undefined) return 130
  stack.use(log)
  const { partitions, slots, logPrefix: prefix } = config
  const topics = createTopics({ prefix, partitions, slots })
  const ports = { log, topics, clock, sink, view: hasBar ? view : withoutBar }
  const report = await Promise.race([replay(ports, request, resumed?.left.told ?? new Map(), signal), fatal])
  view.say(sentenceOf(report))
  return exitCodeOfReport(report)
}

process.exit(await exitCodeOf(run()))
