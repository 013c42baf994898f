import { silentLogger } from '@chat/runtime'
import { systemClock as clock } from '@chat/runtime/system'
import { createSeededRandom, createTestWorld, type TestWorld } from '@chat/testkit'
import { randomHistory } from '@chat/testkit/contracts/read-models-random'
import { createStory } from '@chat/testkit/contracts/read-models-story'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { EventBatch, Projection } from '../index.ts'
import { createMemoryReadModels, differencesOf } from '../memory.ts'
import { applyMigrations, dumpPostgres, openPostgresProjection } from './index.ts'

let world: TestWorld
let pool: pg.Pool
let first: Projection
let second: Projection
beforeAll(async () => {
  world = await createTestWorld()
  pool = new pg.Pool({ connectionString: world.databaseUrl, max: 2 })
})
beforeEach(async () => {
  await pool.query('drop schema if exists read cascade')
  await applyMigrations(pool)
  const options = { url: world.databaseUrl, logger: silentLogger, poolMax: 4 }
  ;[first, second] = [openPostgresProjection(options), openPostgresProjection(options)]
})
afterEach(() => Promise.all([first.close(), second.close()]))
afterAll(async () => {
  await pool.end()
  await world.close()
})

const partitions = 4

/** What the story holds of a partition from `from` on, as one batch. */
const batchFrom = (story: ReturnType<typeof createStory>, partition: number, from: number): EventBatch => {
  const events = (story.events[partition] ?? []).slice(from)
  const nextOffset = from + events.length
  return { partition, from, to: { nextOffset, lastPos: nextOffset - 1, chain: 'x' }, events }
}

// [G7] [G8]
test('two projectors that write the same partition in turns leave the rows of one', async () => {
  const story = createStory(1)
  const direct = story.direct(1, 2)
  expect(await first.applyEvents(batchFrom(story, 0, 0))).toEqual([])
  story.post(direct, 1)
  expect(await second.applyEvents(batchFrom(story, 0, 1))).toEqual([])
  story.post(direct, 1)
  expect(await first.applyEvents(batchFrom(story, 0, 2))).toEqual([])
  const { rows } = await pool.query('select seq, own_ordinal from read.events_read order by seq')
  expect(rows).toEqual([1, 2, 3].map((seq) => ({ seq, own_ordinal: seq })))
})

test('a projector that was overtaken forgets what it held, and goes on from what the other wrote', async () => {
  const story = createStory(1)
  const direct = story.direct(1, 2)
  await first.applyEvents(batchFrom(story, 0, 0))
  story.post(direct, 1)
  await second.applyEvents(batchFrom(story, 0, 1))
  await expect(first.applyEvents(batchFrom(story, 0, 1))).rejects.toMatchObject({ code: 'projection_overtaken' })
  story.post(direct, 1)
  expect(await first.applyEvents(batchFrom(story, 0, 2))).toEqual([])
  const { rows } = await pool.query('select last_seq from read.conversations')
  expect(rows).toEqual([{ last_seq: 3 }])
})

test('what one projector parked stays parked for the other', async () => {
  const story = createStory(1)
  const group = story.group(1, 1)
  await first.applyEvents(batchFrom(story, 0, 0))
  await pool.query(`alter table read.events_read add check (data not like '%poison%')`)
  story.post(group, 1, 'poison')
  expect(await second.applyEvents(batchFrom(story, 0, 1))).toMatchObject([{ aggregate: group, pos: 1 }])
  story.post(group, 1)
  expect(await first.applyEvents(batchFrom(story, 0, 2)), 'no second alarm').toEqual([])
  const dump = await dumpPostgres(world.databaseUrl)
  expect(dump.parked.map(({ pos }) => pos).sort()).toEqual([1, 2])
  expect(dump.events_read.map(({ seq }) => seq)).toEqual([1])
})

test('a database that took back a commit is projected again from what it holds', async () => {
  const story = createStory(1)
  const direct = story.direct(1, 2)
  await first.applyEvents(batchFrom(story, 0, 0))
  story.post(direct, 1)
  await first.applyEvents(batchFrom(story, 0, 1))
  // As after a power cut: the newest transaction is gone, its offset with its rows.
  await pool.query(`with o as (update read.projection_offsets set next_offset = 1),
    c as (update read.conversations set last_seq = 1, last_pos = 0, messages = 1) delete from read.events_read where seq = 2`)
  await expect(first.applyEvents(batchFrom(story, 0, 2))).rejects.toMatchObject({ code: 'projection_overtaken' })
  story.post(direct, 2)
  expect(await first.applyEvents(batchFrom(story, 0, 1))).toEqual([])
  const { rows } = await pool.query('select last_seq from read.conversations')
  expect(rows).toEqual([{ last_seq: 3 }])
})

test.each([1, 2, 3])(
  'a random history that two projectors fold by turns, one of them late at times, gives the rows of the twin, seed %i',
  async (seed) => {
    const random = createSeededRandom(seed)
    const story = createStory(partitions)
    const history = randomHistory(story, random)
    const memory = createMemoryReadModels({ clock, random })
    let late = 0
    for (let round = 0; round < 40; round++) {
      history.continue(15)
      const before = await Promise.all(
        Array.from(
          { length: partitions },
          async (_, partition) => (await first.offset('events', partition)).nextOffset,
        ),
      )
      const [writer, other] = random.fraction() < 0.5 ? [first, second] : [second, first]
      await story.applyTo(writer, 1 + Math.floor(random.fraction() * 9))
      if (random.fraction() < 0.5) continue
      for (const [partition, from] of before.entries()) {
        const batch = batchFrom(story, partition, from)
        if (batch.events.length === 0) continue
        await expect(other.applyEvents(batch)).rejects.toMatchObject({ code: 'projection_overtaken' })
        late++
      }
    }
    await story.applyTo(memory.projection)
    const dump = await dumpPostgres(world.databaseUrl)
    expect(differencesOf(dump, memory.dump())).toEqual([])
    expect(dump.parked).toEqual([])
    expect(dump.receipts.length).toBeGreaterThan(0)
    expect(late).toBeGreaterThan(0)
  },
)
