import { describe, expect, test } from 'vitest'
import type { EventLogFeatures, Fixture } from './event-log-fixture.ts'
import { append, endOf, offsetsFrom, readAll, textOf, textRecord, textRecords } from './event-log-records.ts'

export const describeReads = (fixture: Fixture, features: EventLogFeatures): void => {
  describe('read', () => {
    test('gives exactly the records from `from` up to, not including, `to`, whatever the batches', async () => {
      const { log, topics } = fixture()
      const { events } = topics
      const start = await endOf(log, events, 1)
      for (let index = 0; index < 10; index++) await append(log, events, 1, textRecords(`batch ${index}`, 1 + index))
      const all = await readAll(log, events, 1, start, start + 55)
      expect(all.map((record) => record.offset)).toEqual(offsetsFrom(start, 55))
      for (const [from, to] of [
        [start, start + 1],
        [start + 7, start + 8],
        [start + 2, start + 50],
        [start + 54, start + 55],
      ] as const) {
        const some = await readAll(log, events, 1, from, to)
        expect(some.map(textOf)).toEqual(all.slice(from - start, to - start).map(textOf))
      }
    })

    test('an empty range gives nothing and ends, in the middle and at the end', async () => {
      const { log, topics } = fixture()
      const { baseOffset } = await append(log, topics.events, 1, textRecords('around', 2))
      expect(await readAll(log, topics.events, 1, baseOffset + 1, baseOffset + 1)).toEqual([])
      expect(await readAll(log, topics.events, 1, baseOffset + 2, baseOffset + 2)).toEqual([])
    })

    test('ranges of several partitions and topics can be read at the same time', async () => {
      const { log, topics } = fixture()
      const bases = await Promise.all([0, 1, 2, 3].map((p) => append(log, topics.events, p, textRecords(`p${p}`, 300))))
      const commands = await append(log, topics.commands, 0, textRecords('c', 50))
      const ranges = await Promise.all([
        ...bases.map(({ baseOffset }, p) => readAll(log, topics.events, p, baseOffset, baseOffset + 300)),
        readAll(log, topics.events, 0, (bases[0]?.baseOffset ?? 0) + 10, (bases[0]?.baseOffset ?? 0) + 20),
        readAll(log, topics.commands, 0, commands.baseOffset, commands.baseOffset + 50),
      ])
      expect(ranges.map((records) => records.length)).toEqual([300, 300, 300, 300, 10, 50])
      expect(ranges.map((records) => textOf(records[0]))).toEqual(['p0.0', 'p1.0', 'p2.0', 'p3.0', 'p0.10', 'c.0'])
    })

    test('an aborted read never looks complete: it throws the reason of the signal', async () => {
      const { log, topics } = fixture()
      const { baseOffset } = await append(log, topics.events, 1, textRecords('cut short', 5))
      const controller = new AbortController()
      controller.abort(new Error('enough'))
      const read = async () => {
        for await (const _ of log.read(topics.events, 1, baseOffset, baseOffset + 5, controller.signal));
      }
      await expect(read()).rejects.toThrow('enough')
    })

    describeTopics(fixture)
    if (features.beginningsMove) describeBeginnings(fixture)
  })
}

const describeTopics = (fixture: Fixture): void => {
  test('ends and beginnings name every partition', async () => {
    const { log, topics } = fixture()
    for (const topic of [topics.events, topics.commands, topics.receipts, topics.deliveryAll]) {
      const partitions = offsetsFrom(0, topic.partitions)
      const [ends, beginnings] = await Promise.all([log.ends(topic), log.beginnings(topic)])
      expect([...ends.keys()].toSorted((a, b) => a - b)).toEqual(partitions)
      expect([...beginnings.keys()].toSorted((a, b) => a - b)).toEqual(partitions)
      for (const p of partitions) expect(beginnings.get(p)).toBeLessThanOrEqual(ends.get(p) ?? -1)
    }
  })

  test('an end counts an append as soon as it resolved', async () => {
    const { log, topics } = fixture()
    for (let index = 0; index < 5; index++) {
      const { baseOffset } = await append(log, topics.events, 2, [textRecord('counted')])
      expect(await endOf(log, topics.events, 2)).toBe(baseOffset + 1)
    }
  })

  test('ensureTopics leaves existing topics and their records as they are', async () => {
    const { log, topics } = fixture()
    const { baseOffset } = await append(log, topics.receipts, 0, [textRecord('still here')])
    await log.ensureTopics([topics.receipts, topics.events], { replicas: 1 })
    const [record] = await readAll(log, topics.receipts, 0, baseOffset, baseOffset + 1)
    expect(textOf(record)).toBe('still here')
  })

  test('ensureTopics refuses another number of partitions with topic_mismatch', async () => {
    const { log, topics } = fixture()
    for (const topic of [topics.events, topics.commands])
      await expect(
        log.ensureTopics([{ ...topic, partitions: topic.partitions + 1 }], { replicas: 1 }),
      ).rejects.toMatchObject({ code: 'topic_mismatch', isRetryable: false })
  })
}

const describeBeginnings = (fixture: Fixture): void => {
  test('below the beginning: read and tail throw offset_gone, and the beginning says where to go on', async () => {
    const { log, topics, trim } = fixture()
    if (trim === undefined) throw new Error('the feature beginningsMove needs trim')
    const { events } = topics
    const { baseOffset } = await append(log, events, 3, textRecords('trimmed', 20))
    await trim(events, 3, baseOffset + 10)
    expect((await log.beginnings(events)).get(3)).toBe(baseOffset + 10)
    await expect(readAll(log, events, 3, baseOffset + 9, baseOffset + 20)).rejects.toMatchObject({
      code: 'offset_gone',
      isRetryable: false,
    })
    const tail = log.tail(events, 3, baseOffset + 9, AbortSignal.timeout(20_000))[Symbol.asyncIterator]()
    await expect(tail.next()).rejects.toMatchObject({ code: 'offset_gone', isRetryable: false })
    const kept = await readAll(log, events, 3, baseOffset + 10, baseOffset + 20)
    expect(kept.map(textOf)).toEqual(offsetsFrom(10, 10).map((item) => `trimmed.${item}`))
  })
}
