import { silentLogger } from '@chat/runtime'
import { systemClock, systemRandom } from '@chat/runtime/system'
import { createTestWorld } from '@chat/testkit'
import { describeEventLog } from '@chat/testkit/contracts/event-log'
import { Kafka, logLevel } from 'kafkajs'
import type { Batch } from '../index.ts'
import { openKafkaLog } from './index.ts'

/** Kafka takes no record without a key in a compacted topic. Receipts always have one; the suite's records have none. */
const keyed = (batch: Batch): Batch =>
  batch.topic.kind === 'receipts'
    ? { ...batch, records: batch.records.map((record) => ({ ...record, key: record.key ?? 'a key' })) }
    : batch

describeEventLog(
  'kafka',
  async () => {
    const world = await createTestWorld({ slots: 2 })
    const brokers = world.stack.kafkaBrokers
    const log = await openKafkaLog({
      brokers,
      clientId: 'contract',
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
      onFatal: (error) => {
        throw error
      },
    })
    return {
      log: { ...log, append: (batch) => log.append(keyed(batch)) },
      topics: world.topics,
      clock: systemClock,
      close: async () => {
        await log.close()
        await world.close()
      },
      trim: async (topic, partition, beginning) => {
        const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin()
        await admin.connect()
        await admin.fetchTopicOffsets(topic.name) // kafkajs deletes only where it knows the leaders
        await admin.deleteTopicRecords({ topic: topic.name, partitions: [{ partition, offset: String(beginning) }] })
        await admin.disconnect()
      },
    }
  },
  { beginningsMove: true, endsMove: false, isInProcess: false },
)
