import { expect, test } from 'vitest'
import { type EmbeddedSystem, startEmbedded } from './embedded-system.ts'
import { testGroups } from './group-scenarios.ts'
import { expectStoredReadModelsEqualFold } from './read-models.ts'

let system: EmbeddedSystem | undefined

testGroups({
  open: async () => {
    const started = await startEmbedded()
    system = started
    return { urls: [started.url], close: started.close }
  },
})

test('afterwards the read models equal the fold of the log', async () => {
  if (system === undefined) return expect.fail('there is no system')
  expect(await system.end('SIGTERM')).toEqual({ code: 0, signal: null })
  await expectStoredReadModelsEqualFold(system)
})
