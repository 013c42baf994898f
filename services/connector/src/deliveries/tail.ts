import type { EventLog, StoredRecord } from '@chat/event-log'
import { type Clock, type Health, isFault, type Logger, type Random, retry } from '@chat/runtime'
import type { Topic } from '@chat/schemas'

const backoff = { firstMs: 50, maxMs: 2000 }

export interface DeliveryTail {
  /** Ends when aborted. Rejects only for a bug. */
  readonly done: Promise<void>
}

interface TailPorts {
  readonly log: EventLog
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly health: Health
}

/** The ends of a topic's partitions; waits for a log that cannot be reached. Rejects when aborted. */
export const waitForEnds = async (
  { log, clock, random, logger, health }: TailPorts,
  topic: Topic,
  signal: AbortSignal,
): Promise<ReadonlyMap<number, number>> => {
  const ends = await retry(() => log.ends(topic), {
    clock,
    random,
    backoff,
    isRetryable: (error) => isFault(error),
    onRetry: (error, attempt) => {
      health.set('log', 'the event log cannot be reached')
      if (attempt === 0) logger.warn({ err: error, topic: topic.name }, 'ends of a topic not known')
    },
    signal,
  })
  health.clear('log')
  return ends
}

/**
 * Tails a delivery topic from its present end. Resolves when the end is known: what is appended after that arrives. A hole (retention
 * passed us, or the topic was cut) is told by `onHole`, and the tail goes on from the new end.
 */
export const tailDeliveries = async (
  ports: TailPorts,
  topic: Topic,
  signal: AbortSignal,
  onRecord: (record: StoredRecord) => void,
  onHole: () => void,
): Promise<DeliveryTail> => {
  const { log, logger } = ports
  const end = async (): Promise<number> => (await waitForEnds(ports, topic, signal)).get(0) ?? 0

  const follow = async (from: number) => {
    let next = from
    while (!signal.aborted) {
      try {
        for await (const records of log.tail(topic, 0, next, signal))
          for (const record of records) {
            onRecord(record)
            next = record.offset + 1
          }
      } catch (error) {
        if (signal.aborted) return
        if (!isFault(error)) throw error
        logger.warn({ err: error, topic: topic.name, next }, 'hole in the deliveries')
        next = await end()
        onHole()
      }
    }
  }

  const from = await end()
  return { done: follow(from).catch((error) => (signal.aborted ? undefined : Promise.reject(error))) }
}
