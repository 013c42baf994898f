import { freePort } from '@chat/stack'
import { type System, startSystem } from '@chat/stack/system'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { importScenarios } from './import-scenarios.ts'
import { expectReadModelsEqualFold } from './read-models.ts'

let system: System | undefined
let port = 0

beforeAll(async () => {
  port = await freePort()
  system = await startSystem({
    ...{ connectors: 1, routers: 1, projectors: 1 },
    env: { CHAT_FIRST_ID: '100000', CHAT_DIALECT_PACING_MS: '1' },
    connectorEnvs: [{ CHAT_DIALECT_JSON_TO_PORT: String(port) }],
  })
}, 120_000)

afterAll(() => system?.stop())

const started = (): System => system ?? expect.fail('there is no system')

importScenarios(() => ({
  ...{ env: started().env, port },
  databaseUrl: async () => started().world.databaseUrl,
}))

test('afterwards the read models equal the fold of the log', () => expectReadModelsEqualFold(started().world))
