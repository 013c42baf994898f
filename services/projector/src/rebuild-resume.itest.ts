import type { EventLog } from '@chat/event-log'
import { openPostgresRebuild } from '@chat/read-models/postgres'
import { Fault, silentLogger } from '@chat/runtime'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { openRebuildDatabase, type RebuildDatabase } from './test-rebuild-database.ts'
import { createRebuildWorld } from './test-rebuild-world.ts'

let database: RebuildDatabase
beforeAll(async () => {
  database = await openRebuildDatabase()
})
beforeEach(() => database.reset())
afterAll(() => database.close())

const createWorld = async () => {
  const world = await createRebuildWorld(database.url, onTestFinished)
  world.history.continue(2000)
  await world.write()
  await world.expectFold()
  return world
}

/** A log whose reader is torn away in the middle of the `reads`-th partition that is read whole. */
const breakingAt = (log: EventLog, reads: number): EventLog => {
  let begun = 0
  return {
    ...log,
    read: async function* (topic, partition, from, to, signal) {
      const isWhole = topic.kind === 'events' && from === 0 && to > 1
      const isLast = isWhole && ++begun === reads
      for await (const records of log.read(topic, partition, from, to, signal)) {
        yield isLast ? records.slice(0, 10) : records
        if (isLast) throw new Fault('log_unavailable', 'torn away', { isRetryable: false })
      }
    },
  }
}

const loadedPartitions = async (): Promise<readonly number[]> => {
  const { rows } = await database.pool.query(
    `select partition from read_next.projection_offsets where source = 'events' order by 1`,
  )
  return rows.map(({ partition }) => partition)
}

test('an interrupted rebuild goes on from the partitions that it had read to their end', async () => {
  const { log, lines, history, write, runRebuild, expectFold } = await createWorld()
  const broken = breakingAt(log, 3)
  await expect(runRebuild({ partitionsAtOnce: 1 }, broken)).rejects.toMatchObject({ code: 'log_unavailable' })
  expect(await loadedPartitions()).toHaveLength(2)
  const { rows: kept } = await database.pool.query('select count(*)::int as count from read_next.events_read')
  history.continue(300)
  await write()
  const report = await runRebuild()
  expect(lines).toContain('going on from what an interrupted run left')
  expect(report.differences).toEqual([])
  const { rows: all } = await database.pool.query('select count(*)::int as count from read.events_read')
  expect(report.events, 'only the other partitions were read').toBeLessThan(all[0].count)
  expect(kept[0].count).toBeGreaterThan(0)
  await expectFold()
})

/** One read of events is torn away when all the others are in the middle of theirs; these end early, as aborted reads do. */
const breakingInTheMiddle = (log: EventLog, others: number): EventLog => {
  const [inTheMiddle, torn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  let reading = 0
  return {
    ...log,
    read: async function* (topic, partition, from, to, signal) {
      const isWhole = topic.kind === 'events' && from === 0 && to > 1
      if (!isWhole) return yield* log.read(topic, partition, from, to, signal)
      const isTorn = reading === others
      if (++reading > others) inTheMiddle.resolve()
      for await (const records of log.read(topic, partition, from, to, signal)) {
        yield records.slice(0, 10)
        if (isTorn) {
          await inTheMiddle.promise
          torn.resolve()
          throw new Fault('log_unavailable', 'torn away', { isRetryable: false })
        }
        await torn.promise
        await new Promise<void>((resolve) => {
          if (signal.aborted) resolve()
          else signal.addEventListener('abort', () => resolve(), { once: true })
        })
        return
      }
    },
  }
}

test('a failure of one partition ends the reads of the others, and nothing half is kept', async () => {
  const { log, runRebuild, expectFold } = await createWorld()
  const broken = breakingInTheMiddle(log, 3)
  await expect(runRebuild({ partitionsAtOnce: 4 }, broken)).rejects.toMatchObject({ code: 'log_unavailable' })
  expect(await loadedPartitions()).toEqual([])
  const { rows } = await database.pool.query('select count(*)::int as count from read_next.events_read')
  expect(rows).toEqual([{ count: 0 }])
  await runRebuild()
  await expectFold()
})

test('a rebuild that was interrupted after its indexes goes on with catching up', async () => {
  const { lines, history, write, runRebuild, expectFold } = await createWorld()
  await database.pool.query(`update read.users set display_name = 'x' where id = 1`)
  await expect(runRebuild()).rejects.toMatchObject({ code: 'rebuild_differs' })
  history.continue(300)
  await write()
  const report = await runRebuild({ onDifferences: 'accept' })
  expect(lines).toContain('going on from what an interrupted run left')
  expect(report).toMatchObject({ events: 0, differences: [{ table: 'users', key: '1' }] })
  await expectFold()
})

test.each([
  ['of another build', `comment on schema read_next is 'built by somebody else'`, 'was made by another build'],
  ['of another shape', 'insert into read_next.migrations values (999)', 'was made by another build'],
  ['of another log', `update read_next.projection_offsets set chain = 'another'`, 'is of another log'],
])('what is left %s is not gone on from: it says so and begins anew', async (_, spoil, why) => {
  const { log, lines, runRebuild, expectFold } = await createWorld()
  await expect(runRebuild({}, breakingAt(log, 4))).rejects.toMatchObject({ code: 'log_unavailable' })
  await database.pool.query(spoil)
  const report = await runRebuild()
  expect(lines.join('\n')).toMatch(new RegExp(`beginning anew: what an interrupted run left ${why}`))
  const { rows } = await database.pool.query('select count(*)::int as count from read.events_read')
  expect(report.events).toBeGreaterThanOrEqual(rows[0].count)
  await expectFold()
})

test('asked to begin anew, it does', async () => {
  const { log, lines, runRebuild, expectFold } = await createWorld()
  await expect(runRebuild({}, breakingAt(log, 4))).rejects.toMatchObject({ code: 'log_unavailable' })
  await runRebuild({ from: 'anew' })
  expect(lines).toContain('beginning anew: as was asked')
  await expectFold()
})

test('a partition that a run left behind still writes is loaded by one of the two only', async () => {
  const { url, story } = await createWorld()
  const next = openPostgresRebuild({ url, logger: silentLogger, poolMax: 2 })
  onTestFinished(() => next.close())
  await next.begin()
  await next.clear()
  const events = story.events[0] ?? []
  const to = { nextOffset: events.length, lastPos: events.length - 1, chain: 'x' }
  const load = () =>
    next.loadPartition(0, async (into) => void (await into.events({ partition: 0, from: 0, to, events })))
  const outcomes = await Promise.allSettled([load(), load()])
  expect(outcomes.filter(({ status }) => status === 'rejected')).toMatchObject([
    { reason: { code: 'projection_overtaken' } },
  ])
  const { rows } = await database.pool.query('select count(*)::int as count from read_next.users')
  expect(rows).toEqual([{ count: events.filter(({ event }) => event.type === 'UserRegistered').length }])
})

test('a run whose tables another build has taken over loads nothing into them', async () => {
  const { url } = await createWorld()
  const next = openPostgresRebuild({ url, logger: silentLogger, poolMax: 2 })
  onTestFinished(() => next.close())
  await next.begin()
  await next.clear()
  await database.pool.query(`comment on schema read_next is 'built by somebody else'`)
  const load = next.loadPartition(0, async () => {})
  await expect(load).rejects.toMatchObject({ code: 'rebuild_lost' })
})

test('what people write arrives as it is, whatever it means to the format of a copy', async () => {
  const { story, write, runRebuild, expectFold } = await createRebuildWorld(database.url, onTestFinished)
  const texts = ['\\N', '\\.', 'a\tb\nc\r\\d', '', '\u0000', '🦊 \u2028', '\\', 'x'.repeat(4000)]
  for (const [index, text] of texts.entries()) {
    story.register(index + 1, `name-${index}${text.slice(0, 50)}`, text)
    story.group(100 + index, 1, { title: text })
    story.post(`g${100 + index}`, 1, text)
  }
  await write()
  await expectFold()
  expect((await runRebuild()).differences).toEqual([])
  await expectFold()
})
