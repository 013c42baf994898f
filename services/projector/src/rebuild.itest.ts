import { openPostgresRebuild } from '@chat/read-models/postgres'
import { silentLogger } from '@chat/runtime'
import { waitUntil } from '@chat/testkit'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { openRebuildDatabase, type RebuildDatabase } from './test-rebuild-database.ts'
import { createRebuildWorld } from './test-rebuild-world.ts'

let database: RebuildDatabase
beforeAll(async () => {
  database = await openRebuildDatabase()
})
beforeEach(() => database.reset())
afterAll(() => database.close())

const createWorld = () => createRebuildWorld(database.url, onTestFinished)

test('a rebuild equals the fold while events flow, reads go on, and sync tokens live on', async () => {
  const { story, write, history, readModels, runRebuild, expectFold, failures } = await createWorld()
  history.continue(3000)
  await write()
  await expectFold()
  const { token } = await readModels.sync({ user: 1 })
  let isFlowing = true
  let reads = 0
  const flow = async () => {
    while (isFlowing) {
      history.continue(20)
      await write()
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  const read = async () => {
    while (isFlowing) {
      const page = await readModels.sync({ user: 1, token })
      expect(page).not.toHaveProperty('reset')
      expect(page).not.toHaveProperty('stale')
      reads++
    }
  }
  const [flowing, reading] = [flow(), read()]
  const report = await runRebuild()
  expect(report.differences).toEqual([])
  await runRebuild()
  isFlowing = false
  await Promise.all([flowing, reading])
  expect(reads).toBeGreaterThan(5)
  await expectFold()
  story.register(900_000)
  await write()
  await expectFold()
  expect(failures).toEqual([])
  const { rows } = await database.pool.query(`select nspname from pg_namespace where nspname like 'read%' order by 1`)
  expect(rows).toEqual([{ nspname: 'read' }, { nspname: 'read_previous' }])
}, 180_000)

test('live read models that say otherwise are not replaced unless that is accepted', async () => {
  const { write, history, runRebuild, expectFold } = await createWorld()
  history.continue(500)
  await write()
  await expectFold()
  await database.pool.query(`update read.events_read set data = '{}' where conversation = 'g2' or seq = 3`)
  await expect(runRebuild()).rejects.toMatchObject({ code: 'rebuild_differs' })
  const report = await runRebuild({ onDifferences: 'accept' })
  expect(report.differences.length).toBeGreaterThan(0)
  await expectFold()
})

test('differences of users, stays, cursors and missing conversations are found', async () => {
  const { write, history, runRebuild, expectFold } = await createWorld()
  history.continue(800)
  await write()
  await expectFold()
  for (const [spoil, table] of [
    [`update read.users set display_name = 'x' where id = 1`, 'users'],
    [
      `update read.memberships set left_seq = 1 where (conversation, user_id) = (select conversation, user_id from read.memberships where left_seq is null order by 1, 2 limit 1)`,
      'conversations',
    ],
    [`delete from read.conversations where id = (select min(id) from read.conversations)`, 'conversations'],
    [`update read.receipts set read_seq = read_seq + 50`, 'receipts'],
    [`update read.friendships set since = since + 1`, 'friendships'],
    [`delete from read.blocks`, 'blocks'],
  ] as const) {
    await database.pool.query(spoil)
    const report = await runRebuild({ onDifferences: 'accept' })
    expect(report.differences.map((difference) => difference.table)).toContain(table)
    await expectFold()
  }
})

test('a parked aggregate is projected again after a rebuild, once its handler is mended', async () => {
  const { story, write, readModels, runRebuild, expectFold } = await createWorld()
  const [group, other] = [story.group(1, 1), story.group(5, 1)]
  await database.pool.query(`insert into read.parked values ($1, 0, 0, 'a bug that is gone')`, [group])
  await write()
  await waitUntil(async () => (await readModels.visibleSeq(1, other)) === 1, { deadlineMs: 5000, what: 'the other' })
  expect(await readModels.visibleSeq(1, group)).toBeUndefined()
  const report = await runRebuild()
  expect(report.differences).toEqual([])
  await expectFold()
  story.post(group, 1)
  await write()
  await expectFold()
})

test('a switch that would take back what was read is refused', async () => {
  const { story, write, url, expectFold } = await createWorld()
  const group = story.group(1, 1)
  await write()
  await expectFold()
  const next = openPostgresRebuild({ url, logger: silentLogger, poolMax: 4 })
  onTestFinished(() => next.close())
  await next.begin()
  await next.clear()
  await next.finishLoading()
  const asked: unknown[] = []
  expect(await next.switchOver('keep', async (live) => void asked.push(live.events.get(0)))).toBe(false)
  expect(asked).toEqual([1])
  story.post(group, 1)
  await write()
  await expectFold()
})

test('after the log was cut a rebuild makes what the log says now, and tokens of before are reset', async () => {
  const { story, write, readModels, runRebuild, expectFold, store, topics, health } = await createWorld()
  const group = story.group(1, 1)
  for (let count = 0; count < 5; count++) story.post(group, 1)
  await write()
  await expectFold()
  const { token } = await readModels.sync({ user: 1 })
  store.truncate(topics.events, 0, 3)
  await waitUntil(() => Object.values(health.reasons()).join().includes('log_cut'), { deadlineMs: 5000, what: 'alarm' })
  await runRebuild()
  expect(await readModels.visibleSeq(1, group)).toBe(3)
  expect(await readModels.sync({ user: 1, token })).toMatchObject({ reset: true })
})

test('two rebuilds at once: the second is refused and disturbs nothing', async () => {
  const { write, history, runRebuild, expectFold } = await createWorld()
  history.continue(1000)
  await write()
  const [first, second] = await Promise.allSettled([runRebuild(), runRebuild()])
  const refused = [first, second].filter((outcome) => outcome.status === 'rejected')
  expect(refused).toMatchObject([{ reason: { code: 'rebuild_running' } }])
  await expectFold()
})
