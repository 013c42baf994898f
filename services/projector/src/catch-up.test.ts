import { createMemoryStore } from '@chat/event-log/memory'
import type { EventBatch } from '@chat/read-models'
import { createMemoryReadModels, differencesOf } from '@chat/read-models/memory'
import { silentLogger } from '@chat/runtime'
import { allTopics, createTopics } from '@chat/schemas'
import { createFakeClock, createSeededRandom } from '@chat/testkit'
import { createStory } from '@chat/testkit/contracts/read-models-story'
import { expect, test } from 'vitest'
import { catchUp, endsOf } from './catch-up.ts'
import { foldLog } from './fold-log.ts'
import { createTestWriter } from './test-log.ts'

test('catching up goes on from where a projector has brought the read models meanwhile', async () => {
  const [clock, random] = [createFakeClock(0), createSeededRandom(3)]
  const topics = createTopics({ prefix: 't.', partitions: 4, slots: 1 })
  const log = createMemoryStore({ clock }).client('rebuild')
  await log.ensureTopics(allTopics(topics), { replicas: 1 })
  const story = createStory(4)
  for (let id = 1; id <= 8; id++) story.group(id, 1)
  for (let id = 1; id <= 8; id++) story.post(`g${id}`, 1)
  await createTestWriter(log, topics).write(story)
  const other = createMemoryReadModels({ clock, random })
  const { projection } = other
  let overtakings = 0
  /** Another one writes every first batch of a partition a moment earlier. */
  const applyEvents = (batch: EventBatch) => {
    if (batch.from > 0) return projection.applyEvents(batch)
    overtakings++
    return projection.applyEvents(batch).then(() => projection.applyEvents(batch))
  }
  const contended = { projection: { ...projection, applyEvents } }
  const ports = { log, topics, clock, logger: silentLogger }
  await catchUp(ports, contended, await endsOf(ports))
  const fold = createMemoryReadModels({ clock, random })
  await foldLog(log, topics, fold.projection)
  expect(overtakings).toBeGreaterThan(0)
  expect(differencesOf(other.dump(), fold.dump())).toEqual([])
})
