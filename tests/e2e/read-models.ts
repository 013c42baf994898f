import { type EventLog, isValid } from '@chat/event-log'
import { openKafkaLog } from '@chat/event-log/kafka'
import type { PlacedEvent, PlacedReceipt } from '@chat/read-models'
import { createMemoryReadModels, type Dump, differencesOf } from '@chat/read-models/memory'
import { silentLogger } from '@chat/runtime'
import { systemClock as clock, systemRandom as random } from '@chat/runtime/system'
import { decodeEvent, decodeReceipt, type Topic } from '@chat/schemas'
import { type TestWorld, waitUntil } from '@chat/testkit'
import pg from 'pg'
import { expect } from 'vitest'

const bigint = 20 // the oid of int8 in pg_type

/** Every row of the read models, as PostgreSQL has them. */
export const dumpDatabase = async (databaseUrl: string): Promise<Dump> => {
  const client = new pg.Client({ connectionString: databaseUrl })
  client.setTypeParser(bigint, Number)
  await client.connect()
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
    const rows = async (table: string) => (await client.query(`SELECT * FROM read.${table}`)).rows
    return {
      users: await rows('users'),
      conversations: await rows('conversations'),
      memberships: await rows('memberships'),
      events_read: await rows('events_read'),
      receipts: await rows('receipts'),
      parked: await rows('parked'),
    }
  } finally {
    await client.end()
  }
}

/** The fold of the whole log, made here and now, in memory. */
const foldLog = async (log: EventLog, topics: TestWorld['topics']): Promise<Dump> => {
  const readModels = createMemoryReadModels({ clock, random })
  const { projection } = readModels
  for (const [partition, end] of await log.ends(topics.events)) {
    const events: PlacedEvent[] = []
    await eachRecord(log, topics.events, partition, end, (record) => {
      if (!isValid(record)) return
      const decoded = decodeEvent(String(record.headers.schema), record.value)
      if (!('record' in decoded)) throw new Error(`event ${partition}/${record.offset}: ${decoded.detail}`)
      events.push({ pos: record.offset, event: decoded.record })
    })
    const lastPos = events.at(-1)?.pos ?? -1
    await projection.applyEvents({ partition, from: 0, to: { nextOffset: end, lastPos, chain: '' }, events })
  }
  for (const [partition, end] of await log.ends(topics.receipts)) {
    const receipts: PlacedReceipt[] = []
    await eachRecord(log, topics.receipts, partition, end, (record) => {
      const decoded = decodeReceipt(String(record.headers.schema), record.value)
      if ('record' in decoded) receipts.push({ offset: record.offset, receipt: decoded.record })
    })
    await projection.applyReceipts({ partition, from: 0, to: end, receipts })
  }
  return readModels.dump()
}

type Stored = Parameters<typeof isValid>[0]

export const eachRecord = async (
  log: EventLog,
  topic: Topic,
  partition: number,
  end: number,
  take: (record: Stored) => void,
) => {
  const signal = AbortSignal.timeout(60_000)
  for await (const records of log.read(topic, partition, 0, end, signal)) for (const record of records) take(record)
}

/** The world's event log, for the test itself. */
export const openWorldLog = (world: TestWorld): Promise<EventLog> =>
  openKafkaLog({
    brokers: world.stack.kafkaBrokers,
    clientId: 'test',
    clock,
    random,
    logger: silentLogger,
    onFatal: (error) => {
      throw error
    },
  })

/** Once the projector has caught up: PostgreSQL equals the fold of the log, row by row. [G7] */
export const expectReadModelsEqualFold = async (world: TestWorld): Promise<void> => {
  const log = await openWorldLog(world)
  try {
    const fold = await foldLog(log, world.topics)
    await waitUntil(async () => (await dumpDatabase(world.databaseUrl)).events_read.length >= fold.events_read.length, {
      deadlineMs: 30_000,
      what: 'the projector has caught up',
    })
    expect(differencesOf(await dumpDatabase(world.databaseUrl), fold)).toEqual([])
    expect(fold.events_read.length).toBeGreaterThan(0)
  } finally {
    await log.close()
  }
}
