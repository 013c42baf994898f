import { expect, test } from 'vitest'
import { topicSettings } from './admin.ts'

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
