import type { EventLog } from '@chat/event-log'
import { openKafkaLog } from '@chat/event-log/kafka'
import { applyMigrations, openPostgresRebuild } from '@chat/read-models/postgres'
import { silentLogger } from '@chat/runtime'
import { systemClock as clock, systemRandom as random } from '@chat/runtime/system'
import { allTopics } from '@chat/schemas'
import { createTestWorld, type TestWorld } from '@chat/testkit'
import { createStory } from '@chat/testkit/contracts/read-models-story'
import pg from 'pg'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { startLoadThreads } from './load-threads.ts'
import { createTestWriter } from './test-log.ts'

let world: TestWorld
let pool: pg.Pool
let log: EventLog
const never = new AbortController().signal
const story = createStory(4)

beforeAll(async () => {
  world = await createTestWorld()
  pool = new pg.Pool({ connectionString: world.databaseUrl, max: 2 })
  await applyMigrations(pool)
  const onFatal = (error: unknown) => {
    throw error
  }
  const brokers = world.stack.kafkaBrokers
  log = await openKafkaLog({ brokers, clientId: 'test', clock, random, logger: silentLogger, onFatal })
  await log.ensureTopics(allTopics(world.topics), { replicas: 1 })
  for (let count = 0; count < 3000; count++) story.direct(1 + (count % 40), 50 + (count % 7))
  await createTestWriter(log, world.topics).write(story)
}, 60_000)
afterAll(async () => {
  await log.close()
  await pool.end()
  await world.close()
})

const start = async (count: number) => {
  const next = openPostgresRebuild({ url: world.databaseUrl, logger: silentLogger, poolMax: 2 })
  await next.begin()
  await next.clear()
  const { stack, databaseUrl, prefix, partitions, slots } = world
  const settings = { kafkaBrokers: stack.kafkaBrokers, databaseUrl, logLevel: 'silent' }
  const threads = startLoadThreads(count, { ...settings, world: { prefix, partitions, slots } })
  onTestFinished(async () => {
    await threads.close()
    await next.close()
  })
  return threads
}

const jobOf = async (partition: number) => {
  const ends = { events: (await log.ends(world.topics.events)).get(partition) ?? 0, receipts: 0 }
  return { partition, ends }
}

const storedEvents = async (): Promise<number> => {
  const { rows } = await pool.query('select count(*)::int as count from read_next.events_read')
  return rows[0].count
}

test('threads load partitions side by side, and tell how far they are', async () => {
  const threads = await start(2)
  let passed = 0
  const load = async (partition: number) =>
    threads.load(await jobOf(partition), (records) => (passed += records), never)
  const loaded = [...(await Promise.all([load(0), load(1)])), ...(await Promise.all([load(2), load(3)]))]
  expect(loaded.reduce((sum, { events }) => sum + events, 0)).toBe(3000)
  expect(passed).toBe(3000)
  expect(await storedEvents()).toBe(3000)
}, 60_000)

test('what fails in a thread comes out of it with its code, and nothing of the partition is kept', async () => {
  const threads = await start(1)
  await pool.query(`comment on schema read_next is 'built by somebody else'`)
  await expect(threads.load(await jobOf(0), () => {}, never)).rejects.toMatchObject({
    code: 'rebuild_lost',
    isRetryable: false,
  })
  expect(await storedEvents()).toBe(0)
}, 60_000)

test('a job that is aborted ends with the reason', async () => {
  const threads = await start(1)
  const reason = new Error('no longer wanted')
  const aborting = new AbortController()
  const loading = threads.load(await jobOf(0), () => aborting.abort(reason), aborting.signal)
  await expect(loading).rejects.toBe(reason)
}, 60_000)

test('a job given to a thread that has ended does not wait for ever', async () => {
  const threads = await start(1)
  await threads.close()
  await expect(threads.load(await jobOf(0), () => {}, never)).rejects.toMatchObject({ code: 'rebuild_failed' })
}, 60_000)
