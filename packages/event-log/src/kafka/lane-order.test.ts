import { expect, test } from 'vitest'
import { lanesOf, ok } from './test-lanes.ts'

test('one request is in flight per broker; what comes meanwhile goes together when it is answered', async () => {
  const { append, request, requests, clock } = lanesOf()
  append(0, 'a')
  await clock.settle()
  append(0, 'b')
  append(2, 'c')
  append(0, 'd')
  await clock.settle()
  expect(requests).toHaveLength(1)
  request(0).answer(request(0).partitions.map((part) => ok(part)))
  await clock.settle()
  // The partition that was not served last comes first.
  expect(request(1).partitions).toEqual([
    { partition: 2, texts: ['c'] },
    { partition: 0, texts: ['b', 'd'] },
  ])
})

test('a partition changes lane only when nothing of it is in flight', async () => {
  const { append, request, requests, leaders, clock } = lanesOf()
  append(0, 'a')
  await clock.settle()
  leaders.set(0, 2)
  append(0, 'b')
  await clock.settle()
  expect(requests).toHaveLength(1)
  request(0).answer(request(0).partitions.map((part) => ok(part)))
  await clock.settle()
  expect(request(1)).toMatchObject({ node: 2, partitions: [{ partition: 0, texts: ['b'] }] })
})

test('a failed batch fails those that wait behind it in its partition, so that none overtakes its repetition', async () => {
  const { append, request, requests, clock } = lanesOf({ triesMax: 1 })
  const first = append(0, 'a')
  await clock.settle()
  const [behind, elsewhere] = [append(0, 'b'), append(2, 'c')]
  request(0).fail(new Error('connection lost'))
  await clock.advance(100)
  expect([first.state, behind.state, elsewhere.state]).toEqual(['log_unavailable', 'log_unavailable', 'waits'])
  expect(requests.slice(1).flatMap(({ partitions }) => partitions)).toEqual([{ partition: 2, texts: ['c'] }])
})

test('an append waits for a leader, asks for it again with pauses, and fails after its 5 s; a delivery behind it goes on', async () => {
  const { append, leaders, requests, refreshes, clock } = lanesOf({ failsFollowers: false })
  leaders.delete(0)
  const [early, other] = [append(0, 'a'), append(1, 'b')]
  await clock.advance(2000)
  const late = append(0, 'c')
  await clock.advance(3500)
  expect([early.state, late.state, other.state]).toEqual(['log_unavailable', 'waits', 'waits'])
  expect(refreshes()).toBeGreaterThan(4)
  expect(refreshes()).toBeLessThan(20)
  leaders.set(0, 1)
  await clock.advance(1100)
  expect(requests.at(-1)?.partitions).toEqual([{ partition: 0, texts: ['c'] }])
})

test('a batch whose time is over fails those behind it, so that none overtakes its repetition', async () => {
  const { append, leaders, request, requests, clock } = lanesOf()
  leaders.delete(0)
  const late = append(0, 'a')
  await clock.advance(2000)
  const behind = append(0, 'b')
  await clock.advance(3500)
  expect([late.state, behind.state]).toEqual(['log_unavailable', 'log_unavailable'])
  leaders.set(0, 1)
  await clock.advance(1100)
  expect(requests).toEqual([])
  append(0, 'a')
  append(0, 'b')
  await clock.advance(1100)
  expect(request(0).partitions).toEqual([{ partition: 0, texts: ['a', 'b'] }])
})

test('a batch that was refused for want of room has those behind it refused, until its partition is empty and there is room', async () => {
  const { append, request, requests, clock } = lanesOf({}, { queueBytesMax: 2000 })
  const large = 'x'.repeat(900)
  const results = [append(0, large), append(2, large), append(0, large), append(0, 'small'), append(4, large)]
  await clock.settle()
  const other = append(4, 'small')
  expect(results.map(({ state }) => state)).toEqual([
    'waits',
    'waits',
    'log_overloaded',
    'log_overloaded',
    'log_overloaded',
  ])
  await clock.settle()
  expect(other.state).toBe('log_overloaded')
  request(0).answer(request(0).partitions.map((part) => ok(part)))
  await clock.settle()
  for (const partition of [0, 4]) append(partition, 'again')
  await clock.settle()
  expect(requests[1]?.partitions).toEqual([
    { partition: 0, texts: ['again'] },
    { partition: 4, texts: ['again'] },
  ])
})

test('a delivery is taken although a larger one before it was refused', async () => {
  const { append, clock } = lanesOf({ failsFollowers: false }, { queueBytesMax: 1000 })
  const results = [append(0, 'x'.repeat(500)), append(0, 'y'.repeat(600)), append(0, 'z')]
  await clock.settle()
  expect(results.map(({ state }) => state)).toEqual(['waits', 'log_overloaded', 'waits'])
})

test('what waited long goes in a request of its own: it does not shorten the time of what came just now', async () => {
  const { append, leaders, request, requests, clock } = lanesOf()
  leaders.delete(0)
  append(0, 'old')
  await clock.advance(4900)
  leaders.set(0, 1)
  append(2, 'new')
  append(4, 'new')
  await clock.settle()
  request(0).answer(request(0).partitions.map((part) => ok(part)))
  await clock.settle()
  expect(requests.map(({ partitions }) => partitions.map(({ texts }) => texts.join()))).toEqual([
    ['old'],
    ['new', 'new'],
  ])
  expect([request(0).limitMs, request(1).limitMs]).toEqual([1000, 5000])
})

test('a broker that refuses one batch for good says nothing of those behind it', async () => {
  const { append, request, clock } = lanesOf()
  const refused = append(0, 'a')
  await clock.settle()
  const behind = append(0, 'b')
  request(0).answer(request(0).partitions.map((part) => ({ ...ok(part), errorCode: 10 })))
  await clock.settle()
  expect([refused.state, behind.state]).toEqual(['record_too_large', 'log_unavailable'])
  expect(behind.cause).toMatchObject({ code: 'record_too_large', isRetryable: false })
})

test('a full queue refuses at once and sends nothing of it', async () => {
  const { append, request, requests, clock } = lanesOf({}, { queueBatchesMax: 2 })
  const results = [append(0, 'a'), append(0, 'b'), append(0, 'c')]
  await clock.settle()
  expect(results.map(({ state }) => state)).toEqual(['waits', 'waits', 'log_overloaded'])
  request(0).answer(request(0).partitions.map((part) => ok(part)))
  await clock.settle()
  const again = append(0, 'd')
  await clock.settle()
  expect(again.state).toBe('waits')
  expect(requests.flatMap(({ partitions }) => partitions.flatMap(({ texts }) => texts))).toEqual(['a', 'b', 'd'])
})

test('a full queue is also one of too many bytes', async () => {
  const { append, clock } = lanesOf({}, { queueBytesMax: 1000 })
  const results = [append(0, 'x'.repeat(900)), append(0, 'y'.repeat(200))]
  await clock.settle()
  expect(results.map(({ state }) => state)).toEqual(['waits', 'log_overloaded'])
})
