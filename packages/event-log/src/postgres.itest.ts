import { connect, createServer, type Socket } from 'node:net'
import { type Fault, silentLogger, sleep } from '@chat/runtime'
import { systemClock } from '@chat/runtime/system'
import { allTopics } from '@chat/schemas'
import { createTestWorld, type TestWorld, waitUntil } from '@chat/testkit'
import { describeEventLog } from '@chat/testkit/contracts/event-log'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { EventLog, NewRecord, Offset, StoredRecord } from './index.ts'
import { openPostgresLog } from './postgres.ts'

const open = (world: TestWorld, onFatal: (error: unknown) => void = (error) => expect.unreachable(String(error))) =>
  openPostgresLog({ url: world.databaseUrl, topics: world.topics, clock: systemClock, logger: silentLogger, onFatal })

describeEventLog(
  'postgres',
  async () => {
    const world = await createTestWorld()
    const log = await open(world)
    return {
      log,
      topics: world.topics,
      clock: systemClock,
      close: async () => {
        await log.close()
        await world.close()
      },
    }
  },
  { beginningsMove: false, endsMove: false, isInProcess: false },
)

describe('postgres log', () => {
  let world: TestWorld
  const opened: EventLog[] = []
  beforeEach(async () => {
    world = await createTestWorld()
  })
  afterEach(async () => {
    for (const log of opened.splice(0)) await log.close()
    await world.close()
  })

  const openLog = async (onFatal?: (error: unknown) => void): Promise<EventLog> => {
    const log = await open(world, onFatal)
    opened.push(log)
    await log.ensureTopics(allTopics(world.topics), { replicas: 1 })
    return log
  }

  const event = (text: string, headers: Record<string, string> = {}): NewRecord => ({
    key: null,
    value: Buffer.from(text),
    headers,
  })
  const append = (log: EventLog, partition: number, ...records: readonly NewRecord[]) =>
    log.append({ topic: world.topics.events, partition, records })

  const texts = async (log: EventLog, partition: number, from: Offset = 0): Promise<readonly string[]> => {
    const end = (await log.ends(world.topics.events)).get(partition) ?? 0
    const found: StoredRecord[] = []
    for await (const records of log.read(world.topics.events, partition, from, end, new AbortController().signal))
      found.push(...records)
    return found.map(({ value }) => Buffer.from(value ?? []).toString())
  }

  const admin = async (text: string): Promise<void> => {
    const client = new pg.Client({ connectionString: world.databaseUrl })
    await client.connect()
    await client.query(text)
    await client.end()
  }
  const cutConnection = () =>
    admin(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'chat event log'
           and datname = current_database()`)

  test('admits one process: the second is refused with a sentence, until the first closes', async () => {
    const first = await openLog()
    await expect(open(world)).rejects.toMatchObject({ code: 'log_in_use', isRetryable: false })
    await first.close()
    await openLog()
  })

  test('a reopened log has every record, at its offset, and goes on after it', async () => {
    const first = await openLog()
    for (let index = 0; index < 30; index++) await append(first, index % 4, event(`${index}`), event(`${index}'`))
    await first.close()
    const second = await openLog()
    expect(await texts(second, 1)).toEqual([1, 5, 9, 13, 17, 21, 25, 29].flatMap((index) => [`${index}`, `${index}'`]))
    expect((await append(second, 1, event('next'))).baseOffset).toBe(16)
    expect((await texts(second, 1, 15)).at(-1)).toBe('next')
  })

  test('after a restart the commands of a partition go on after the last that caused a valid event', async () => {
    const first = await openLog()
    await append(first, 2, event('a', { pos: '0', cmd: '4' }), event('b', { pos: '1', cmd: '7' }))
    await append(first, 2, event('a zombie', { pos: '0', cmd: '99' }))
    expect((await first.beginnings(world.topics.commands)).get(2)).toBe(0)
    await first.close()
    const second = await openLog()
    expect((await second.ends(world.topics.commands)).get(2)).toBe(8)
    expect((await second.ends(world.topics.commands)).get(1)).toBe(0)
  })

  test('commands leave memory once their events are committed', async () => {
    const log = await openLog()
    const { commands } = world.topics
    for (let index = 0; index < 10; index++) await log.append({ topic: commands, partition: 3, records: [event('c')] })
    await append(log, 3, event('done', { pos: '0', cmd: '5' }))
    expect((await log.beginnings(commands)).get(3)).toBe(6)
    expect((await log.ends(commands)).get(3)).toBe(10)
  })

  test('a broken connection fails what was on the way, tails go on, and every acknowledged record is there', async () => {
    const log = await openLog()
    const tailed: string[] = []
    const stop = new AbortController()
    const tail = (async () => {
      for await (const records of log.tail(world.topics.events, 0, 0, stop.signal))
        tailed.push(...records.map(({ value }) => Buffer.from(value ?? []).toString()))
    })()
    const acknowledged: string[] = []
    const codes = new Set<string>()
    let count = 0
    const write = async () => {
      const text = `${count++}`
      try {
        await append(log, 0, event(text))
        acknowledged.push(text)
      } catch (error) {
        codes.add((error as Fault).code)
        await sleep(systemClock, 5) // Refusals come at once: without a pause the loop would never let the connection return.
      }
    }
    const flood = (async () => {
      while (acknowledged.length < 600) await Promise.all([write(), write(), write()])
    })()
    for (const after of [100, 250, 400]) {
      await waitUntil(() => acknowledged.length > after, { deadlineMs: 20_000, what: 'appends go on' })
      await cutConnection()
    }
    await flood
    const stored = await texts(log, 0)
    expect([...codes]).toEqual(['log_unavailable'])
    expect(stored).toEqual(expect.arrayContaining(acknowledged))
    expect(new Set(stored).size).toBe(stored.length)
    await waitUntil(() => tailed.length === stored.length, { deadlineMs: 5000, what: 'the tail got everything' })
    expect(tailed).toEqual(stored)
    stop.abort()
    await tail
  })

  test('a record that was committed although its answer was lost is read, and the next one stands after it', async () => {
    const proxy = await deafProxy(world.databaseUrl)
    const log = await open({ ...world, databaseUrl: proxy.url })
    opened.push(log)
    await log.ensureTopics(allTopics(world.topics), { replicas: 1 })
    await append(log, 0, event('before'))
    proxy.loseAnswers()
    const answer = append(log, 0, event('unanswered', { pos: '1', cmd: '6' }))
    await waitUntil(async () => (await count(world.databaseUrl)) === 2, { deadlineMs: 5000, what: 'the commit' })
    proxy.cut()
    await expect(answer).rejects.toMatchObject({ code: 'log_unavailable' })
    await expect(log.ends(world.topics.events)).rejects.toMatchObject({ code: 'log_unavailable' })
    await waitUntil(() => log.ends(world.topics.events), { deadlineMs: 10_000, what: 'the connection is back' })
    expect(await texts(log, 0)).toEqual(['before', 'unanswered'])
    expect((await append(log, 0, event('after'))).baseOffset).toBe(2)
    await log.close()
    await proxy.close()
  })

  test('snapshots go after 48 hours, with the next that is written; events never', async () => {
    const { events, snapshots } = world.topics
    const first = await openLog()
    for (const topic of [events, snapshots])
      for (const text of ['a', 'b']) await first.append({ topic, partition: 1, records: [event(text)] })
    expect((await first.beginnings(snapshots)).get(1)).toBe(0)
    const hours = 60 * 60 * 1000
    await admin(`update log.records set at = at - ${49 * hours} where "offset" = 0`)
    await admin(`update log.records set at = at - ${47 * hours} where "offset" = 1`)
    await first.close()
    const second = await openLog()
    await second.append({ topic: snapshots, partition: 1, records: [event('c')] })
    await waitUntil(async () => (await second.beginnings(snapshots)).get(1) === 1, {
      deadlineMs: 5000,
      what: 'it is gone',
    })
    expect([...(await second.beginnings(snapshots)).values()]).toEqual([0, 1, 0, 0])
    const read = async (from: Offset) => {
      const found: string[] = []
      for await (const records of second.read(snapshots, 1, from, 3, new AbortController().signal))
        found.push(...records.map(({ value }) => Buffer.from(value ?? []).toString()))
      return found
    }
    expect(await read(1)).toEqual(['b', 'c'])
    await expect(read(0)).rejects.toMatchObject({ code: 'offset_gone' })
    expect((await second.beginnings(events)).get(1)).toBe(0)
    expect(await texts(second, 1)).toEqual(['a', 'b'])
  })

  test('a process that finds offsets which are not its own is told to exit', async () => {
    const fatal: unknown[] = []
    const log = await openLog((error) => fatal.push(error))
    await admin('update log.heads set next = next + 1 where partition = 0')
    await expect(append(log, 0, event('a'))).rejects.toMatchObject({ code: 'log_unavailable' })
    expect(fatal).toHaveLength(1)
  })

  test('a transaction that fails leaves nothing, and the next one has its offsets', async () => {
    const log = await openLog()
    await admin(`alter table log.records add constraint refused check (headers <> '{"refuse":"me"}')`)
    const answers = await Promise.allSettled([
      append(log, 0, event('a')),
      append(log, 0, event('b', { refuse: 'me' })),
      append(log, 1, event('c')),
    ])
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    expect((await append(log, 0, event('d'))).baseOffset).toBe(0)
    expect(await texts(log, 0)).toEqual(['d'])
  })
})

const count = async (url: string): Promise<number> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query('select count(*)::integer as count from log.records')
  await client.end()
  return rows[0]?.count
}

/** A way to the database that can lose what the server says. */
const deafProxy = async (databaseUrl: string) => {
  const target = new URL(databaseUrl)
  const sockets = new Set<Socket>()
  let isDeaf = false
  const server = createServer((inside) => {
    const outside = connect(Number(target.port), target.hostname)
    for (const socket of [inside, outside]) {
      sockets.add(socket)
      socket.on('error', () => {}).on('close', () => cutBoth())
    }
    const cutBoth = () => {
      inside.destroy()
      outside.destroy()
    }
    inside.on('data', (bytes) => outside.write(bytes))
    outside.on('data', (bytes) => {
      if (!isDeaf) inside.write(bytes)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const url = new URL(databaseUrl)
  url.host = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  return {
    url: url.href,
    loseAnswers: () => {
      isDeaf = true
    },
    cut: () => {
      isDeaf = false
      for (const socket of sockets) socket.destroy()
    },
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}
