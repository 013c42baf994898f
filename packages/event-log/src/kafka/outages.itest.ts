import { silentLogger } from '@chat/runtime'
import { systemClock, systemRandom } from '@chat/runtime/system'
import { createTopics, type Topic } from '@chat/schemas'
import { waitUntil } from '@chat/testkit'
import { type ITopicConfig, Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { EventLog, StoredRecord } from '../index.ts'
import { createCluster } from './cluster.ts'
import { openKafkaLog } from './index.ts'
import { readRecordBatches } from './record-batch.ts'
import { fetchCall } from './requests.ts'
import { startBrokers, type TestBrokers } from './test-brokers.ts'
import { startProxy, type TestProxy } from './test-proxy.ts'

const appendMsMax = 7000

const textOf = ({ value }: StoredRecord) => String(value)

describe('one broker', () => {
  let brokers: TestBrokers
  let proxy: TestProxy
  let log: EventLog
  const fatal: unknown[] = []
  const warnings: Error[] = []
  const topics = createTopics({ prefix: 'outages.', partitions: 2, slots: 1 })

  const open = (onWaiting: (reason: string) => void = () => {}) =>
    openKafkaLog({
      brokers: [proxy.address],
      clientId: 'outages',
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
      onFatal: (error) => fatal.push(error),
      onWaiting,
    })
  const kafka = () =>
    new Kafka({
      brokers: [proxy.address],
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 20 },
    })
  const append = (topic: Topic, text: string, target = log) =>
    target.append({ topic, partition: 0, records: [{ key: text, value: Buffer.from(text), headers: {} }] })
  const timed = async (run: Promise<unknown>) => {
    const startedAt = performance.now()
    const result = await run.then(
      () => 'resolved',
      (error) => error.code,
    )
    return { result, ms: performance.now() - startedAt }
  }
  const follow = (topic: Topic) => {
    const controller = new AbortController()
    const seen: StoredRecord[] = []
    const ended = (async () => {
      for await (const records of log.tail(topic, 0, 0, controller.signal)) seen.push(...records)
    })()
    const stop = async () => {
      controller.abort()
      await ended
      expect(seen.map(({ offset }) => offset)).toEqual(seen.map((_, index) => index))
    }
    return { seen, stop, ended }
  }
  const reaches = (seen: readonly StoredRecord[], text: string) =>
    waitUntil(() => seen.some((record) => textOf(record) === text), {
      deadlineMs: 20_000,
      what: () => `the tail reaches ${text}, it has ${seen.length} records`,
    })
  const createTopic = async (config: ITopicConfig) => {
    const admin = kafka().admin()
    await admin.connect()
    await admin.createTopics({ topics: [config], waitForLeaders: true })
    await admin.disconnect()
  }

  beforeAll(async () => {
    process.on('warning', (warning) => warnings.push(warning))
    brokers = await startBrokers({
      count: 1,
      jarsDir: process.env.CHAT_KAFKA_JARS,
      clock: systemClock,
      random: systemRandom,
      front: async (address) => {
        proxy = await startProxy(address)
        return proxy.address
      },
      settings: { 'log.cleaner.backoff.ms': 200, 'log.segment.delete.delay.ms': 100 },
    })
    log = await open()
    await log.ensureTopics([topics.events, topics.commands], { replicas: 1 })
  }, 120_000)
  afterAll(async () => {
    await log?.close()
    await brokers?.stop()
    await proxy?.stop()
  }, 60_000)

  test('connections that went dead without closing are replaced: one append fails, the next and the tail go on', async () => {
    const { seen, stop } = follow(topics.events)
    await append(topics.events, 'before')
    await reaches(seen, 'before')
    proxy.freezeOpen()
    const first = await timed(append(topics.events, 'into the void'))
    expect(first.result).toBe('log_unavailable')
    expect(first.ms).toBeLessThan(appendMsMax)
    expect(await timed(append(topics.events, 'after'))).toMatchObject({ result: 'resolved' })
    await reaches(seen, 'after')
    await stop()
  })

  test('a killed broker that comes back: appends fail in bounded time and work again, the tail has every record once', async () => {
    const { seen, stop } = follow(topics.commands)
    await append(topics.commands, 'before the kill')
    await reaches(seen, 'before the kill')
    await brokers.kill(1)
    const during = await timed(append(topics.commands, 'nobody there'))
    expect(during.result).toBe('log_unavailable')
    expect(during.ms).toBeLessThan(appendMsMax)
    await brokers.start(1)
    await waitUntil(() => append(topics.commands, 'back').then(() => true), {
      deadlineMs: 20_000,
      what: 'an append works',
    })
    await reaches(seen, 'back')
    await stop()
  }, 90_000)

  test('a membership outlives its coordinator: verification fails meanwhile and then names the partitions again', async () => {
    const sets: number[] = []
    const share = await log.share({
      topic: topics.commands,
      group: 'outages',
      onAssigned: ({ size }) => sets.push(size),
      onFatal: (error) => fatal.push(error),
    })
    expect(sets).toEqual([2])
    await brokers.kill(1)
    await expect(share.verify()).rejects.toMatchObject({ code: 'log_unavailable' })
    await brokers.start(1)
    const held = await waitUntil(() => share.verify(), { deadlineMs: 20_000, what: 'the coordinator answers' })
    await waitUntil(() => held.size === 2 || sets.at(-1) === 2, { deadlineMs: 20_000, what: 'all partitions are ours' })
    await share.leave()
  }, 90_000)

  test('opening waits for a broker that is away, says so, and goes on when it comes', async () => {
    await brokers.kill(1)
    const reasons: string[] = []
    const opening = open((reason) => reasons.push(reason))
    await waitUntil(() => reasons.length > 1, { deadlineMs: 20_000, what: 'it says that it waits' })
    expect(reasons[0]).toContain(proxy.address)
    await brokers.start(1)
    const second = await opening
    await waitUntil(() => append(topics.commands, 'second log', second).then(() => true), {
      deadlineMs: 20_000,
      what: 'an append works',
    })
    await second.close()
  }, 90_000)

  test('batches that compaction emptied are passed over, and the tail stays alive', async () => {
    const name = 'outages.compacted'
    await createTopic({
      topic: name,
      numPartitions: 1,
      configEntries: Object.entries({
        'cleanup.policy': 'compact',
        'message.timestamp.type': 'LogAppendTime',
        'segment.ms': 300,
        'min.cleanable.dirty.ratio': 0.0001,
        'delete.retention.ms': 0,
      }).map(([key, value]) => ({ name: key, value: String(value) })),
    })
    // Another writer, an idempotent one: of its last batch the broker keeps the shell when no record is left.
    const producer = kafka().producer({ idempotent: true, maxInFlightRequests: 1 })
    await producer.connect()
    const write = (key: string, value: string) => producer.send({ topic: name, messages: [{ key, value }] })
    for (let n = 0; n < 5; n++) await write('once', `early ${n}`)
    await producer.disconnect()
    const topic: Topic = { name, kind: 'receipts', partitions: 1 }
    await waitUntil(
      async () => {
        await append(topic, 'once')
        return (await batchesOf(topic)).some(({ records }) => records.length === 0)
      },
      { deadlineMs: 40_000, everyMs: 400, what: 'compaction leaves an empty batch' },
    )
    const controller = new AbortController()
    const offsets: number[] = []
    const ended = (async () => {
      for await (const records of log.tail(topic, 0, 0, controller.signal)) {
        for (const record of records) offsets.push(record.offset)
      }
    })()
    const { baseOffset } = await append(topic, 'the last one')
    await waitUntil(() => offsets.includes(baseOffset), {
      deadlineMs: 10_000,
      what: 'the tail gets past the empty batch',
    })
    controller.abort()
    await ended
    expect(offsets).toEqual([...new Set(offsets)].toSorted((a, b) => a - b))
    expect(offsets[0]).toBeGreaterThan(0)
  }, 90_000)

  const batchesOf = async (topic: Topic) => {
    const cluster = createCluster({
      brokers: [proxy.address],
      clientId: 'raw',
      clock: systemClock,
      random: systemRandom,
    })
    try {
      await cluster.refresh([topic.name])
      const link = await cluster.open(cluster.leaderOf(topic.name, 0) ?? -1, 'raw')
      const from = (await log.beginnings(topic)).get(0) ?? 0
      const limits = { maxWaitMs: 0, bytesMax: 1_000_000, partitionBytesMax: 1_000_000 }
      const [answer] = await link.send(fetchCall(topic.name, [{ partition: 0, epoch: -1, offset: from }], limits), 3000)
      return readRecordBatches(answer?.records ?? Buffer.alloc(0))
    } finally {
      cluster.close()
    }
  }

  test('a topic that was deleted and made again, shorter, ends its tails with log_cut', async () => {
    const topic: Topic = { name: 'outages.cut', kind: 'events', partitions: 1 }
    await log.ensureTopics([topic], { replicas: 1 })
    const { seen, ended } = follow(topic)
    ended.catch(() => {})
    for (const text of ['one', 'two', 'three']) await append(topic, text)
    await reaches(seen, 'three')
    const admin = kafka().admin()
    await admin.connect()
    await admin.deleteTopics({ topics: [topic.name] })
    await waitUntil(async () => !(await admin.listTopics()).includes(topic.name), {
      deadlineMs: 20_000,
      what: 'the topic is gone',
    })
    await admin.disconnect()
    await log.ensureTopics([topic], { replicas: 1 })
    await append(topic, 'another history')
    await expect(ended).rejects.toMatchObject({ code: 'log_cut', isRetryable: false })
  }, 60_000)

  test('no connection armed a timer with a negative delay, and no tail died', () => {
    expect(warnings.filter(({ name }) => name === 'TimeoutNegativeWarning')).toEqual([])
    expect(fatal).toEqual([])
  })
})
