import { systemClock } from '@chat/runtime/system'
import { createSeededRandom } from '@chat/testkit'
import { readModelsContract } from '@chat/testkit/contracts/read-models'
import { expect, test } from 'vitest'
import { createMemoryReadModels } from './memory.ts'

readModelsContract('memory', async () => {
  const readModels = createMemoryReadModels({ clock: systemClock, random: createSeededRandom(1) })
  return { readModels, projection: readModels.projection, close: () => readModels.close() }
})

test('tells how far each partition is projected', async () => {
  const readModels = createMemoryReadModels({ clock: systemClock, random: createSeededRandom(1) })
  expect([...readModels.offsets('events')]).toEqual([])
  const to = { nextOffset: 3, lastPos: 1, chain: 'c' }
  await readModels.projection.applyEvents({ partition: 2, from: 0, to, events: [] })
  expect([...readModels.offsets('events')]).toEqual([[2, 3]])
  expect([...readModels.offsets('receipts')]).toEqual([])
})
