import { waitUntil } from '@chat/testkit'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { dropPrevious } from './rollback.ts'
import { openRebuildDatabase, type RebuildDatabase } from './test-rebuild-database.ts'
import { createRebuildWorld } from './test-rebuild-world.ts'

let database: RebuildDatabase
beforeAll(async () => {
  database = await openRebuildDatabase()
})
beforeEach(() => database.reset())
afterAll(() => database.close())

/** Rebuilt once: what was live is the previous one. */
const createWorld = async () => {
  const world = await createRebuildWorld(database.url, onTestFinished)
  world.history.continue(800)
  await world.write()
  await world.expectFold()
  const oldTables = await tablesOf('read')
  await world.runRebuild()
  return { ...world, oldTables }
}

const tablesOf = async (schema: string): Promise<number> => {
  const { rows } = await database.pool.query('select to_regclass($1)::oid::int as oid', [`${schema}.events_read`])
  return rows[0].oid
}

const noteOf = async (): Promise<string> => {
  const { rows } = await database.pool.query(
    `select obj_description(to_regnamespace('read_previous'), 'pg_namespace') as note`,
  )
  return String(rows[0].note)
}

test('the replaced read models are kept up by the projectors', async () => {
  const { history, write, expectFold } = await createWorld()
  history.continue(300)
  await write()
  await expectFold('read_previous')
  history.continue(300)
  await write()
  await expectFold('read_previous')
  await expectFold()
})

test('a rollback while events flow takes nothing away, sync tokens live on, and it can be taken back', async () => {
  const { history, write, readModels, runRollback, expectFold, failures, oldTables } = await createWorld()
  let isFlowing = true
  const flow = async () => {
    while (isFlowing) {
      history.continue(20)
      await write()
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  const { token } = await readModels.sync({ user: 1 })
  let reads = 0
  const read = async () => {
    while (isFlowing) {
      const page = await readModels.sync({ user: 1, token })
      expect(page).not.toHaveProperty('reset')
      expect(page).not.toHaveProperty('stale')
      reads++
    }
  }
  const [flowing, reading] = [flow(), read()]
  await runRollback()
  expect(await tablesOf('read')).toBe(oldTables)
  await runRollback()
  expect(await tablesOf('read_previous')).toBe(oldTables)
  await runRollback()
  isFlowing = false
  await Promise.all([flowing, reading])
  expect(reads).toBeGreaterThan(0)
  await expectFold()
  await expectFold('read_previous')
  expect(failures).toEqual([])
})

test('the next rebuild and an operator drop the previous read models', async () => {
  const { runRebuild, runRollback, withPrevious, oldTables, history, write, expectFold, failures } = await createWorld()
  await runRebuild()
  const { rows } = await database.pool.query(`select count(*)::int as count from pg_class where oid = $1`, [oldTables])
  expect(rows, 'the tables of before the last rebuild are gone').toEqual([{ count: 0 }])
  const said: string[] = []
  const drop = () => withPrevious((previous) => dropPrevious({ previous, say: (line) => void said.push(line) }))
  expect(await drop()).toBe('fit')
  expect(await drop()).toBe('absent')
  expect(said).toEqual(['the previous read models are dropped', 'there are no previous read models'])
  await expect(runRollback()).rejects.toMatchObject({ code: 'rollback_refused' })
  history.continue(100)
  await write()
  await expectFold()
  expect(failures).toEqual([])
})

test('previous read models whose tables do not take the rows are marked, a rollback refuses them, and the live ones go on', async () => {
  const { history, write, runRollback, expectFold, failures, health, lines } = await createWorld()
  const live = await tablesOf('read')
  await database.pool.query('alter table read_previous.conversations drop column last_at')
  history.continue(300)
  await write()
  await waitUntil(async () => (await noteOf()).includes('last_at'), { deadlineMs: 20_000, what: 'the mark' })
  await expect(runRollback()).rejects.toMatchObject({
    code: 'rollback_refused',
    message: expect.stringContaining('do not take the rows of this build'),
  })
  expect(await tablesOf('read')).toBe(live)
  await expectFold()
  expect([failures, health.reasons(), lines.filter((line) => line.includes('switched back'))]).toEqual([[], {}, []])
})

test('previous read models of another version are refused', async () => {
  const { runRollback } = await createWorld()
  await database.pool.query('insert into read_previous.migrations values (999)')
  await expect(runRollback()).rejects.toMatchObject({
    code: 'rollback_refused',
    message: expect.stringContaining('another version'),
  })
})

test('no way back to what stands still there and goes on here, unless that is accepted', async () => {
  const { story, write, runRollback, lines } = await createWorld()
  const group = story.group(77_777, 1)
  await write()
  await database.pool.query(`insert into read_previous.parked values ($1, 9, 0, 'a bug that was mended')`, [group])
  await expect(runRollback()).rejects.toMatchObject({ code: 'rollback_refused' })
  expect(lines.join('\n')).toContain('1 conversations or accounts stand still')
  await runRollback({ onDifferences: 'accept' })
  expect(lines.at(-1)).toContain('switched back')
})

test('after the log was cut there is no way back to read models of what is gone', async () => {
  const { story, write, store, topics, health, runRebuild, runRollback, expectFold } = await createWorld()
  const partition = story.partitionOf(story.group(77_777, 1))
  for (let count = 0; count < 5; count++) story.post('g77777', 1)
  await write()
  await expectFold()
  store.truncate(topics.events, partition, (story.events[partition]?.length ?? 0) - 3)
  await waitUntil(() => Object.values(health.reasons()).join().includes('log_cut'), { deadlineMs: 5000, what: 'alarm' })
  await runRebuild()
  await expect(runRollback()).rejects.toMatchObject({
    code: 'rollback_refused',
    message: expect.stringContaining('has been cut since'),
  })
})

test('a note that comes after a switch says nothing of the tables that are there then', async () => {
  const { withPrevious } = await createWorld()
  const state = () => withPrevious((previous) => previous.begin())
  const { kind } = await state()
  expect(kind).toBe('fit')
  await database.pool.query(`comment on schema read_previous is 'unfit 1 of others'`)
  expect((await state()).kind).toBe('fit')
})
