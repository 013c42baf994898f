import { createFakeClock, createSeededRandom } from '@chat/testkit'
import { expect, test } from 'vitest'
import { createSessions } from './sessions.ts'
import { memoryStorage } from './storage/memory.ts'
import { session } from './test-client.ts'
import { createTestServer } from './test-server.ts'

const setUp = () => {
  const server = createTestServer()
  server.answer('/v1/sessions', 201, session())
  server.answer('/v1/sessions/refresh', 200, session({ accessToken: 'access-2', refreshToken: 'refresh-2' }))
  const storage = memoryStorage()
  const clock = createFakeClock(Date.parse('2026-01-01T00:00:00.000Z'))
  const { fetchJson } = server
  const sessions = createSessions('http://chat', { clock, random: createSeededRandom(1), fetchJson, storage })
  const refreshes = () => server.asked.filter(({ path }) => path === '/v1/sessions/refresh').map(({ body }) => body)
  return { server, storage, sessions, refreshes }
}
const login = { name: 'ann', password: 'correct horse' }

test('a refresh token is spent once for all who ask at a time, and the new one is kept before it is used', async () => {
  const { sessions, refreshes, storage } = setUp()
  await sessions.logIn(login)
  const [one, other] = await Promise.all([sessions.fresh(true), sessions.fresh(true)])
  expect([one.accessToken, other.accessToken]).toEqual(['access-2', 'access-2'])
  expect(refreshes()).toEqual([{ refreshToken: 'refresh-1' }])
  expect(JSON.parse((await storage.load('session')) ?? '')).toMatchObject({ refreshToken: 'refresh-2' })
  await sessions.fresh(true)
  expect(refreshes()).toEqual([{ refreshToken: 'refresh-1' }, { refreshToken: 'refresh-2' }])
})

test('logs in as the same device each time', async () => {
  const { sessions, server } = setUp()
  await sessions.logIn(login)
  await sessions.logIn(login)
  const devices = server.asked.map(({ body }) => (body as { readonly device: string }).device)
  expect(devices).toEqual([await sessions.device(), await sessions.device()])
})

test('logs in by a token of another login', async () => {
  const { sessions, server } = setUp()
  await sessions.logIn({ externalToken: 'x.y.z' })
  expect(server.asked).toMatchObject([{ path: '/v1/sessions', body: { externalToken: 'x.y.z' } }])
})

test('a session that had ended already is ended, other problems are thrown with their code', async () => {
  const { sessions, server } = setUp()
  await expect(sessions.fresh(false)).rejects.toMatchObject({ code: 'unauthorized' })
  await sessions.logIn(login)
  server.answer('/v1/sessions/current', 401, { code: 'unauthorized', detail: 'over' })
  await sessions.end()
  server.answer('/v1/sessions/current', 502, '<html>')
  await expect(sessions.end()).rejects.toMatchObject({ code: 'unavailable', retry: 'later' })
  server.answer('/v1/users', 409, { code: 'name_taken', detail: 'taken' })
  await expect(sessions.register(login)).rejects.toMatchObject({ code: 'name_taken', retry: 'never' })
})

test('without a connector that is ready the one of the login is dialled', async () => {
  const { sessions, server } = setUp()
  const kept = await sessions.logIn(login)
  server.answer('/v1/gateway', 200, { connectors: [{ socketUrl: 'ws://a', ready: false }] })
  expect(await sessions.connectors(kept)).toEqual(['ws://own'])
})
