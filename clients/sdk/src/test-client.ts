import { createFakeClock, createSeededRandom } from '@chat/testkit'
import { createClient } from './client.ts'
import type { Storage } from './ports.ts'
import { memoryStorage } from './storage/memory.ts'
import { createTestServer } from './test-server.ts'

const startMs = Date.parse('2026-01-01T00:00:00.000Z')
export const user = { id: 3, name: 'ann', displayName: 'Ann', createdAt: '2026-01-01T00:00:00.000Z' }
export const session = (fields: object = {}) => ({
  ...{ user, accessToken: 'access-1', refreshToken: 'refresh-1', socketUrl: 'ws://own' },
  accessExpiresAt: new Date(startMs + 15 * 60_000).toISOString(),
  ...fields,
})
const connector = (socketUrl: string, ready = true) => ({ id: 'c', socketUrl, connections: 1, capacity: 2, ready })
export const emptySync = { token: 't0', conversations: [], hasMore: false }

/** A client on a fake clock, with a server that the test plays. */
export const setUpClient = (storage: Storage = memoryStorage()) => {
  const clock = createFakeClock(startMs)
  const server = createTestServer()
  const faults: unknown[] = []
  server.answer('/v1/sessions', 201, session())
  server.answer('/v1/gateway', 200, {
    connectors: [connector('ws://busy', false), connector('ws://a'), connector('ws://b')],
  })
  const { openSocket, fetchJson } = server
  const client = createClient({
    ...{ url: 'http://chat/', clock, openSocket, fetchJson, storage },
    random: createSeededRandom(1),
    onFault: (error) => faults.push(error),
  })
  const states: string[] = []
  client.on('state', (state) => states.push('reason' in state ? `${state.status} ${state.reason}` : state.status))
  const welcome = async (sync: Readonly<Record<string, unknown>> = emptySync) => {
    await clock.settle()
    server.last().open()
    server.last().answer('hello', { heartbeatMs: 25_000 })
    await clock.settle()
    server.last().answer('sync', sync)
    await clock.settle()
  }
  const logIn = () => client.logIn({ name: 'ann', password: 'correct horse' })
  const connect = async () => {
    await logIn()
    const connecting = client.connect()
    await welcome()
    await connecting
  }
  return { client, clock, server, faults, states, storage, welcome, logIn, connect }
}
