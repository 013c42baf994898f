import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { waitUntil } from '../wait-until.ts'
import type { EventLogFeatures, Fixture } from './event-log-fixture.ts'
import {
  append,
  endOf,
  offsetsFrom,
  patienceMs,
  takeFromTail,
  textOf,
  textRecord,
  textRecords,
  within,
} from './event-log-records.ts'

const mebibyte = 1024 * 1024

export const describeTails = (fixture: Fixture, features: EventLogFeatures): void => {
  describe('tail', () => {
    describeOrder(fixture)
    describeEnds(fixture)
    if (features.endsMove) describeCuts(fixture)
    describeSlowReader(fixture, features)
  })
}

const describeOrder = (fixture: Fixture): void => {
  for (const kind of ['events', 'commands', 'signals'] as const)
    test(`${kind}: from the middle it gives what is there, then what comes`, async () => {
      const { log, topics } = fixture()
      const topic = topics[kind]
      const { baseOffset } = await append(log, topic, 0, textRecords('old', 5))
      const taken = takeFromTail(log, topic, 0, baseOffset + 3, 5)
      await append(log, topic, 0, textRecords('new', 3))
      const records = await taken
      expect(records.map(textOf)).toEqual(['old.3', 'old.4', 'new.0', 'new.1', 'new.2'])
      expect(records.map((record) => record.offset)).toEqual(offsetsFrom(baseOffset + 3, 5))
    })

  test('from the end it gives only what comes', async () => {
    const { log, topics } = fixture()
    const [delivery] = topics.deliveries
    if (delivery === undefined) throw new Error('the suite needs a slot')
    await append(log, delivery, 0, textRecords('before', 3))
    const end = await endOf(log, delivery, 0)
    const taken = takeFromTail(log, delivery, 0, end, 1)
    await append(log, delivery, 0, [textRecord('after')])
    expect((await taken).map(textOf)).toEqual(['after'])
  })

  test('two tails of one partition each get everything', async () => {
    const { log, topics } = fixture()
    const start = await endOf(log, topics.events, 1)
    const first = takeFromTail(log, topics.events, 1, start, 40)
    await append(log, topics.events, 1, textRecords('both', 20))
    const second = takeFromTail(log, topics.events, 1, start + 10, 30)
    for (let index = 0; index < 10; index++) await append(log, topics.events, 1, textRecords(`${index}`, 2))
    expect((await first).map((record) => record.offset)).toEqual(offsetsFrom(start, 40))
    expect((await second).map((record) => record.offset)).toEqual(offsetsFrom(start + 10, 30))
  })

  test('10,000 records arrive once, in order, while they are written', async () => {
    const { log, topics } = fixture()
    const start = await endOf(log, topics.events, 2)
    const taken = takeFromTail(log, topics.events, 2, start, 10_000)
    for (let index = 0; index < 100; index++) await append(log, topics.events, 2, textRecords(`${index}`, 100))
    const records = await taken
    expect(records.map((record) => record.offset)).toEqual(offsetsFrom(start, 10_000))
    expect(records.map(textOf)).toEqual(offsetsFrom(0, 10_000).map((item) => `${Math.floor(item / 100)}.${item % 100}`))
  })
}

const describeEnds = (fixture: Fixture): void => {
  test('an abort ends it promptly, while it waits', async () => {
    const { log, topics } = fixture()
    const controller = new AbortController()
    const end = await endOf(log, topics.events, 0)
    const ended = (async () => {
      for await (const _ of log.tail(topics.events, 0, end, controller.signal)) return 'gave a record'
      return 'ended'
    })()
    await append(log, topics.events, 1, [textRecord('elsewhere')])
    controller.abort()
    expect(await within(2000, 'the tail ends', ended)).toBe('ended')
  })

  test('an abort between two batches ends it, also when more is there', async () => {
    const { log, topics } = fixture()
    const { baseOffset } = await append(log, topics.events, 0, textRecords('many', 1000))
    await append(log, topics.events, 0, textRecords('more', 1000))
    const controller = new AbortController()
    const read = async () => {
      let batches = 0
      for await (const _ of log.tail(topics.events, 0, baseOffset, controller.signal)) {
        batches++
        controller.abort()
      }
      return batches
    }
    expect(await within(2000, 'the tail ends', read())).toBe(1)
  })

  test('a reader that leaves its loop releases the tail: a hundred in a row work', async () => {
    const { log, topics } = fixture()
    const { baseOffset } = await append(log, topics.commands, 3, textRecords('again', 3))
    for (let index = 0; index < 100; index++) {
      const [record] = await takeFromTail(log, topics.commands, 3, baseOffset + (index % 3), 1)
      expect(textOf(record)).toBe(`again.${index % 3}`)
    }
  })

  test('above the end it throws log_cut: nobody can have read that far', async () => {
    const { log, topics } = fixture()
    const end = await endOf(log, topics.events, 0)
    const tail = log.tail(topics.events, 0, end + 10, AbortSignal.timeout(patienceMs))[Symbol.asyncIterator]()
    await expect(tail.next()).rejects.toMatchObject({ code: 'log_cut', isRetryable: false })
  })
}

const describeCuts = (fixture: Fixture): void => {
  test('it throws log_cut when the end falls below what it gave', async () => {
    const { log, topics, truncate } = fixture()
    if (truncate === undefined) throw new Error('the feature endsMove needs truncate')
    const { baseOffset, connection } = await append(log, topics.events, 3, textRecords('cut', 10))
    const tail = log.tail(topics.events, 3, baseOffset, AbortSignal.timeout(patienceMs))[Symbol.asyncIterator]()
    expect((await tail.next()).value).toHaveLength(10)
    const waiting = tail.next()
    await truncate(topics.events, 3, baseOffset + 9)
    await expect(waiting).rejects.toMatchObject({ code: 'log_cut', isRetryable: false })
    // Who appends next is told that what lies before may be another log.
    expect((await append(log, topics.events, 3, [textRecord('next')])).connection).not.toBe(connection)
  })
}

const describeSlowReader = (fixture: Fixture, features: EventLogFeatures): void => {
  test('a reader that stops does not fill memory: what is read ahead is bounded', async () => {
    const { log, topics } = fixture()
    const total = 64
    const start = await endOf(log, topics.events, 2)
    const tail = log.tail(topics.events, 2, start, AbortSignal.timeout(3 * patienceMs))[Symbol.asyncIterator]()
    const first = tail.next()
    await append(log, topics.events, 2, [textRecord('first')])
    expect((await first).value).toHaveLength(1)
    const value = new Uint8Array(mebibyte).fill(7)
    for (let index = 0; index < total; index++)
      await append(log, topics.events, 2, [{ key: null, value, headers: { index: String(index) } }])
    // What a collection frees is given back beside the program, a moment later.
    if (!features.isInProcess)
      await waitUntil(() => bytesHeld() < (total / 2) * mebibyte, {
        deadlineMs: patienceMs,
        what: `less than half of ${total} MiB is held`,
        everyMs: 100,
      })
    const seen: (string | undefined)[] = []
    while (seen.length < total) {
      const { value: records, done } = await tail.next()
      if (done) throw new Error(`the tail ended after ${seen.length} records`)
      expect(records.length).toBeLessThanOrEqual(total / 2)
      seen.push(...records.map((record) => record.headers.index))
    }
    expect(seen).toEqual(offsetsFrom(0, total).map(String))
    await tail.return?.()
  })
}

/** Outside the heap of the engine, without garbage. */
const bytesHeld = (): number => {
  setFlagsFromString('--expose-gc')
  const gc: () => void = runInNewContext('gc')
  gc()
  const { external, arrayBuffers } = process.memoryUsage()
  return Math.max(external, arrayBuffers)
}
