import { expect, test } from 'vitest'
import { lanesOf, ok } from './test-lanes.ts'

test('what is appended in a row travels in one request a broker, one record batch a partition', async () => {
  const { append, request, requests, clock } = lanesOf()
  append(0, 'a')
  append(2, 'b')
  append(0, 'c', 'd')
  append(1, 'e')
  await clock.settle()
  expect(requests.map(({ node, acks, partitions }) => ({ node, acks, partitions }))).toEqual([
    {
      node: 1,
      acks: -1,
      partitions: [
        { partition: 0, texts: ['a', 'c', 'd'] },
        { partition: 2, texts: ['b'] },
      ],
    },
    { node: 2, acks: -1, partitions: [{ partition: 1, texts: ['e'] }] },
  ])
  expect([request(0).limitMs, request(0).brokerLimitMs]).toEqual([5000, 5000])
})

test('each batch is told its own base: that of the partition and what came before it', async () => {
  const { append, request, clock } = lanesOf()
  const [first, second, third] = [append(0, 'a', 'b'), append(0, 'c'), append(0, 'd', 'e')]
  await clock.settle()
  request(0).answer(request(0).partitions.map((part) => ok(part, 40)))
  await clock.settle()
  expect([first, second, third]).toEqual([
    { state: 'appended', baseOffset: 40, timestamp: 77, connection: 1 },
    { state: 'appended', baseOffset: 42, timestamp: 77, connection: 1 },
    { state: 'appended', baseOffset: 43, timestamp: 77, connection: 1 },
  ])
})

test('lanes to one broker go side by side, each with partitions of its own', async () => {
  const { append, requests, request, opened, clock } = lanesOf({ lanesPerBroker: 4 })
  for (const partition of [0, 2, 4]) append(partition, 'a')
  await clock.settle()
  expect(requests.map(({ node, partitions }) => [node, partitions.map(({ partition }) => partition)])).toEqual([
    [1, [0, 4]],
    [1, [2]],
  ])
  expect(opened).toEqual([1, 1])
  append(0, 'b')
  append(2, 'b')
  request(1).answer(request(1).partitions.map((part) => ok(part)))
  await clock.settle()
  expect(requests.slice(2).map(({ partitions }) => partitions)).toEqual([[{ partition: 2, texts: ['b'] }]])
})

test('a partition that the answer leaves out is unknown, whatever the others got', async () => {
  const { append, request, clock } = lanesOf({ triesMax: 1 })
  const [left, kept] = [append(0, 'a'), append(2, 'b')]
  await clock.settle()
  request(0).answer(
    request(0)
      .partitions.slice(1)
      .map((part) => ok(part)),
  )
  await clock.settle()
  expect([left.state, kept.state]).toEqual(['log_unavailable', 'appended'])
})

test('an event is tried once: a lost answer is never repeated', async () => {
  const { append, request, requests, clock } = lanesOf({ triesMax: 1 })
  const lost = append(0, 'a')
  await clock.settle()
  request(0).fail(new Error('connection lost'))
  await clock.advance(10_000)
  expect(lost.state).toBe('log_unavailable')
  expect(requests).toHaveLength(1)
})

test('a batch that may be repeated is tried twice, over a new connection, at the leader that metadata names then', async () => {
  const { append, request, requests, leaders, opened, clock } = lanesOf()
  const moved = append(0, 'a')
  await clock.settle()
  leaders.set(0, 2)
  request(0).answer(request(0).partitions.map((part) => ({ ...ok(part), errorCode: 6 })))
  await clock.advance(100)
  expect(request(1)).toMatchObject({ node: 2, partitions: [{ partition: 0, texts: ['a'] }] })
  request(1).fail(new Error('connection lost'))
  await clock.advance(10_000)
  expect(moved.state).toBe('log_unavailable')
  expect(requests).toHaveLength(2)
  expect(opened).toEqual([1, 2])
})

test('a broken connection is not used again, and the answers tell that it is another', async () => {
  const { append, request, opened, clock } = lanesOf()
  const moved = append(0, 'a')
  await clock.settle()
  request(0).fail(new Error('timed out'))
  await clock.advance(100)
  request(1).answer(request(1).partitions.map((part) => ok(part)))
  await clock.settle()
  expect(moved.connection).toBe(2)
  expect(opened).toEqual([1, 1])
})

test('a broker that refuses connections does not cost a try', async () => {
  const { append, away, request, requests, clock } = lanesOf({ triesMax: 1 })
  away.add(1)
  const waiting = append(0, 'a')
  await clock.advance(2000)
  expect([waiting.state, requests.length]).toEqual(['waits', 0])
  away.delete(1)
  await clock.advance(1100)
  request(0).answer(request(0).partitions.map((part) => ok(part)))
  await clock.settle()
  expect(waiting.state).toBe('appended')
})

test('a partition sends at most 1,000 records and its bytes in one request', async () => {
  const { append, request, clock } = lanesOf()
  const many = Array.from({ length: 600 }, (_, index) => String(index))
  append(0, ...many)
  append(0, ...many)
  const big = 'x'.repeat(700_000)
  append(2, big)
  append(2, big)
  await clock.settle()
  expect(request(0).partitions.map(({ texts }) => texts.length)).toEqual([600, 1])
  request(0).answer(request(0).partitions.map((part) => ok(part)))
  await clock.settle()
  expect(request(1).partitions.map(({ texts }) => texts.length)).toEqual([600, 1])
})

test('what no second try can change is not tried again', async () => {
  const { append, request, requests, clock } = lanesOf()
  const [large, keyless] = [append(0, 'a'), append(2, 'b')]
  await clock.settle()
  const codes = [10, 87]
  request(0).answer(request(0).partitions.map((part, index) => ({ ...ok(part), errorCode: codes[index] ?? 0 })))
  await clock.advance(5000)
  expect([large.state, keyless.state]).toEqual(['record_too_large', 'log_refused'])
  expect(requests).toHaveLength(1)
})

test('draining waits for what is under way', async () => {
  const { append, lanes, request, clock } = lanesOf()
  append(0, 'a')
  await clock.settle()
  let isDrained = false
  void lanes.drained().then(() => {
    isDrained = true
  })
  await clock.settle()
  expect(isDrained).toBe(false)
  request(0).answer(request(0).partitions.map((part) => ok(part)))
  await clock.settle()
  expect(isDrained).toBe(true)
})
