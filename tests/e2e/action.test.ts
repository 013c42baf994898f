import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '@chat/stack'
import { type System, startSystem } from '@chat/stack/system'
import { afterAll, beforeAll } from 'vitest'
import { actionScenarios } from './action-scenarios.ts'

/** The dialect `action` on Kafka, with two connectors. */
const ports: { action: number; gateway: number; jsonTo: number }[] = []
const words = mkdtempSync(join(tmpdir(), 'chat-words-'))
let system: System

beforeAll(async () => {
  writeFileSync(join(words, 'en.txt'), 'badword\n')
  for (let connector = 0; connector < 2; connector++)
    ports.push({ action: await freePort(), gateway: await freePort(), jsonTo: await freePort() })
  system = await startSystem({
    ...{ connectors: 2, routers: 1, projectors: 1 },
    env: { CHAT_DIALECT_ACTION_OPEN: 'true', CHAT_WORD_FILTER: 'mask', CHAT_WORD_FILTER_DIR: words },
    connectorEnvs: ports.map(({ action, gateway, jsonTo }) => ({
      CHAT_DIALECT_ACTION_PORT: String(action),
      CHAT_DIALECT_ACTION_GATEWAY_PORT: String(gateway),
      CHAT_DIALECT_JSON_TO_PORT: String(jsonTo),
    })),
  })
}, 120_000)

afterAll(async () => {
  await system?.stop()
  rmSync(words, { recursive: true, force: true })
})

actionScenarios({ connectors: () => system.connectors, ports })
