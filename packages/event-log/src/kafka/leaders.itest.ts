import { isFault, silentLogger } from '@chat/runtime'
import { systemClock, systemRandom } from '@chat/runtime/system'
import { createTopics, type Topic } from '@chat/schemas'
import { waitUntil } from '@chat/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { EventLog, StoredRecord } from '../index.ts'
import { createCluster } from './cluster.ts'
import { openKafkaLog } from './index.ts'
import { startBrokers, type TestBrokers } from './test-brokers.ts'

/** An append is answered, or fails, within its 5 s and what a busy machine adds. */
const appendMsMax = 7000

interface Written {
  readonly offset: number
  readonly text: string
}

interface Outcome {
  readonly acknowledged: Map<number, Written[]>
  faults: number
  slowestMs: number
}

/** Appends to each partition one batch after the other until the signal, whatever happens to the brokers. */
const writeAll = async (log: EventLog, topic: Topic, signal: AbortSignal): Promise<Outcome> => {
  const outcome: Outcome = { acknowledged: new Map(), faults: 0, slowestMs: 0 }
  const write = async (partition: number) => {
    const written: Written[] = []
    outcome.acknowledged.set(partition, written)
    for (let n = 0; !signal.aborted; n++) {
      const texts = [`${partition}.${n}.a`, `${partition}.${n}.b`]
      const records = texts.map((text) => ({ key: null, value: Buffer.from(text), headers: {} }))
      const startedAt = performance.now()
      try {
        const { baseOffset } = await log.append({ topic, partition, records })
        for (const [index, text] of texts.entries()) written.push({ offset: baseOffset + index, text })
      } catch (error) {
        if (!isFault(error, 'log_unavailable')) throw error
        outcome.faults++
      }
      outcome.slowestMs = Math.max(outcome.slowestMs, performance.now() - startedAt)
    }
  }
  await Promise.all(Array.from({ length: topic.partitions }, (_, partition) => write(partition)))
  return outcome
}

const tailAll = (log: EventLog, topic: Topic, signal: AbortSignal) => {
  const seen = Array.from({ length: topic.partitions }, (): StoredRecord[] => [])
  const tails = seen.map(async (records, partition) => {
    for await (const batch of log.tail(topic, partition, 0, signal)) records.push(...batch)
  })
  return { seen, ended: Promise.all(tails) }
}

describe('three brokers', () => {
  let brokers: TestBrokers
  let log: EventLog
  const fatal: unknown[] = []
  const topics = createTopics({ prefix: 'leaders.', partitions: 6, slots: 1 })

  beforeAll(async () => {
    brokers = await startBrokers({
      count: 3,
      jarsDir: process.env.CHAT_KAFKA_JARS,
      clock: systemClock,
      random: systemRandom,
    })
    log = await openKafkaLog({
      brokers: brokers.addresses,
      clientId: 'leaders',
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
      onFatal: (error) => fatal.push(error),
    })
    await log.ensureTopics([topics.events, topics.commands], { replicas: 3 })
  }, 120_000)
  afterAll(async () => {
    await log?.close()
    await brokers?.stop()
  }, 60_000)

  const leaderOf = async (topic: Topic, partition: number): Promise<number> => {
    const cluster = createCluster({
      brokers: brokers.addresses,
      clientId: 'look',
      clock: systemClock,
      random: systemRandom,
    })
    try {
      await cluster.refresh([topic.name])
      return cluster.leaderOf(topic.name, partition) ?? -1
    } finally {
      cluster.close()
    }
  }

  /** Runs writers and tails while `disturb` does its work, then compares what was acknowledged with what was read. */
  const survive = async (topic: Topic, disturb: (count: () => number) => Promise<void>) => {
    const stopWriting = new AbortController()
    const stopReading = new AbortController()
    const writing = writeAll(log, topic, stopWriting.signal)
    const { seen, ended } = tailAll(log, topic, stopReading.signal)
    const count = () => Math.min(...seen.map((records) => records.length))
    await disturb(count)
    stopWriting.abort()
    const outcome = await writing
    const ends = await log.ends(topic)
    await waitUntil(() => seen.every((records, partition) => records.length >= (ends.get(partition) ?? 0)), {
      deadlineMs: 30_000,
      what: () => `the tails reach the ends: ${seen.map((records) => records.length)} of ${[...ends.values()]}`,
    })
    stopReading.abort()
    await ended
    for (const [partition, records] of seen.entries()) {
      expect(records.map(({ offset }) => offset)).toEqual(records.map((_, index) => index))
      const written = outcome.acknowledged.get(partition) ?? []
      expect(written.length).toBeGreaterThan(0)
      expect(written.filter(({ offset, text }) => String(records[offset]?.value) !== text)).toEqual([])
    }
    expect(fatal).toEqual([])
    return outcome
  }

  const grow = async (count: () => number, by: number) => {
    const target = count() + by
    await waitUntil(() => count() >= target, { deadlineMs: 40_000, what: () => `${count()} of ${target} records read` })
  }

  test('a killed leader: tails go on without hole or repeat, no acknowledged record is lost, appends are bounded', async () => {
    const outcome = await survive(topics.events, async (count) => {
      await grow(count, 50)
      const victim = await leaderOf(topics.events, 0)
      await brokers.kill(victim)
      await grow(count, 50)
      await brokers.start(victim)
      await grow(count, 50)
    })
    expect(outcome.slowestMs).toBeLessThan(appendMsMax)
  }, 150_000)

  test('a frozen leader: the same, over new connections', async () => {
    const outcome = await survive(topics.commands, async (count) => {
      await grow(count, 50)
      const victim = await leaderOf(topics.commands, 0)
      brokers.freeze(victim)
      try {
        await grow(count, 50)
      } finally {
        brokers.thaw(victim)
      }
      await grow(count, 50)
    })
    expect(outcome.slowestMs).toBeLessThan(appendMsMax)
  }, 150_000)
})
