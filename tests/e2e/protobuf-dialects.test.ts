import { freePort } from '@chat/stack'
import { type System, startSystem } from '@chat/stack/system'
import { afterAll, beforeAll } from 'vitest'
import { protobufScenarios } from './protobuf-dialect-scenarios.ts'

/** The protobuf dialects on Kafka, with two connectors. */
const ports: { envelope: number; unit: number; jsonTo: number }[] = []
let system: System

beforeAll(async () => {
  for (let connector = 0; connector < 2; connector++)
    ports.push({ envelope: await freePort(), unit: await freePort(), jsonTo: await freePort() })
  system = await startSystem({
    ...{ connectors: 2, routers: 1, projectors: 1, env: { CHAT_DIALECT_PACING_MS: '1' } },
    connectorEnvs: ports.map(({ envelope, unit, jsonTo }) => ({
      CHAT_DIALECT_ENVELOPE_PORT: String(envelope),
      CHAT_DIALECT_UNIT_PORT: String(unit),
      CHAT_DIALECT_JSON_TO_PORT: String(jsonTo),
    })),
  })
}, 120_000)

afterAll(() => system?.stop())

protobufScenarios({ connectors: () => system.connectors, ports })
