import { describe, expect, test } from 'vitest'
import { exitCode } from '../exit.ts'
import { createTestSurroundings, startMs, type TestAnswer, testLogin, testUrl } from '../test-surroundings.ts'
import { createHttp } from './http.ts'
import { createCurrentSession, liveStorage, renewingFetch } from './session.ts'

const renewedAs = (accessToken: string): TestAnswer => ({
  status: 200,
  body: testLogin(30 * 60_000, accessToken).session,
})

const world = (goodMs: number, answer: () => TestAnswer) => {
  const login = testLogin(goodMs)
  const surroundings = createTestSurroundings({ login, answer })
  const { clock, fetchJson, stopped, file } = surroundings
  const http = createHttp({ ...{ url: testUrl, fetchJson, clock, stopped }, patienceMs: 1_000 })
  const ports = { file, http, clock }
  return { login, ports, surroundings, session: () => createCurrentSession(login, ports) }
}

describe('the session of several commands', () => {
  test('is not renewed while its token is good', async () => {
    const { session, surroundings } = world(60_001, () => renewedAs('new'))
    expect(await session().accessToken()).toBe('access')
    expect(surroundings.requests).toEqual([])
  })

  test('is renewed once by two at the same time, and saved', async () => {
    let count = 0
    const { session, surroundings } = world(60_000, () => renewedAs(`new ${++count}`))
    const tokens = await Promise.all([session().accessToken(), session().accessToken()])
    expect(tokens).toEqual(['new 1', 'new 1'])
    expect(surroundings.requests.map(({ body }) => body)).toEqual([{ refreshToken: 'refresh of access' }])
    expect((await surroundings.file.load())?.session.accessToken).toBe('new 1')
  })

  test('is renewed when the server refuses its token, with the newest of the file', async () => {
    const { session, surroundings } = world(600_000, () => renewedAs('newer'))
    await surroundings.file.save(testLogin(600_000, 'renewed elsewhere'))
    const current = session()
    expect(await current.accessToken('access')).toBe('renewed elsewhere')
    expect(await current.accessToken('renewed elsewhere')).toBe('newer')
    expect(surroundings.requests.map(({ body }) => body)).toEqual([{ refreshToken: 'refresh of renewed elsewhere' }])
  })

  test('that has ended is no session any more', async () => {
    const { session } = world(0, () => ({ status: 401, body: { code: 'unauthorized', detail: '' } }))
    await expect(session().accessToken()).rejects.toMatchObject({ status: exitCode.loggedOut })
  })
})

describe('the session of a client that stays', () => {
  test('is that of the file, on a device of its own', async () => {
    const { surroundings } = world(600_000, () => renewedAs('new'))
    const storage = liveStorage(surroundings.file, 'own device')
    expect(await storage.load('device')).toBe('own device')
    expect(JSON.parse((await storage.load('session')) ?? '')).toEqual(testLogin(600_000).session)
    await storage.save('session', undefined)
    expect(await surroundings.file.load()).toBeDefined()
  })

  test('never uses a refresh token again that another command has used', async () => {
    const { login, ports, surroundings } = world(600_000, () => renewedAs('third'))
    await surroundings.file.save(testLogin(startMs, 'second'))
    const renew = renewingFetch(surroundings.fetchJson, login, ports)
    const ask = (refreshToken: string) =>
      renew(`${testUrl}/v1/sessions/refresh`, { method: 'POST', body: { refreshToken } })
    expect(await ask('refresh of access')).toMatchObject({ status: 200, body: { accessToken: 'second' } })
    expect(await ask('refresh of second')).toMatchObject({ status: 200, body: { accessToken: 'third' } })
    expect(surroundings.requests.map(({ body }) => body)).toEqual([{ refreshToken: 'refresh of second' }])
  })
})
