import { systemClock } from '@chat/runtime/system'
import { createSeededRandom } from '@chat/testkit'
import { readModelsContract } from '@chat/testkit/contracts/read-models'
import { createMemoryReadModels } from './memory.ts'

readModelsContract('memory', async () => {
  const readModels = createMemoryReadModels({ clock: systemClock, random: createSeededRandom(1) })
  return { readModels, projection: readModels.projection, close: () => readModels.close() }
})
