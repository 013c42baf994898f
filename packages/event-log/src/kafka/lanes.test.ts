import { Fault, silentLogger } from '@chat/runtime'
import type { Topic } from '@chat/schemas'
import { createFakeClock, createSeededRandom } from '@chat/testkit'
import { expect, test } from 'vitest'
import type { NewRecord } from '../index.ts'
import type { Cluster } from './cluster.ts'
import { createLanes, type LaneSettings, laneLimits } from './lanes.ts'
import type { Link } from './link.ts'
import type { ProtocolCall } from './patches.ts'
import { readRecordBatches, recordBytes } from './record-batch.ts'
import type { ProduceAnswer } from './requests.ts'
import { ByteReader } from './wire.ts'

const topic: Topic = { name: 'chat.commands.v1', kind: 'commands', partitions: 8 }

interface SentPartition {
  readonly partition: number
  readonly texts: readonly string[]
}

interface Request {
  readonly node: number
  readonly acks: number
  readonly limitMs: number
  readonly partitions: readonly SentPartition[]
  readonly answer: (answers: readonly ProduceAnswer[]) => void
  readonly fail: (error: Error) => void
}

/** Reads a produce request back: the topic, then each partition with its one record batch. */
const decode = (bytes: Buffer) => {
  const reader = new ByteReader(bytes, 2)
  const acks = reader.int16()
  reader.at += 4
  const partitions: SentPartition[] = []
  for (let topics = reader.int32(); topics > 0; topics--) {
    reader.text()
    for (let count = reader.int32(); count > 0; count--) {
      const partition = reader.int32()
      const size = reader.int32()
      const batches = readRecordBatches(bytes.subarray(reader.at, reader.at + size))
      reader.at += size
      expect(batches).toHaveLength(1)
      partitions.push({ partition, texts: batches.flatMap(({ records }) => records.map(({ value }) => String(value))) })
    }
  }
  return { acks, partitions }
}

const ok = ({ partition }: SentPartition, baseOffset = 100 * partition): ProduceAnswer => ({
  topic: topic.name,
  partition,
  errorCode: 0,
  baseOffset,
  logAppendTime: 77,
})

const commands: LaneSettings = {
  purpose: 'commands',
  acks: -1,
  lanesPerBroker: 1,
  triesMax: 2,
  deadlineMs: 5000,
  failsFollowers: true,
}

const lanesOf = (settings: Partial<LaneSettings> = {}, limits = {}) => {
  const clock = createFakeClock(0)
  const leaders = new Map(Array.from({ length: 8 }, (_, partition) => [partition, 1 + (partition % 2)]))
  const requests: Request[] = []
  const opened: number[] = []
  const away = new Set<number>()
  let refreshes = 0
  const link = (nodeId: number): Link => {
    let isOpen = true
    return {
      nodeId,
      address: { host: 'h', port: 1 },
      isOpen: () => isOpen,
      send: async <T>(call: ProtocolCall<T>, limitMs: number): Promise<T> => {
        const { acks, partitions } = decode((await call.request.encode()).buffer)
        const { promise, resolve, reject } = Promise.withResolvers<readonly ProduceAnswer[]>()
        const fail = (error: Error) => {
          isOpen = false
          reject(error)
        }
        requests.push({ node: nodeId, acks, limitMs, partitions, answer: resolve, fail })
        return (await promise) as T
      },
      run: () => Promise.reject(new Error('not used')),
      destroy: () => {
        isOpen = false
      },
    }
  }
  const cluster: Cluster = {
    leaderOf: (_, partition) => leaders.get(partition),
    epochOf: () => 3,
    partitionsOf: () => 8,
    checkPartitions: () => {},
    refresh: async () => {
      refreshes++
    },
    open: async (nodeId) => {
      if (away.has(nodeId)) throw new Fault('log_unavailable', 'refused')
      opened.push(nodeId)
      return link(nodeId)
    },
    openCoordinator: () => Promise.reject(new Error('not used')),
    close: () => {},
  }
  const lanes = createLanes({
    cluster,
    clock,
    random: createSeededRandom(1),
    logger: silentLogger,
    settings: { ...commands, ...settings },
    limits: { ...laneLimits, ...limits },
  })
  const append = (partition: number, ...texts: readonly string[]) => {
    const records: NewRecord[] = texts.map((text) => ({ key: null, value: Buffer.from(text), headers: {} }))
    const bodies = records.map(recordBytes)
    const bytes = bodies.reduce((sum, each) => sum + each, 0)
    const result: { state: string; baseOffset?: number; timestamp?: number } = { state: 'waits' }
    lanes.append({ topic, partition, records }, { records, bodies }, bytes).then(
      (appended) => Object.assign(result, { state: 'appended' }, appended),
      (error) => Object.assign(result, { state: error.code }),
    )
    return result
  }
  const request = (index: number): Request => {
    const found = requests[index]
    if (found === undefined) throw new Error(`${requests.length} requests were sent`)
    return found
  }
  return { clock, lanes, leaders, requests, request, opened, away, append, refreshes: () => refreshes }
}

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
  expect(request(0).limitMs).toBe(5000)
})

test('each batch is told its own base: that of the partition and what came before it', async () => {
  const { append, request, clock } = lanesOf()
  const [first, second, third] = [append(0, 'a', 'b'), append(0, 'c'), append(0, 'd', 'e')]
  await clock.settle()
  request(0).answer(request(0).partitions.map((part) => ok(part, 40)))
  await clock.settle()
  expect([first, second, third]).toEqual([
    { state: 'appended', baseOffset: 40, timestamp: 77 },
    { state: 'appended', baseOffset: 42, timestamp: 77 },
    { state: 'appended', baseOffset: 43, timestamp: 77 },
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

test('a command is tried twice, over a new connection, at the leader that metadata names then', async () => {
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

test('a broken connection is not used again', async () => {
  const { append, request, opened, clock } = lanesOf()
  append(0, 'a')
  await clock.settle()
  request(0).fail(new Error('timed out'))
  await clock.advance(100)
  request(1).answer(request(1).partitions.map((part) => ok(part)))
  expect(opened).toEqual([1, 1])
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

test('an append waits for a leader, asks for it again with pauses, and fails after its 5 s', async () => {
  const { append, leaders, requests, refreshes, clock } = lanesOf()
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
