import { Fault, silentLogger } from '@chat/runtime'
import type { Topic } from '@chat/schemas'
import { createFakeClock, createSeededRandom } from '@chat/testkit'
import { expect, test } from 'vitest'
import type { StoredRecord } from '../index.ts'
import type { Cluster } from './cluster.ts'
import type { Link } from './link.ts'
import type { ProtocolCall } from './patches.ts'
import { createReader, idleLoopMs } from './reader.ts'
import { recordBytes, writeRecordBatch } from './record-batch.ts'
import type { FetchAnswer } from './requests.ts'
import { ByteReader, ByteWriter } from './wire.ts'

const events: Topic = { name: 'chat.events.v1', kind: 'events', partitions: 1 }
const signals: Topic = { name: 'chat.signals.v1', kind: 'signals', partitions: 1 }

interface Fetch {
  readonly node: number
  readonly offset: number
  /** How long the broker may hold it. */
  readonly maxWaitMs: number
}

const batchAt = (offset: number, texts: readonly string[]): Buffer => {
  const records = texts.map((text) => ({ key: null, value: Buffer.from(text), headers: {} }))
  const writer = new ByteWriter(10_000)
  writeRecordBatch(writer, [{ records, bodies: records.map(recordBytes) }], 1)
  const bytes = Buffer.from(writer.encoded().buffer)
  bytes.writeBigInt64BE(BigInt(offset), 0)
  return bytes
}

const offsetAsked = (bytes: Buffer): number => {
  const reader = new ByteReader(bytes, 29)
  reader.text()
  reader.at += 12
  return reader.int64()
}

/** A reader over a log of which each fetch is answered by `serve`; a call that is never answered stays open until its link goes. */
const readerOver = (serve: (fetch: Fetch) => Partial<FetchAnswer> | Error | 'silence' | 'later', topic = events) => {
  const clock = createFakeClock(0)
  const state = { leader: 1, beginning: 0, end: 0, offsetsKnown: true }
  const fetches: Fetch[] = []
  const fatal: unknown[] = []
  let opened = 0
  let closed = 0
  const open = async (nodeId: number): Promise<Link> => {
    opened++
    const gone = Promise.withResolvers<never>()
    gone.promise.catch(() => {})
    let isOpen = true
    const destroy = () => {
      if (isOpen) closed++
      isOpen = false
      gone.reject(new Fault('log_unavailable', 'closed'))
    }
    const send = async <T>(call: ProtocolCall<T>): Promise<T> => {
      const { buffer } = await call.request.encode()
      const fetch = { node: nodeId, offset: offsetAsked(buffer), maxWaitMs: buffer.readInt32BE(4) }
      fetches.push(fetch)
      const served = serve(fetch)
      if (served === 'silence') return gone.promise
      if (served === 'later') {
        await new Promise<void>((resolve) => clock.after(100, resolve))
        return [] as T
      }
      if (served instanceof Error) throw served
      return [{ partition: 0, errorCode: 0, records: Buffer.alloc(0), ...served }] as T
    }
    return { nodeId, address: { host: 'h', port: 1 }, isOpen: () => isOpen, send, run: () => gone.promise, destroy }
  }
  const cluster: Cluster = {
    leaderOf: () => state.leader,
    epochOf: () => 3,
    partitionsOf: () => 1,
    checkPartitions: () => {},
    refresh: async () => {},
    open,
    openCoordinator: () => Promise.reject(new Error('not used')),
    close: () => {},
  }
  const reader = createReader({
    cluster,
    offsets: {
      of: async (_, which) => {
        if (!state.offsetsKnown) throw new Fault('log_unavailable', 'nobody answers')
        return new Map([[0, which === 'end' ? state.end : state.beginning]])
      },
    },
    clock,
    random: createSeededRandom(1),
    logger: silentLogger,
    onFatal: (error) => fatal.push(error),
    silenceMsMax: 10_000,
  })
  const seen: StoredRecord[] = []
  const result = { state: 'reads' }
  const stop = new AbortController()
  const tail = async (from: number, signal: AbortSignal) => {
    for await (const records of reader.records(topic, 0, from, undefined, signal)) seen.push(...records)
  }
  const start = (from: number, signal = stop.signal) => {
    tail(from, signal).then(
      () => Object.assign(result, { state: 'ended' }),
      (error) => Object.assign(result, { state: error.code }),
    )
  }
  return {
    clock,
    state,
    fetches,
    fatal,
    seen,
    result,
    stop,
    start,
    reader,
    opened: () => opened,
    open: () => opened - closed,
  }
}

const offsetsOf = (records: readonly StoredRecord[]) => records.map(({ offset }) => offset)

test('a leader that moves: the new one is asked from the same offset', async () => {
  const { clock, state, fetches, seen, start } = readerOver(({ node, offset }) => {
    if (node === 1 && offset === 0) return { records: batchAt(0, ['a', 'b']) }
    if (node === 1) {
      state.leader = 2
      return { errorCode: 6 }
    }
    return offset === 2 ? { records: batchAt(2, ['c']) } : 'later'
  })
  start(0)
  await clock.advance(500)
  expect(offsetsOf(seen)).toEqual([0, 1, 2])
  expect(fetches.filter(({ node }) => node === 2)[0]?.offset).toBe(2)
})

test('an answer that begins beyond the next offset is discarded and asked for again', async () => {
  let strange = 2
  const { clock, seen, start, state } = readerOver(({ offset }) => {
    if (offset === 0 && strange-- > 0) return { records: batchAt(5, ['f']) }
    return offset === 0 ? { records: batchAt(0, ['a']) } : 'later'
  })
  state.end = 6
  start(0)
  await clock.advance(500)
  expect(seen.map(({ value }) => String(value))).toEqual(['a'])
})

test('a hole that stays is reported, never skipped', async () => {
  const { clock, state, seen, result, start } = readerOver(() => ({ records: batchAt(5, ['f']) }))
  state.end = 6
  start(0)
  await clock.advance(2000)
  expect([result.state, seen.length]).toEqual(['offset_gone', 0])
})

test('out of range below the beginning is offset_gone, above the end log_cut', async () => {
  for (const [beginning, end, code] of [
    [4, 9, 'offset_gone'],
    [0, 2, 'log_cut'],
  ] as const) {
    const { clock, state, result, start } = readerOver(() => ({ errorCode: 1 }))
    Object.assign(state, { beginning, end })
    start(3)
    await clock.advance(100)
    expect(result.state).toBe(code)
  }
})

test('out of range while nobody knows the offsets is no verdict: it waits and asks again', async () => {
  let isRefused = true
  const { clock, state, seen, result, start } = readerOver(({ offset }) => {
    if (isRefused) return { errorCode: 1 }
    return offset === 3 ? { records: batchAt(3, ['d']) } : 'later'
  })
  state.offsetsKnown = false
  start(3)
  await clock.advance(3000)
  expect(result.state).toBe('reads')
  isRefused = false
  await clock.advance(3000)
  expect(offsetsOf(seen)).toEqual([3])
})

test('a connection that broke is replaced and asked from the same offset', async () => {
  let breaks = 3
  const { clock, seen, start, opened } = readerOver(({ offset }) => {
    if (offset === 1 && breaks-- > 0) return new Fault('log_unavailable', 'closed')
    return offset < 2 ? { records: batchAt(offset, ['x']) } : 'later'
  })
  start(0)
  await clock.advance(2000)
  expect(offsetsOf(seen)).toEqual([0, 1])
  expect(opened()).toBeGreaterThan(1)
})

test('silence with more to read: after 10 s the connection is replaced, and that may be all it needs', async () => {
  const { clock, state, seen, fatal, start, opened } = readerOver(({ offset }) => {
    if (offset === 0 && opened() < 2) return 'silence'
    return offset === 0 ? { records: batchAt(0, ['a']) } : 'later'
  })
  state.end = 1
  start(0)
  await clock.advance(9000)
  expect(opened()).toBe(1)
  await clock.advance(5000)
  expect([opened(), offsetsOf(seen), fatal]).toEqual([2, [0], []])
})

test('silent again on the new connection: the process must exit', async () => {
  const { clock, state, fatal, start } = readerOver(() => 'silence')
  state.end = 1
  start(0)
  await clock.advance(19_000)
  expect(fatal).toEqual([])
  await clock.advance(10_000)
  expect(fatal).toMatchObject([{ code: 'log_silent' }])
})

test('silence at the end of the log, or while no broker answers, is nothing', async () => {
  const { clock, state, fatal, start, opened } = readerOver(() => 'silence')
  start(0)
  await clock.advance(60_000)
  state.end = 1
  state.offsetsKnown = false
  await clock.advance(60_000)
  expect([fatal, opened()]).toEqual([[], 1])
})

test('bytes that cannot be read end the tail with log_unreadable', async () => {
  const { clock, result, start } = readerOver(() => {
    const records = batchAt(0, ['a'])
    records.writeInt8(1, 16)
    return { records }
  })
  start(0)
  await clock.settle()
  expect(result.state).toBe('log_unreadable')
})

test('closing ends what is read with log_closed and leaves no timer', async () => {
  const { clock, result, reader, start } = readerOver(() => 'silence')
  start(0)
  await clock.settle()
  reader.close()
  await clock.settle()
  expect([result.state, clock.pending()]).toEqual(['log_closed', 0])
})

test('whoever reads the topic next uses its connections; without a reader they are closed', async () => {
  // Each reader's first fetch tells it that nothing lies behind.
  let first = true
  const { clock, stop, start, opened, open, result } = readerOver(() => {
    const wasFirst = first
    first = false
    return wasFirst ? {} : 'later'
  })
  start(0)
  await clock.advance(500)
  // One for what lies behind, one for what comes.
  expect([opened(), open()]).toEqual([2, 2])
  stop.abort()
  await clock.advance(idleLoopMs - 1_000)
  expect([result.state, open()]).toEqual(['ended', 2])
  const again = new AbortController()
  first = true
  start(0, again.signal)
  await clock.advance(5_000)
  expect([opened(), open()]).toEqual([2, 2])
  again.abort()
  await clock.advance(idleLoopMs + 1_000)
  expect([open(), clock.pending()]).toEqual([0, 0])
})

test('a leader that moved keeps no connection to the old one', async () => {
  const { clock, state, start, open, fetches } = readerOver(({ node }) => {
    if (node === 1 && state.leader === 2) return { errorCode: 6 }
    return 'later'
  })
  start(0)
  await clock.advance(500)
  state.leader = 2
  await clock.advance(idleLoopMs * 2)
  expect(fetches.at(-1)?.node).toBe(2)
  expect(open()).toBe(1)
})

test.each([
  [events, 100],
  [signals, 500],
])('of $name nothing is asked for more often than every so many ms', async (topic, maxWaitMs) => {
  const { clock, fetches, start } = readerOver(() => (fetches.length === 1 ? {} : 'later'), topic)
  start(0)
  await clock.advance(200)
  expect(fetches.at(-1)).toMatchObject({ offset: 0, maxWaitMs })
})
