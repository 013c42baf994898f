import { Fault } from '@chat/runtime'
import { createTopics } from '@chat/schemas'
import { createFakeClock } from '@chat/testkit'
import { describeEventLog } from '@chat/testkit/contracts/event-log'
import { describe, expect, test } from 'vitest'
import type { EventLog, StoredRecord } from './index.ts'
import { type AppendFate, createMemoryStore } from './memory.ts'

const world = { prefix: 'test.', partitions: 4, slots: 4 }
const topics = createTopics(world)
const { events, commands, signals } = topics

describeEventLog(
  'memory',
  async () => {
    const clock = createFakeClock(1_700_000_000_000)
    const store = createMemoryStore({ clock })
    const log = store.client()
    return {
      log,
      topics,
      clock,
      close: () => log.close(),
      trim: async (topic, partition, beginning) => store.trim(topic, partition, beginning),
      truncate: async (topic, partition, end) => store.truncate(topic, partition, end),
    }
  },
  { beginningsMove: true, endsMove: true, isInProcess: true },
)

const record = (text: string) => ({ key: null, value: new TextEncoder().encode(text), headers: {} })

const write = (log: EventLog, text: string) =>
  log.append({ topic: events, partition: 0, records: [record(text)] }).then(
    ({ baseOffset }) => baseOffset,
    (error: unknown) => (error instanceof Fault ? error.code : 'not a fault'),
  )

const texts = async (log: EventLog): Promise<readonly string[]> => {
  const end = (await log.ends(events)).get(0) ?? 0
  const found: StoredRecord[] = []
  for await (const records of log.read(events, 0, 0, end, new AbortController().signal)) found.push(...records)
  return found.map(({ value }) => new TextDecoder().decode(value ?? undefined))
}

/** A store where the n-th append meets the n-th fate. */
const faulty = (...fates: readonly (AppendFate | undefined)[]) => {
  const clock = createFakeClock(0)
  let count = 0
  return { clock, store: createMemoryStore({ clock, faults: () => fates[count++] }) }
}

describe('memory faults', () => {
  test('a lost answer: the record is there, the writer is told nothing', async () => {
    const { store } = faulty({ answer: 'lost' })
    const log = store.client()
    expect([await write(log, 'a'), await write(log, 'b')]).toEqual(['log_unavailable', 1])
    expect(await texts(log)).toEqual(['a', 'b'])
  })

  test('a lost append: the record is not there, the writer is told the same', async () => {
    const { store } = faulty({ copies: 0 })
    const log = store.client()
    expect([await write(log, 'a'), await write(log, 'b')]).toEqual(['log_unavailable', 0])
    expect(await texts(log)).toEqual(['b'])
  })

  test('a repeat stands twice and answers with its last place', async () => {
    const { store } = faulty({ copies: 2 })
    const log = store.client()
    expect([await write(log, 'a'), await write(log, 'b')]).toEqual([1, 2])
    expect(await texts(log)).toEqual(['a', 'a', 'b'])
  })

  test('a repeat may land later, after what others wrote; its answer is that of the first', async () => {
    const { clock, store } = faulty({ copies: 2, copiesAfterMs: 100 })
    const [log, other] = [store.client(), store.client()]
    expect([await write(log, 'a'), await write(other, 'b')]).toEqual([0, 1])
    await clock.advance(100)
    expect(await texts(log)).toEqual(['a', 'b', 'a'])
  })

  test('a leader that is away: appends, reads and offsets fail, a tail goes on when it is back', async () => {
    const { clock, store } = faulty(undefined, { landsAfterMs: 50 }, { answer: 'early', landsAfterMs: 50 })
    const log = store.client()
    const tailed: string[] = []
    const stop = new AbortController()
    const tail = (async () => {
      for await (const records of log.tail(events, 0, 0, stop.signal))
        tailed.push(...records.map(({ value }) => new TextDecoder().decode(value ?? undefined)))
    })()
    const first = await log.append({ topic: events, partition: 0, records: [record('a')] })
    const onTheWay = [write(log, 'lost'), write(log, 'lost too')]
    store.interrupt(events, 0, 100)
    store.interrupt(events, 0, 60)
    await clock.advance(80)
    expect([await Promise.all(onTheWay), await write(log, 'c')]).toEqual([
      ['log_unavailable', 'log_unavailable'],
      'log_unavailable',
    ])
    for (const asked of [log.ends(events), log.beginnings(events), texts(log)])
      await expect(asked).rejects.toMatchObject({ code: 'log_unavailable', isRetryable: true })
    const read = log.read(events, 0, 0, 1, stop.signal)[Symbol.asyncIterator]().next()
    await expect(read).rejects.toMatchObject({ code: 'log_unavailable' })
    expect((await log.append({ topic: events, partition: 1, records: [record('elsewhere')] })).baseOffset).toBe(0)
    await clock.advance(20)
    const second = await log.append({ topic: events, partition: 0, records: [record('b')] })
    expect([second.baseOffset, second.connection === first.connection]).toEqual([1, false])
    await clock.settle()
    expect(tailed).toEqual(['a', 'b'])
    stop.abort()
    await tail
  })

  test('a delayed append is overtaken by another client, never by its own', async () => {
    const { clock, store } = faulty({ landsAfterMs: 100 })
    const [slow, quick] = [store.client('slow'), store.client('quick')]
    const answers = [write(slow, 'slow 1'), write(slow, 'slow 2'), write(quick, 'quick')]
    await clock.advance(100)
    expect(await Promise.all(answers)).toEqual([1, 2, 0])
    expect(await texts(quick)).toEqual(['quick', 'slow 1', 'slow 2'])
  })

  test('a late answer comes after the record can be read', async () => {
    const { clock, store } = faulty({ answersAfterMs: 50 })
    const log = store.client()
    let answer: unknown
    void write(log, 'a').then((given) => {
      answer = given
    })
    await clock.advance(49)
    expect([answer, await texts(log)]).toEqual([undefined, ['a']])
    await clock.advance(1)
    expect(answer).toBe(0)
  })

  test('what a killed client had on the way lands or is lost, as the test says; its own calls fail', async () => {
    for (const [onTheWay, left] of [
      ['land', ['on the way']],
      ['lose', []],
    ] as const) {
      const { clock, store } = faulty({ landsAfterMs: 10 })
      const [victim, other] = [store.client(), store.client()]
      const answer = write(victim, 'on the way')
      const tail = victim.tail(events, 0, 0, new AbortController().signal)[Symbol.asyncIterator]().next()
      victim.kill(onTheWay)
      await expect(tail).rejects.toMatchObject({ code: 'log_closed' })
      await clock.advance(10)
      expect(await answer).toBe('log_closed')
      expect(await write(victim, 'late')).toBe('log_closed')
      expect(await texts(other)).toEqual(left)
    }
  })

  test('confused members all believe that they own everything, until the group is healed', async () => {
    const { clock, store } = faulty()
    const log = store.client()
    const owned: number[] = []
    const join = (index: number) =>
      log.share({
        topic: commands,
        group: 'routers',
        onAssigned: (partitions) => {
          owned[index] = partitions.size
        },
        onFatal: () => expect.unreachable(),
      })
    const shares = [await join(0), await join(1)]
    await clock.settle()
    expect(owned).toEqual([2, 2])
    store.groups.confuse('routers')
    await clock.settle()
    expect(owned).toEqual([4, 4])
    expect((await shares[1]?.verify())?.size).toBe(4)
    store.groups.heal('routers')
    await clock.settle()
    expect(owned).toEqual([2, 2])
    const before = await shares[0]?.verify()
    store.groups.rotate('routers')
    expect(await shares[1]?.verify()).toEqual(before)
  })
})

describe('memory retention', () => {
  const bounded = (whenFull: 'drop' | 'refuse') =>
    createMemoryStore({ clock: createFakeClock(0), retention: () => ({ bytesMax: 10_000, whenFull }) })
  const records = [{ key: null, value: new Uint8Array(872), headers: {} }]

  test('drops the oldest when full', async () => {
    const log = bounded('drop').client()
    for (let index = 0; index < 100; index++) await log.append({ topic: signals, partition: 0, records })
    const beginning = (await log.beginnings(signals)).get(0) ?? 0
    expect(beginning).toBeGreaterThan(85)
    expect(beginning).toBeLessThan(96)
    expect((await log.ends(signals)).get(0)).toBe(100)
  })

  test('refuses with log_overloaded when full and not allowed to drop, until a trim', async () => {
    const store = bounded('refuse')
    const log = store.client()
    const fill = async () => {
      for (let index = 0; index < 100; index++) await log.append({ topic: commands, partition: 0, records })
    }
    await expect(fill()).rejects.toMatchObject({ code: 'log_overloaded', isRetryable: true })
    const end = (await log.ends(commands)).get(0) ?? 0
    expect(end).toBe(11)
    store.trim(commands, 0, 10)
    expect((await log.append({ topic: commands, partition: 0, records })).baseOffset).toBe(end)
  })
})
