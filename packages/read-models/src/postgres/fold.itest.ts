import { silentLogger } from '@chat/runtime'
import { systemClock as clock } from '@chat/runtime/system'
import { createSeededRandom, createTestWorld, type TestWorld, waitUntil } from '@chat/testkit'
import { randomHistory } from '@chat/testkit/contracts/read-models-random'
import { createStory } from '@chat/testkit/contracts/read-models-story'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createMemoryReadModels, differencesOf } from '../memory.ts'
import { applyMigrations, dumpPostgres, openPostgresProjection, openPostgresReadModels } from './index.ts'

let world: TestWorld
let pool: pg.Pool
beforeAll(async () => {
  world = await createTestWorld()
  pool = new pg.Pool({ connectionString: world.databaseUrl, max: 2 })
})
beforeEach(async () => {
  await pool.query('drop schema if exists read cascade')
  await applyMigrations(pool)
})
afterAll(async () => {
  await pool.end()
  await world.close()
})

test.each([1, 2, 3, 4, 5])(
  'a random history gives the same rows and the same answers in memory and in PostgreSQL, seed %i',
  async (seed) => {
    const random = createSeededRandom(seed)
    const options = { url: world.databaseUrl, clock, logger: silentLogger, poolMax: 4 }
    const [projection, stored] = [openPostgresProjection(options), openPostgresReadModels(options)]
    const memory = createMemoryReadModels({ clock, random })
    const story = createStory(4)
    const history = randomHistory(story, random)
    const tokens = new Map<number, readonly [string, string]>()
    for (let round = 0; round < 4; round++) {
      history.continue(200)
      // Other batches than the twin's: what is read between batches must not matter.
      await story.applyTo(projection, 1 + Math.floor(random.fraction() * 60))
      await story.applyTo(memory.projection)
      expect(differencesOf(await dumpPostgres(world.databaseUrl), memory.dump())).toEqual([])
      const window = { from: 0, to: Date.UTC(2040, 0, 1), n: 50, isHidden: () => false }
      expect(await stored.popularWords(window)).toEqual(await memory.popularWords(window))
      for (const user of history.users.slice(0, 12)) {
        const [ours, theirs] = tokens.get(user) ?? []
        const [a, b] = [
          await stored.sync({ user, ...(ours === undefined ? {} : { token: ours }) }),
          await memory.sync({ user, ...(theirs === undefined ? {} : { token: theirs }) }),
        ]
        tokens.set(user, [a.token, b.token])
        expect({ ...a, token: '' }).toEqual({ ...b, token: '' })
        expect(await stored.conversations(user, undefined, 100)).toEqual(
          await memory.conversations(user, undefined, 100),
        )
        expect(await stored.friends(user, undefined, 2)).toEqual(await memory.friends(user, undefined, 2))
        const blocks = await stored.blocksBetween(history.users, [user])
        expect(new Set(blocks.map(({ by }) => by))).toEqual(
          new Set((await memory.blocksBetween(history.users, [user])).map(({ by }) => by)),
        )
        for (const query of ['text', 'text 7', `text ${200 * round}`]) {
          const asked = { user, query, limit: 20 }
          expect(await stored.search(asked)).toEqual(await memory.search(asked))
        }
        for (const conversation of history.conversations.slice(0, 10)) {
          const query = { user, conversation, limit: 7, after: Math.floor(random.fraction() * 9) }
          expect(await stored.history(query)).toEqual(await memory.history(query))
          const seq = 1 + Math.floor(random.fraction() * 12)
          expect(await stored.message(user, conversation, seq)).toEqual(await memory.message(user, conversation, seq))
          const asked = { user, conversation, seq, limit: 2 }
          expect(await stored.edits(asked)).toEqual(await memory.edits(asked))
          expect(await stored.conversation(user, conversation)).toEqual(await memory.conversation(user, conversation))
        }
      }
    }
    await stored.close()
    await projection.close()
  },
)

test('an event whose rows the database refuses parks its aggregate, and the rest of its batch is projected', async () => {
  const projection = openPostgresProjection({ url: world.databaseUrl, logger: silentLogger, poolMax: 2 })
  await pool.query(`alter table read.events_read add check (data not like '%poison%')`)
  const story = createStory(4)
  const [bad, good] = [story.group(1, 1), story.group(5, 1)]
  story.post(bad, 1, 'poison')
  story.post(good, 1)
  story.post(bad, 1)
  const events = story.events[0] ?? []
  const to = { nextOffset: events.length, lastPos: events.length - 1, chain: 'x' }
  const parked = await projection.applyEvents({ partition: 0, from: 0, to, events })
  expect(parked).toMatchObject([{ aggregate: bad, pos: 2 }])
  const { rows } = await pool.query('select id, last_seq from read.conversations order by id')
  expect(rows).toEqual([
    { id: bad, last_seq: 1 },
    { id: good, last_seq: 2 },
  ])
  expect(await projection.offset('events', 0)).toEqual(to)
  const dump = await dumpPostgres(world.databaseUrl)
  expect(dump.parked.map(({ pos }) => pos).sort()).toEqual([2, 4])
  await projection.close()
})

test('a database that is away, or has no tables yet, is a fault that passes', async () => {
  const nowhere = openPostgresReadModels({
    url: 'postgres://nobody@127.0.0.1:9/none',
    clock,
    logger: silentLogger,
    poolMax: 1,
  })
  await expect(nowhere.userById(1)).rejects.toMatchObject({ code: 'read_models_unavailable', isRetryable: true })
  await expect(nowhere.sync({ user: 1 })).rejects.toMatchObject({ code: 'read_models_unavailable' })
  expect(await nowhere.waitFor([{ partition: 0, pos: 0 }], 100)).toBe(false)
  await nowhere.close()
  await pool.query('drop schema read cascade')
  const options = { url: world.databaseUrl, clock, logger: silentLogger, poolMax: 1 }
  const [stored, projection] = [openPostgresReadModels(options), openPostgresProjection(options)]
  await expect(stored.sync({ user: 1 })).rejects.toMatchObject({ code: 'read_models_unavailable' })
  await expect(projection.offset('events', 0)).rejects.toMatchObject({ code: 'read_models_unavailable' })
  await stored.close()
  await projection.close()
})

test('migrations can be applied again, and by several at once', async () => {
  await pool.query('drop schema read cascade')
  await Promise.all([applyMigrations(pool), applyMigrations(pool)])
  const first = await pool.query('select generation from read.generation')
  await applyMigrations(pool)
  expect(await pool.query('select generation from read.generation')).toMatchObject({ rows: first.rows })
})

test('read models of an older build are made anew, empty and with their generation, for the projector to fill again', async () => {
  const options = { url: world.databaseUrl, clock, logger: silentLogger, poolMax: 2 }
  const story = createStory(1)
  story.group(1, 1)
  const projection = openPostgresProjection(options)
  await story.applyTo(projection, 10)
  expect(await applyMigrations(pool)).toEqual({ isEmptied: false })
  const full = await dumpPostgres(world.databaseUrl)
  const before = await pool.query('select generation from read.generation')
  await pool.query('delete from read.migrations where version = (select max(version) from read.migrations)')
  expect(await applyMigrations(pool)).toEqual({ isEmptied: true })
  expect(await pool.query('select generation from read.generation')).toMatchObject({ rows: before.rows })
  expect(await projection.offset('events', 0)).toMatchObject({ nextOffset: 0 })
  await projection.close()
  const again = openPostgresProjection(options)
  await story.applyTo(again, 10)
  expect(await dumpPostgres(world.databaseUrl)).toEqual(full)
  await again.close()
})

test('a projector of another build writes nothing, and says whose the read models are', async () => {
  const projection = openPostgresProjection({ url: world.databaseUrl, logger: silentLogger, poolMax: 2 })
  await pool.query('insert into read.migrations values (999)')
  const story = createStory(1)
  story.group(1, 1)
  await expect(story.applyTo(projection)).rejects.toMatchObject({ code: 'read_models_foreign', isRetryable: false })
  expect(await projection.offset('events', 0)).toMatchObject({ nextOffset: 0 })
  await projection.close()
})

test('a connection that is cut in the middle of a batch is a fault, and the batch can be applied again', async () => {
  const projection = openPostgresProjection({ url: world.databaseUrl, logger: silentLogger, poolMax: 2 })
  const story = createStory(1)
  story.group(1, 1)
  const to = { nextOffset: 1, lastPos: 0, chain: 'x' }
  const batch = { partition: 0, from: 0, to, events: story.events[0] ?? [] }
  const blocker = await pool.connect()
  await blocker.query('begin')
  await blocker.query('lock table read.projection_offsets')
  const outcome = projection.applyEvents(batch).then(
    () => 'applied',
    (error: { code?: string }) => error.code,
  )
  await waitUntil(
    async () => {
      const { rows } = await pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock' and query like '%projection_offsets%'`,
      )
      return rows.length > 0
    },
    { deadlineMs: 5000, what: 'the batch waits for the lock' },
  )
  expect(await outcome).toBe('read_models_unavailable')
  await blocker.query('commit')
  blocker.release()
  expect(await projection.applyEvents(batch)).toEqual([])
  expect(await projection.offset('events', 0)).toEqual(to)
  await projection.close()
})
