import type { ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { freePort } from '@chat/stack'
import { type System, startSystem } from '@chat/stack/system'
import { type Account, logIn, registerAccount, waitUntil } from '@chat/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startRedis, tellRedis } from './own-redis.ts'

const deadlineMs = 30_000

interface Scene {
  readonly system: System
  readonly redisPort: number
  readonly redis: ChildProcess
  readonly someone: () => Promise<Person>
}

interface Person {
  /** A device of its own, on this connector; resolves when it was welcomed or closed. */
  readonly connect: (connector: number) => Promise<Client>
}

interface Client {
  readonly ws: WebSocket
  readonly state: { isWelcome: boolean; code: string | undefined; closed: number | undefined }
}

const open = async (policy: 'refuse' | 'replace'): Promise<Scene> => {
  const redisPort = await freePort()
  const redis = await startRedis(redisPort)
  const system = await startSystem({
    ...{ connectors: 2, routers: 1, projectors: 1, redisUrl: `redis://127.0.0.1:${redisPort}` },
    env: { CHAT_LOGIN_POLICY: policy },
  })
  const urls = system.connectors.map(({ url }) => url)
  let count = 0
  const someone = async (): Promise<Person> => {
    const account = await registerAccount(urls[0] ?? '', `someone${++count}`)
    // Each device's session is there before any is connected: under `refuse` a login is told of who is.
    const devices = await Promise.all(Array.from({ length: 6 }, () => deviceOf(urls[0] ?? '', account)))
    return { connect: (connector) => connectDevice(urls[connector] ?? '', devices.pop()) }
  }
  return { system, redisPort, redis, someone }
}

const close = async ({ system, redis }: Scene): Promise<void> => {
  await system.stop()
  redis.kill('SIGKILL')
}

interface DeviceLogin {
  readonly device: string
  readonly token: string
}

const deviceOf = async (url: string, account: Account): Promise<DeviceLogin> => {
  const device = randomUUID()
  return { device, token: await logIn(url, account, device) }
}

/** As clients do: what is not possible at the moment is tried again. */
const connectDevice = async (url: string, login: DeviceLogin | undefined): Promise<Client> => {
  for (;;) {
    const client = await connectOnce(url, login)
    if (client.state.code !== 'unavailable') return client
    await closed(client)
  }
}

const connectOnce = async (url: string, login: DeviceLogin | undefined): Promise<Client> => {
  const ws = new WebSocket(`${url.replace('http', 'ws')}/v1/socket`, 'chat.v1')
  const state: Client['state'] = { isWelcome: false, code: undefined, closed: undefined }
  ws.onopen = () => ws.send(JSON.stringify({ op: 'hello', ref: 1, ...login }))
  ws.onmessage = ({ data }) => {
    const { op, code } = JSON.parse(String(data))
    state.isWelcome ||= op === 'ok'
    if (op === 'error') state.code = code
  }
  ws.onclose = ({ code }) => {
    state.closed = code
  }
  await waitUntil(() => state.isWelcome || state.code !== undefined || state.closed !== undefined, {
    deadlineMs,
    what: 'hello is answered',
  })
  return { ws, state }
}

const closed = ({ state }: Client) => waitUntil(() => state.closed !== undefined, { deadlineMs, what: 'it closes' })

describe('refuse', () => {
  let scene: Scene
  beforeAll(async () => {
    scene = await open('refuse')
  }, 180_000)
  afterAll(() => close(scene))

  test('a second device is refused on either connector, until the first has gone', async () => {
    const { connect } = await scene.someone()
    const first = await connect(0)
    for (const connector of [0, 1]) {
      const second = await connect(connector)
      await closed(second)
      expect(second.state).toEqual({ isWelcome: false, code: 'already_online', closed: 4409 })
    }
    first.ws.close()
    await closed(first)
    await waitUntil(async () => (await connect(1)).state.isWelcome, { deadlineMs, what: 'the second is let in' })
  })

  test('after Redis was emptied the first keeps its place: who came in through the gap is closed with 4409', async () => {
    const { connect } = await scene.someone()
    const first = await connect(0)
    await tellRedis(scene.redisPort, 'FLUSHALL')
    const second = await connect(1)
    await closed(second)
    expect(second.state.closed).toBe(4409)
    expect(first.state).toEqual({ isWelcome: true, code: undefined, closed: undefined })
    const third = await connect(1)
    await closed(third)
    expect([third.state.closed, first.state.closed]).toEqual([4409, undefined])
  })
})

describe('replace', () => {
  let scene: Scene
  beforeAll(async () => {
    scene = await open('replace')
  }, 180_000)
  afterAll(() => close(scene))

  test('the newest device puts out the one before, on the other connector too, also after Redis was emptied', async () => {
    const { connect } = await scene.someone()
    const first = await connect(0)
    const second = await connect(1)
    await closed(first)
    expect([first.state.closed, second.state.closed]).toEqual([4409, undefined])
    await tellRedis(scene.redisPort, 'FLUSHALL')
    const third = await connect(0)
    await closed(second)
    expect([second.state.closed, third.state]).toEqual([4409, { isWelcome: true, code: undefined, closed: undefined }])
  })
})
