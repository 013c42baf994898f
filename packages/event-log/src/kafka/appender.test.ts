import { silentLogger } from '@chat/runtime'
import type { TopicKind } from '@chat/schemas'
import { createSeededRandom } from '@chat/testkit'
import { expect, test } from 'vitest'
import { createAppender } from './appender.ts'
import { brokersOf } from './test-lanes.ts'

const sent = async (kind: TopicKind) => {
  const { cluster, clock, requests, request } = brokersOf()
  const appender = createAppender({ cluster, clock, random: createSeededRandom(1), logger: silentLogger })
  const records = [{ key: 'k', value: Buffer.from('a'), headers: {} }]
  const appended = appender.append({ topic: { name: kind, kind, partitions: 8 }, partition: 0, records })
  const failure = appended.then(
    () => 'appended',
    (error) => error.code,
  )
  await clock.settle()
  request(0).fail(new Error('the answer was lost'))
  await clock.advance(1000)
  for (const repeated of requests.slice(1)) repeated.fail(new Error('the answer was lost'))
  await clock.advance(10_000)
  return { failure: await failure, requests: requests.length }
}

test.each(['commands', 'events'] as const)(
  'one of the %s whose answer was lost is not sent again: its writer knows what to do, a copy would do it twice',
  async (kind) => {
    expect(await sent(kind)).toEqual({ failure: 'log_unavailable', requests: 1 })
  },
)

test.each(['deliveries', 'signals', 'receipts', 'snapshots', 'deadLetters'] as const)(
  'one of the %s is sent twice, since a copy does no harm',
  async (kind) => {
    expect(await sent(kind)).toEqual({ failure: 'log_unavailable', requests: 2 })
  },
)
