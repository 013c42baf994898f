import { afterAll, beforeAll } from 'vitest'
import { type Behind, type ReachedAt, startBehindNginx } from '../crowd/behind-nginx.ts'
import { dialectScenarios } from './dialect-scenarios.ts'

/** The JSON dialects on Kafka, with two connectors behind nginx. */
const ports: ReachedAt[] = []
let behind: Behind

beforeAll(async () => {
  behind = await startBehindNginx({ CHAT_DIALECT_PACING_MS: '1' })
  ports.push(...behind.ports)
}, 120_000)

afterAll(() => behind?.stop())

dialectScenarios({ connectors: () => behind.system.connectors, ports })
