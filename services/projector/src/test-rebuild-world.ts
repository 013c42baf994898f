import type { EventLog } from '@chat/event-log'
import { createMemoryStore } from '@chat/event-log/memory'
import { createMemoryReadModels, differencesOf } from '@chat/read-models/memory'
import {
  dumpPostgres,
  openPostgresKept,
  openPostgresPrevious,
  openPostgresProjection,
  openPostgresReadModels,
  openPostgresRebuild,
} from '@chat/read-models/postgres'
import { createHealth, createMetrics, silentLogger } from '@chat/runtime'
import { systemClock as clock } from '@chat/runtime/system'
import { createEncoder, createTopics, localSchemaIds } from '@chat/schemas'
import { createSeededRandom, waitUntil } from '@chat/testkit'
import { randomHistory } from '@chat/testkit/contracts/read-models-random'
import { createStory } from '@chat/testkit/contracts/read-models-story'
import { foldLog } from './fold-log.ts'
import { createLoader } from './load.ts'
import { createProjector } from './projector.ts'
import { type RebuildOptions, rebuild } from './rebuild.ts'
import { type RollbackOptions, rollback } from './rollback.ts'
import { createTestWriter } from './test-log.ts'

const options = { partitionsAtOnce: 2, onDifferences: 'refuse', from: 'resume' } as const

/** A log in memory, a projector that follows it into PostgreSQL, and what an operator does beside them. */
export const createRebuildWorld = async (url: string, onFinished: (stop: () => Promise<void>) => void) => {
  const topics = createTopics({ prefix: 't.', partitions: 4, slots: 1 })
  const store = createMemoryStore({ clock })
  const log = store.client('test')
  const random = createSeededRandom(5)
  const projection = openPostgresProjection({ url, logger: silentLogger, poolMax: 4 })
  const kept = openPostgresKept({ url, logger: silentLogger, poolMax: 2 })
  const readModels = openPostgresReadModels({ url, clock, logger: silentLogger, poolMax: 4 })
  const health = createHealth()
  const failures: unknown[] = []
  const projector = createProjector(
    { logPrefix: 't.' },
    {
      ...{ log, topics, projection, kept, clock, random, health, logger: silentLogger },
      encoder: createEncoder(localSchemaIds),
      metrics: createMetrics({ withProcess: 'bare' }),
      onFatal: (error) => failures.push(error),
    },
  )
  await projector.start()
  onFinished(async () => {
    await projector.stop()
    await Promise.all([projection.close(), kept.close(), readModels.close()])
  })
  const lines: string[] = []
  const say = (line: string) => void lines.push(line)
  const ports = { log, topics, clock, logger: silentLogger, view: { show: () => {}, say }, say }
  const runRebuild = async (over: Partial<RebuildOptions> = {}, from: EventLog = log) => {
    const next = openPostgresRebuild({ url, logger: silentLogger, poolMax: 4 })
    try {
      const load = createLoader({ ...ports, log: from, into: next })
      return await rebuild({ ...ports, log: from, next, load }, { ...options, ...over })
    } finally {
      await next.close()
    }
  }
  const withPrevious = async <T>(
    run: (previous: ReturnType<typeof openPostgresPrevious>) => Promise<T>,
  ): Promise<T> => {
    const previous = openPostgresPrevious({ url, logger: silentLogger, poolMax: 4 })
    try {
      return await run(previous)
    } finally {
      await previous.close()
    }
  }
  const runRollback = (over: Partial<RollbackOptions> = {}) =>
    withPrevious((previous) => rollback({ ...ports, previous }, { onDifferences: 'refuse', ...over }))
  const expectFold = async (schema?: string) => {
    const memory = createMemoryReadModels({ clock, random })
    await foldLog(log, topics, memory.projection)
    const folded = memory.dump()
    let differences: readonly string[] = []
    await waitUntil(
      async () => {
        differences = differencesOf(await dumpPostgres(url, schema), folded)
        return differences.length === 0
      },
      { deadlineMs: 20_000, what: () => differences.join('\n'), everyMs: 50 },
    )
  }
  const story = createStory(4)
  const writer = createTestWriter(log, topics)
  const history = randomHistory(story, random)
  /** Whatever happened, on the log. */
  const write = () => writer.write(story)
  const all = { story, write, history, readModels, store, log, topics, url, health, failures, lines }
  return { ...all, ports, runRebuild, runRollback, withPrevious, expectFold }
}
