import { join } from 'node:path'
import { type EventLog, isValid } from '@chat/event-log'
import { openKafkaLog } from '@chat/event-log/kafka'
import { openPostgresLog } from '@chat/event-log/postgres'
import { startLocalPostgres } from '@chat/local-postgres'
import type { PlacedEvent, PlacedReceipt } from '@chat/read-models'
import { createMemoryReadModels, type Dump, differencesOf } from '@chat/read-models/memory'
import { silentLogger } from '@chat/runtime'
import { systemClock as clock, systemRandom as random } from '@chat/runtime/system'
import { createTopics, decodeEvent, decodeReceipt, type Topic } from '@chat/schemas'
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
      standings: await rows('standings'),
      events_read: await rows('events_read'),
      message_states: await rows('message_states'),
      reactions: await rows('reactions'),
      words_by_hour: await rows('words_by_hour'),
      receipts: await rows('receipts'),
      friendships: await rows('friendships'),
      blocks: await rows('blocks'),
      reports: await rows('reports'),
      report_resolutions: await rows('report_resolutions'),
      dialect_ids: await rows('dialect_ids'),
      parked: await rows('parked'),
    }
  } finally {
    await client.end()
  }
}

type Ends = ReadonlyMap<number, number>

interface EndsOfSources {
  readonly events: Ends
  readonly receipts: Ends
}

const endsOf = async (log: EventLog, topics: TestWorld['topics']): Promise<EndsOfSources> => ({
  events: await log.ends(topics.events),
  receipts: await log.ends(topics.receipts),
})

/** The fold of the log up to `ends`, made here and now, in memory. */
const foldLog = async (log: EventLog, topics: TestWorld['topics'], ends: EndsOfSources): Promise<Dump> => {
  const readModels = createMemoryReadModels({ clock, random })
  const { projection } = readModels
  for (const [partition, end] of ends.events) {
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
  for (const [partition, end] of ends.receipts) {
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
    onFatal,
  })

const onFatal = (error: unknown): never => {
  throw error
}

/**
 * Once the projectors have caught up: PostgreSQL equals the fold of the log, row by row, nothing is parked, and every table has
 * rows to compare. [G7]
 */
export const expectReadModelsEqualFold = async (world: TestWorld): Promise<void> => {
  const log = await openWorldLog(world)
  let differences: readonly string[] = ['nothing was compared']
  let fold: Dump | undefined
  try {
    await waitUntil(
      async () => {
        fold = await foldLog(log, world.topics, await endsOf(log, world.topics))
        differences = differencesOf(await dumpDatabase(world.databaseUrl), fold)
        return differences.length === 0
      },
      {
        deadlineMs: 30_000,
        everyMs: 100,
        what: () => `the read models equal the fold of the log:\n${differences.join('\n')}`,
      },
    )
    expectRows(fold)
  } finally {
    await log.close()
  }
}

/**
 * The same of an embedded system that was stopped: its log and its read models, read from its database. Every event is projected; the
 * cursors of the last moment may not be, so those count up to where the read models stand. [G7]
 */
export const expectStoredReadModelsEqualFold = async (system: {
  readonly folder: string
  readonly partitions: number
}): Promise<void> => {
  const surroundings = { clock, random, logger: silentLogger, onFatal }
  await using opened = new AsyncDisposableStack()
  const postgres = await startLocalPostgres({ dataDir: join(system.folder, 'postgres'), ...surroundings })
  opened.defer(() => postgres.stop())
  const topics = createTopics({ prefix: 'chat.', partitions: system.partitions, slots: 16 })
  const log = await openPostgresLog({ url: postgres.url, topics, ...surroundings })
  opened.defer(() => log.close())
  const stored = await storedEnds(postgres.url)
  expect(stored.events).toEqual((await endsOf(log, topics)).events)
  const fold = await foldLog(log, topics, stored)
  expect(differencesOf(await dumpDatabase(postgres.url), fold)).toEqual([])
  expectRows(fold)
}

/** Where the read models stand. */
const storedEnds = async (databaseUrl: string): Promise<EndsOfSources> => {
  const client = new pg.Client({ connectionString: databaseUrl })
  client.setTypeParser(bigint, Number)
  await client.connect()
  try {
    const { rows } = await client.query('SELECT source, partition, next_offset FROM read.projection_offsets')
    const of = (source: string): Ends =>
      new Map(rows.filter((row) => row.source === source).map((row) => [row.partition, row.next_offset]))
    return { events: of('events'), receipts: of('receipts') }
  } finally {
    await client.end()
  }
}

/** Two empty tables are equal, too. */
const expectRows = (fold: Dump | undefined): void => {
  for (const table of ['users', 'conversations', 'memberships', 'events_read', 'receipts'] as const)
    expect(fold?.[table].length, `rows of ${table}`).toBeGreaterThan(0)
  expect(fold?.parked).toEqual([])
}
