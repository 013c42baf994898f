import { appendRecordsMax, batchBytesMax, type EventLog } from '@chat/event-log'
import type { Topic } from '@chat/schemas'
import { describe, expect, test } from 'vitest'
import type { EventLogFixture, Fixture } from './event-log-fixture.ts'
import { append, endOf, offsetsFrom, readAll, textOf, textRecord, textRecords } from './event-log-records.ts'

const mebibyte = 1024 * 1024

export const describeAppends = (fixture: Fixture, open: () => Promise<EventLogFixture>): void => {
  for (const kind of ['events', 'commands', 'receipts', 'signals'] as const)
    describe(`append to ${kind}`, () => {
      describeOrder(() => ({ log: fixture().log, topic: fixture().topics[kind] }))
    })
  describe('append', () => {
    describeContents(fixture)
    describeRefusals(fixture, open)
  })
}

const describeOrder = (subject: () => { readonly log: EventLog; readonly topic: Topic }): void => {
  test('gives dense offsets in the order of the appends', async () => {
    const { log, topic } = subject()
    const start = await endOf(log, topic, 0)
    const bases: number[] = []
    for (let index = 0; index < 5; index++) {
      const { baseOffset } = await append(log, topic, 0, textRecords(`dense ${index}`, 2))
      bases.push(baseOffset)
    }
    expect(bases).toEqual([start, start + 2, start + 4, start + 6, start + 8])
    expect(await endOf(log, topic, 0)).toBe(start + 10)
  })

  test('keeps the order of appends that were not waited for, each batch contiguous', async () => {
    const { log, topic } = subject()
    const start = await endOf(log, topic, 1)
    const appended = await Promise.all(
      Array.from({ length: 30 }, (_, index) => append(log, topic, 1, textRecords(`${index}`, 1 + (index % 7)))),
    )
    const records = await readAll(log, topic, 1, start, await endOf(log, topic, 1))
    expect(records.map((record) => record.offset)).toEqual(offsetsFrom(start, records.length))
    const expected = appended.flatMap((_, index) => offsetsFrom(0, 1 + (index % 7)).map((item) => `${index}.${item}`))
    expect(records.map(textOf)).toEqual(expected)
    for (const [index, { baseOffset }] of appended.entries())
      expect(textOf(records[baseOffset - start])).toBe(`${index}.0`)
  })

  test('keeps partitions apart when appends to all of them travel at once', async () => {
    const { log, topic } = subject()
    const before = await log.ends(topic)
    const partitions = [0, 1, 2, 3]
    await Promise.all(
      [0, 1, 2].flatMap((round) =>
        partitions.map((p) => append(log, topic, p, [textRecord(`p${p} r${round}`), textRecord(`p${p} r${round}'`)])),
      ),
    )
    for (const p of partitions) {
      const from = before.get(p) ?? Number.NaN
      const records = await readAll(log, topic, p, from, from + 6)
      expect(records.map(textOf)).toEqual([0, 1, 2].flatMap((round) => [`p${p} r${round}`, `p${p} r${round}'`]))
    }
  })

  test('stamps the time of the append: near the clock, never decreasing, the same in answer and record', async () => {
    const { log, topic } = subject()
    const start = await endOf(log, topic, 2)
    const answers = await Promise.all(
      offsetsFrom(0, 20).map((item) => append(log, topic, 2, textRecords(`${item}`, 2))),
    )
    const records = await readAll(log, topic, 2, start, start + 40)
    const times = records.map((record) => record.timestamp)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    expect(answers.flatMap((answer) => [answer.timestamp, answer.timestamp])).toEqual(times)
  })
}

const describeContents = (fixture: Fixture): void => {
  test('two writers at once never interleave inside a batch', async () => {
    const { log, topics } = fixture()
    const start = await endOf(log, topics.events, 3)
    const write = async (writer: string) => {
      for (let index = 0; index < 20; index++) await append(log, topics.events, 3, textRecords(`${writer}${index}`, 10))
    }
    await Promise.all([write('a'), write('b'), write('c')])
    const texts = (await readAll(log, topics.events, 3, start, start + 600)).map(textOf)
    for (let base = 0; base < 600; base += 10) {
      const batch = texts[base]?.split('.')[0]
      expect(texts.slice(base, base + 10)).toEqual(offsetsFrom(0, 10).map((item) => `${batch}.${item}`))
    }
  })

  test('gives back keys, values and headers as they were, empty and absent ones too', async () => {
    const { log, topics, clock } = fixture()
    const every = Uint8Array.from({ length: 256 }, (_, index) => index)
    const written = [
      { key: 'g1|2|phone', value: every, headers: { pos: '12', type: 'Übergröße 漢字', empty: '' } },
      { key: null, value: new Uint8Array(0), headers: {} },
      { key: '', value: null, headers: { only: 'a tombstone "with" \\ and \n' } },
      { key: 'ключ', value: Uint8Array.of(0), headers: { a: '1', b: '2' } },
    ]
    const { baseOffset, timestamp } = await append(log, topics.events, 0, written)
    const records = await readAll(log, topics.events, 0, baseOffset, baseOffset + written.length)
    const read = records.map(({ key, value, headers }) => ({
      key: key === null ? null : Buffer.from(key).toString('utf8'),
      value: value === null ? null : Uint8Array.from(value),
      headers: { ...headers },
    }))
    expect(read).toEqual(written)
    expect(records.map((record) => record.timestamp)).toEqual(written.map(() => timestamp))
    expect(Math.abs(timestamp - clock.now())).toBeLessThan(60_000)
  })

  test('carries a value of 1 MiB', async () => {
    const { log, topics } = fixture()
    const value = Uint8Array.from({ length: mebibyte }, (_, index) => (index * 31) % 251)
    const { baseOffset } = await append(log, topics.events, 0, [{ key: null, value, headers: {} }])
    const [record] = await readAll(log, topics.events, 0, baseOffset, baseOffset + 1)
    expect(Buffer.compare(record?.value ?? new Uint8Array(0), value)).toBe(0)
  })

  test('a value may be changed by its writer once the append resolved', async () => {
    const { log, topics } = fixture()
    const value = new TextEncoder().encode('before')
    const { baseOffset } = await append(log, topics.commands, 0, [{ key: null, value, headers: {} }])
    value.fill(0)
    const [record] = await readAll(log, topics.commands, 0, baseOffset, baseOffset + 1)
    expect(textOf(record)).toBe('before')
  })
}

const describeRefusals = (fixture: Fixture, open: () => Promise<EventLogFixture>): void => {
  test('refuses a record of 16 MiB with record_too_large, sends nothing, and goes on', async () => {
    const { log, topics } = fixture()
    const start = await endOf(log, topics.events, 0)
    const giant = { key: null, value: new Uint8Array(16 * mebibyte), headers: {} }
    await expect(append(log, topics.events, 0, [textRecord('small'), giant])).rejects.toMatchObject({
      code: 'record_too_large',
      isRetryable: false,
    })
    expect(await endOf(log, topics.events, 0)).toBe(start)
    expect((await append(log, topics.events, 0, [textRecord('next')])).baseOffset).toBe(start)
  })

  test('takes a batch of all the bytes there may be, and refuses one more with record_too_large', async () => {
    const { log, topics } = fixture()
    const keyed = (bytes: number) => ({ key: 'key', value: new Uint8Array(bytes - 3), headers: {} })
    for (const topic of [topics.events, topics.commands]) {
      const start = await endOf(log, topic, 0)
      const rest = batchBytesMax - 1000
      await expect(append(log, topic, 0, [keyed(1000), keyed(rest + 1)])).rejects.toMatchObject({
        code: 'record_too_large',
        isRetryable: false,
      })
      expect((await append(log, topic, 0, [keyed(1000), keyed(rest)])).baseOffset).toBe(start)
    }
  })

  test('refuses a batch without records, and one of too many, with batch_size', async () => {
    const { log, topics } = fixture()
    for (const topic of [topics.events, topics.commands]) {
      const start = await endOf(log, topic, 0)
      for (const count of [0, appendRecordsMax + 1])
        await expect(append(log, topic, 0, textRecords('c', count))).rejects.toMatchObject({
          code: 'batch_size',
          isRetryable: false,
        })
      expect((await append(log, topic, 0, textRecords('c', appendRecordsMax))).baseOffset).toBe(start)
    }
  })

  test('tells that appends travel on one connection while nothing happens to it', async () => {
    const { log, topics } = fixture()
    const first = await append(log, topics.events, 2, [textRecord('a')])
    expect((await append(log, topics.events, 2, [textRecord('b')])).connection).toBe(first.connection)
  })

  test('waits for appends under way when it closes, and refuses later calls with log_closed', async () => {
    const { log, topics, close } = await open()
    await log.ensureTopics([topics.events, topics.commands], { replicas: 1 })
    const underWay = append(log, topics.events, 0, [textRecord('accepted')])
    await log.close()
    expect((await underWay).baseOffset).toBe(0)
    await expect(append(log, topics.events, 0, [textRecord('late')])).rejects.toMatchObject({ code: 'log_closed' })
    await expect(append(log, topics.commands, 0, [textRecord('late')])).rejects.toMatchObject({ code: 'log_closed' })
    const { signal } = new AbortController()
    for (const topic of [topics.events, topics.commands])
      for (const late of [
        () => log.ends(topic),
        () => log.beginnings(topic),
        () => log.read(topic, 0, 0, 1, signal)[Symbol.asyncIterator]().next(),
        () => log.tail(topic, 0, 0, signal)[Symbol.asyncIterator]().next(),
        () => log.share({ topic, group: 'late', onAssigned: () => {}, onFatal: () => {} }),
        () => log.ensureTopics([topic], { replicas: 1 }),
      ])
        await expect(late()).rejects.toMatchObject({ code: 'log_closed', isRetryable: false })
    await log.close()
    await close()
  })
}
