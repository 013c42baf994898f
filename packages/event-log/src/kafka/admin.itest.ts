import { silentLogger } from '@chat/runtime'
import { systemClock, systemRandom } from '@chat/runtime/system'
import { allTopics } from '@chat/schemas'
import { createTestWorld } from '@chat/testkit'
import { ConfigResourceTypes, Kafka, logLevel } from 'kafkajs'
import { expect, test } from 'vitest'
import { topicSettings } from './admin.ts'
import { openKafkaLog } from './index.ts'

test('topics are made with the settings of their kind, by several processes at once', async () => {
  const world = await createTestWorld({ slots: 2 })
  const open = () =>
    openKafkaLog({
      brokers: world.stack.kafkaBrokers,
      clientId: 'admin',
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
      onFatal: () => {},
    })
  const logs = await Promise.all([open(), open(), open()])
  const topics = allTopics(world.topics)
  await Promise.all(logs.map((log) => log.ensureTopics(topics, { replicas: 1 })))
  await Promise.all(logs.map((log) => log.close()))

  const admin = new Kafka({ brokers: [...world.stack.kafkaBrokers], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: topics.map(({ name }) => ({ type: ConfigResourceTypes.TOPIC, name })),
  })
  await admin.disconnect()
  for (const { name, kind } of topics) {
    const entries = resources.find(({ resourceName }) => resourceName === name)?.configEntries ?? []
    const found = Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue]))
    expect(found).toMatchObject(topicSettings(kind, { replicas: 1 }))
  }
  await world.close()
})
