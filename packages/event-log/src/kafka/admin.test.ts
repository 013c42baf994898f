import { Fault } from '@chat/runtime'
import type { Topic } from '@chat/schemas'
import { createFakeClock, createSeededRandom } from '@chat/testkit'
import { describe, expect, test } from 'vitest'
import { ensureTopics, topicSettings } from './admin.ts'
import { brokersOf } from './test-lanes.ts'

const dayMs = 86_400_000

test('events are kept for ever, whatever their age and size', () => {
  expect(topicSettings('events', { replicas: 3 })).toMatchObject({
    'cleanup.policy': 'delete',
    'retention.ms': '-1',
    'retention.bytes': '-1',
  })
})

test('receipts are compacted, not before a day is over', () => {
  expect(topicSettings('receipts', { replicas: 3 })).toMatchObject({
    'cleanup.policy': 'compact',
    'min.compaction.lag.ms': String(dayMs),
  })
})

test('commands, snapshots and dead letters last 3, 2 and 30 days; deliveries and signals 15 minutes, segments too', () => {
  expect(topicSettings('commands', { replicas: 3 })['retention.ms']).toBe(String(3 * dayMs))
  expect(topicSettings('snapshots', { replicas: 3 })['retention.ms']).toBe(String(2 * dayMs))
  expect(topicSettings('snapshots', { replicas: 3 })['segment.ms']).toBe(String(dayMs / 4))
  expect(topicSettings('deadLetters', { replicas: 3 })['retention.ms']).toBe(String(30 * dayMs))
  for (const kind of ['deliveries', 'signals'] as const) {
    expect(topicSettings(kind, { replicas: 3 })).toMatchObject({ 'retention.ms': '900000', 'segment.ms': '900000' })
  }
})

test('every topic takes the time from the broker, never an unclean leader, and batches of 2 MiB', () => {
  for (const kind of ['commands', 'events', 'receipts', 'signals', 'deliveries', 'snapshots', 'deadLetters'] as const) {
    expect(topicSettings(kind, { replicas: 3 })).toMatchObject({
      'message.timestamp.type': 'LogAppendTime',
      'unclean.leader.election.enable': 'false',
      'min.insync.replicas': '2',
      'max.message.bytes': '2097152',
      'compression.type': 'producer',
    })
  }
})

test('with fewer than 3 replicas an event is on disk before it is acknowledged, unless that is waived', () => {
  expect(topicSettings('events', { replicas: 1 })).toMatchObject({ 'flush.messages': '1', 'min.insync.replicas': '1' })
  expect(topicSettings('events', { replicas: 2 })).toMatchObject({ 'flush.messages': '1', 'min.insync.replicas': '1' })
  expect(topicSettings('events', { replicas: 3 })).not.toHaveProperty('flush.messages')
  expect(topicSettings('events', { replicas: 1, eventsFlush: 'os' })).not.toHaveProperty('flush.messages')
  expect(topicSettings('commands', { replicas: 1 })).not.toHaveProperty('flush.messages')
})

describe('topics that are made', () => {
  const topic: Topic = { name: 'chat.events.v1', kind: 'events', partitions: 8 }

  /** A cluster that names no leader before the n-th question after the topic was made. */
  const making = (leadersAfter: number, failure?: Fault) => {
    const clock = createFakeClock(0)
    const { cluster, leaders } = brokersOf()
    leaders.clear()
    const made: string[] = []
    let questions = 0
    const refresh = async () => {
      if (made.length === 0) return
      if (failure !== undefined && questions === 0) {
        questions++
        throw failure
      }
      if (++questions < leadersAfter) return
      for (let partition = 0; partition < topic.partitions; partition++) leaders.set(partition, 1)
    }
    const asked: string[] = []
    const offsets = {
      of: async ({ name }: Topic) => {
        asked.push(name)
        return new Map()
      },
    }
    const options = {
      ...{ brokers: [], clientId: 'test', cluster: { ...cluster, refresh }, offsets, clock },
      random: createSeededRandom(1),
    }
    const outcome = ensureTopics([topic], { replicas: 1 }, options, async (topics) => {
      made.push(...topics.map(({ name }) => name))
    }).then(
      () => 'ready',
      (error) => error.code,
    )
    return { clock, outcome, made, asked, questions: () => questions }
  }

  test('are waited for until every partition has a leader that knows it', async () => {
    const { clock, outcome, made, asked, questions } = making(4)
    await clock.advance(5000)
    expect([await outcome, made, asked, questions()]).toEqual(['ready', [topic.name], [topic.name], 4])
  })

  test('are asked for again when no broker answered', async () => {
    const { clock, outcome } = making(2, new Fault('log_unavailable', 'nobody there'))
    await clock.advance(5000)
    expect(await outcome).toBe('ready')
  })

  test('are given up after 20 s without leaders, and at once for what waiting does not change', async () => {
    const leaderless = making(Number.POSITIVE_INFINITY)
    await leaderless.clock.advance(25_000)
    expect(await leaderless.outcome).toBe('log_unavailable')
    expect(leaderless.questions()).toBeGreaterThan(20)
    const wrong = making(2, new Fault('topic_mismatch', 'other partitions', { isRetryable: false }))
    await wrong.clock.advance(5000)
    expect([await wrong.outcome, wrong.questions()]).toEqual(['topic_mismatch', 1])
  })
})
