import { join } from 'node:path'
import { systemClock as clock } from '@chat/runtime/system'
import { ConfigResourceTypes, Kafka, logLevel } from 'kafkajs'
import { afterAll, expect, test } from 'vitest'
import { definedOf } from './environment.ts'
import { createTestStack } from './test-stack.ts'

const dataDir = join(import.meta.dirname, '..', '..', '..', '.chat')
const { stack, remove } = await createTestStack({
  dataDir,
  brokers: 3,
  env: definedOf(process.env),
  clock,
  say: () => {},
})

afterAll(() => remove({ areLogsKept: false }), 60_000)

const topic = 'chat.events.v1'

test('three brokers come up, and every event is on three of them and acknowledged by two', async () => {
  const addresses = await stack.up()
  const names = (await stack.status()).filter(({ isServing }) => isServing).map(({ name }) => name)
  expect(names).toEqual(expect.arrayContaining(['kafka-1', 'kafka-2', 'kafka-3']))
  const brokers = addresses.CHAT_KAFKA_BROKERS?.split(',') ?? []
  expect(brokers).toHaveLength(3)
  const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
    const partitions = topics[0]?.partitions ?? []
    expect(partitions).toHaveLength(24)
    for (const { replicas } of partitions) expect(new Set(replicas).size).toBe(3)
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name: topic }],
    })
    const entries = resources[0]?.configEntries ?? []
    const settings = Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue]))
    expect(settings).toMatchObject({ 'min.insync.replicas': '2', 'unclean.leader.election.enable': 'false' })
  } finally {
    await admin.disconnect()
  }
}, 180_000)
