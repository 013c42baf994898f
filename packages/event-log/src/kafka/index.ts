import { type Backoff, type Clock, isFault, type Logger, type Random, retry } from '@chat/runtime'
import type { EventLog, Share } from '../index.ts'
import { ensureTopics } from './admin.ts'
import { createAppender } from './appender.ts'
import { createCluster } from './cluster.ts'
import { createOffsets } from './offsets.ts'
import { closedFault, createReader } from './reader.ts'
import { joinShare } from './share.ts'
import { silenceMsMax } from './watchdog.ts'

export interface KafkaLogOptions {
  /** `host:port` of some brokers; the others are learned from them. */
  readonly brokers: readonly string[]
  /** Names this process in the broker's logs and metrics. */
  readonly clientId: string
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** Reading stopped and cannot be had back in this process: it must exit. */
  readonly onFatal: (error: unknown) => void
  /** Called while no broker answers at the start, with a sentence that names them: a reason not to be ready. */
  readonly onWaiting?: (reason: string) => void
}

const startBackoff: Backoff = { firstMs: 100, maxMs: 3000 }

/**
 * The event log on Kafka, through the network and protocol layers of kafkajs. Resolves when the cluster answered once; until
 * then waits, logging each failed attempt. From then on outages are waited out by readers, bounded by 5 s for appends, 6 s for
 * one that left at the last moment.
 */
export const openKafkaLog = async (options: KafkaLogOptions): Promise<EventLog & AsyncDisposable> => {
  const { clock, random, logger, brokers } = options
  const cluster = createCluster(options)
  await retry(() => cluster.refresh([]), {
    clock,
    random,
    backoff: startBackoff,
    isRetryable: (error) => isFault(error) && error.isRetryable,
    onRetry: (error, attempt) => {
      logger.warn({ err: error, brokers, attempt }, 'kafka does not answer, waiting')
      options.onWaiting?.(`no Kafka broker answers: ${brokers.join(', ')}`)
    },
  })
  const offsets = createOffsets({ cluster, clock, random })
  const appender = createAppender({ cluster, clock, random, logger })
  const reader = createReader({ cluster, offsets, clock, random, logger, onFatal: options.onFatal, silenceMsMax })
  const shares = new Set<Share>()
  let closing: Promise<void> | undefined

  const whileOpen = <T>(run: () => Promise<T>): Promise<T> =>
    closing === undefined ? run() : Promise.reject(closedFault())

  const close = async () => {
    await appender.drained()
    await Promise.all([...shares].map((share) => share.leave()))
    reader.close()
    cluster.close()
  }

  return {
    append: (batch) => whileOpen(() => appender.append(batch)),
    read: (topic, partition, from, to, signal) => reader.records(topic, partition, from, to, signal),
    tail: (topic, partition, from, signal) => reader.records(topic, partition, from, undefined, signal),
    ends: (topic) => whileOpen(() => offsets.of(topic, 'end')),
    beginnings: (topic) => whileOpen(() => offsets.of(topic, 'beginning')),
    share: (share) =>
      whileOpen(async () => {
        await cluster.refresh([share.topic.name]).catch(() => {}) // Brokers that are away are waited for by joining.
        cluster.checkPartitions(share.topic)
        const joined = await joinShare({ ...share, cluster, clock, random, logger })
        shares.add(joined)
        return joined
      }),
    ensureTopics: (topics, ensure) =>
      whileOpen(() =>
        ensureTopics(topics, ensure, { brokers, clientId: options.clientId, cluster, offsets, clock, random }),
      ),
    close: () => {
      closing ??= close()
      return closing
    },
    [Symbol.asyncDispose]: () => {
      closing ??= close()
      return closing
    },
  }
}
