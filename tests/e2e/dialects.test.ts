import { freePort } from '@chat/stack'
import { type System, startSystem } from '@chat/stack/system'
import { afterAll, beforeAll } from 'vitest'
import { dialectScenarios } from './dialect-scenarios.ts'

/** The JSON dialects on Kafka, with two connectors. */
const ports: { jsonTo: number; jsonToid: number }[] = []
let system: System

beforeAll(async () => {
  for (let connector = 0; connector < 2; connector++)
    ports.push({ jsonTo: await freePort(), jsonToid: await freePort() })
  system = await startSystem({
    ...{ connectors: 2, routers: 1, projectors: 1, env: { CHAT_DIALECT_PACING_MS: '1' } },
    connectorEnvs: ports.map(({ jsonTo, jsonToid }) => ({
      CHAT_DIALECT_JSON_TO_PORT: String(jsonTo),
      CHAT_DIALECT_JSON_TOID_PORT: String(jsonToid),
    })),
  })
}, 120_000)

afterAll(() => system?.stop())

dialectScenarios({ connectors: () => system.connectors, ports })
