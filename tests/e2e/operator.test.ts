import { type System, startSystem } from '@chat/stack/system'
import { expect, test } from 'vitest'
import { runOperator } from './operator-command.ts'
import { testOperators } from './operator-scenarios.ts'
import { expectReadModelsEqualFold } from './read-models.ts'

let system: System | undefined

testOperators(async () => {
  const started = await startSystem({ connectors: 2, routers: 1, projectors: 1 })
  system = started
  return {
    urls: started.connectors.map((connector) => connector.url),
    operator: (...args) => runOperator(started.env, args),
    close: started.stop,
  }
})

test('afterwards the read models equal the fold of the log', async () => {
  if (system === undefined) return expect.fail('there is no system')
  await expectReadModelsEqualFold(system.world)
})
