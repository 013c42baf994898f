import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { type Behind, type ReachedAt, startBehindNginx } from '../crowd/behind-nginx.ts'
import { actionScenarios } from './action-scenarios.ts'

/** The dialect `action` on Kafka, with two connectors behind nginx. */
const ports: ReachedAt[] = []
const words = mkdtempSync(join(tmpdir(), 'chat-words-'))
let behind: Behind

beforeAll(async () => {
  writeFileSync(join(words, 'en.txt'), 'badword\n')
  behind = await startBehindNginx({ CHAT_WORD_FILTER: 'mask', CHAT_WORD_FILTER_DIR: words })
  ports.push(...behind.ports)
}, 120_000)

afterAll(async () => {
  await behind?.stop()
  rmSync(words, { recursive: true, force: true })
})

actionScenarios({ connectors: () => behind.system.connectors, ports })
