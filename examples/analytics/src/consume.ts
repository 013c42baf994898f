import { SchemaRegistry } from '@kafkajs/confluent-schema-registry'
import { type EachBatchPayload, Kafka, logLevel } from 'kafkajs'
import { counts, typeOf } from './records.ts'
import type { Settings } from './settings.ts'
import type { Message, Tally } from './tally.ts'

/** How long the group waits for a process that was killed before the next one reads, ms. */
const sessionMs = 6_000

export interface Consuming {
  /** Resolves when the batch under way was counted. */
  stop(): Promise<void>
}

/**
 * Reads the whole log and what is added to it into the tally. The file alone says where it is: whatever Kafka's group, a rebalance or a
 * crash make of the position, what was counted is passed and what is missing is asked for again.
 */
export const consume = async (
  { brokers, registryUrl, topic, group }: Settings,
  tally: Tally,
  onFatal: (error: Error) => void,
): Promise<Consuming> => {
  const kafka = new Kafka({ clientId: 'analytics', brokers: [...brokers], logLevel: logLevel.ERROR })
  const registry = new SchemaRegistry({ host: registryUrl })
  await checkEnds(kafka, topic, tally)
  const consumer = kafka.consumer({ groupId: group, sessionTimeout: sessionMs, allowAutoTopicCreation: false })
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (!payload.restart) onFatal(payload.error)
  })

  const seek = (partition: number) => consumer.seek({ topic, partition, offset: String(tally.next(partition)) })

  /** A valid message that cannot be decoded throws: it is asked for again, and never left out. */
  const messagesOf = async (records: EachBatchPayload['batch']['messages']): Promise<readonly Message[]> => {
    const messages: Message[] = []
    for (const record of records) {
      if (!counts(record) || typeOf(record) !== 'MessagePosted' || record.value === null) continue
      const { at, actor } = await registry.decode(record.value)
      messages.push({ at, user: actor })
    }
    return messages
  }

  const take = async ({ batch, resolveOffset, heartbeat, isRunning, isStale }: EachBatchPayload): Promise<void> => {
    if (!isRunning() || isStale()) return
    const { partition } = batch
    const next = tally.next(partition)
    if (Number(batch.highWatermark) < next) return onFatal(new Error(cutSentence(topic, partition)))
    const due = batch.messages.filter(({ offset }) => Number(offset) >= next)
    const [first, last] = [due[0], due.at(-1)]
    // The group came back behind us or ahead of us: this log has no holes, so what comes next is `next`.
    if (first === undefined || last === undefined || Number(first.offset) !== next) return seek(partition)
    const to = Number(last.offset) + 1
    if (!tally.add(partition, next, to, await messagesOf(due))) return seek(partition)
    resolveOffset(last.offset)
    // For those who watch the group's lag, and for a start near the end; the file decides.
    await consumer.commitOffsets([{ topic, partition, offset: String(to) }])
    await heartbeat()
  }

  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: take })
  return { stop: () => consumer.disconnect() }
}

const cutSentence = (topic: string, partition: number): string =>
  `${topic}/${partition} ends before what was counted: the log was cut; move the file away and count anew`

const checkEnds = async (kafka: Kafka, topic: string, tally: Tally): Promise<void> => {
  const admin = kafka.admin()
  await admin.connect()
  try {
    const places = tally.places()
    for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
      const next = places.get(partition) ?? 0
      if (Number(high) < next) throw new Error(cutSentence(topic, partition))
      if (Number(low) > next) throw new Error(`${topic}/${partition} begins at ${low}: what lay before it is gone`)
    }
  } finally {
    await admin.disconnect()
  }
}
