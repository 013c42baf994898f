import { freePort } from '@chat/stack'
import { type System, startSystem } from '@chat/stack/system'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { importScenarios } from './import-scenarios.ts'
import { importedScenarios } from './imported-scenarios.ts'
import { expectReadModelsEqualFold } from './read-models.ts'

let system: System | undefined
const firstId = 100_000
/** Each spoken by another connector. */
const ports = { jsonTo: 0, jsonToid: 0 }

beforeAll(async () => {
  Object.assign(ports, { jsonTo: await freePort(), jsonToid: await freePort() })
  system = await startSystem({
    ...{ connectors: 2, routers: 1, projectors: 1 },
    env: { CHAT_FIRST_ID: String(firstId), CHAT_DIALECT_PACING_MS: '1' },
    connectorEnvs: [
      { CHAT_DIALECT_JSON_TO_PORT: String(ports.jsonTo) },
      { CHAT_DIALECT_JSON_TOID_PORT: String(ports.jsonToid) },
    ],
  })
}, 120_000)

afterAll(() => system?.stop())

const started = (): System => system ?? expect.fail('there is no system')

importScenarios(() => ({
  ...{ env: started().env, port: ports.jsonTo },
  databaseUrl: async () => started().world.databaseUrl,
}))

importedScenarios(() => ({ ...ports, url: started().connectors[1]?.url ?? '', firstId }))

test('afterwards the read models equal the fold of the log', () => expectReadModelsEqualFold(started().world))
