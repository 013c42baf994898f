import { once } from 'node:events'
import { isFault, silentLogger } from '@chat/runtime'
import { systemClock as clock } from '@chat/runtime/system'
import { afterEach, expect, test } from 'vitest'
import { type ClientOptions, WebSocket } from 'ws'
import type { Api, Socket } from '../../ports.ts'
import { createGatewayServer } from './gateway-server.ts'
import { createSocketServer } from './socket-server.ts'

const host = '127.0.0.1'
const options = { host, port: 0, trustedProxies: 0, connectionsMax: 100, clock, logger: silentLogger }
const stops: (() => Promise<void>)[] = []

afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()))
})

type Nodes = Awaited<ReturnType<Api['dialects']['actionNodes']>>

const startGateway = async (
  nodes: () => Promise<Nodes>,
  {
    limit = () => undefined,
    trustedProxies = 0,
  }: { limit?: (address: string) => unknown; trustedProxies?: number } = {},
) => {
  const gateway = createGatewayServer({ ...options, trustedProxies })
  stops.push(gateway.stop)
  const api = { dialects: { actionNodes: nodes }, limit }
  await gateway.start(api as unknown as Api)
  return (path: string, init: RequestInit = {}) => fetch(`http://${host}:${gateway.port()}${path}`, init)
}

const limited = { error: 'rate_limited', message: 'too many' } as const

test('any path with /server is answered with the first connector, or all of them, or nothing; every other is 404', async () => {
  let nodes: Nodes = [
    { host: 'a', port: 1 },
    { host: 'b', port: 2 },
  ]
  const get = await startGateway(async () => nodes)
  for (const path of ['/server', '/x/server', '/servers?x=1', '/?next=/server']) {
    const answer = await get(path)
    expect([answer.status, await answer.text()]).toEqual([200, '{"host":"a","port":1}'])
  }
  expect(await (await get('/server?all=1')).json()).toEqual(nodes)
  nodes = []
  expect(await (await get('/server')).text()).toBe('{}')
  expect(await (await get('/server?all=1')).text()).toBe('[]')
  for (const path of ['/', '/serve', '//', '/%']) expect((await get(path)).status).toBe(404)
})

test('a gateway that fails, or is asked too often, says so and goes on', async () => {
  let isBroken = true
  const get = await startGateway(async () => {
    if (isBroken) throw new Error('broken')
    return []
  })
  expect((await get('/server', { method: 'POST', body: 'x' })).status).toBe(500)
  isBroken = false
  expect((await get('/server')).status).toBe(200)
  expect((await (await startGateway(async () => [], { limit: () => limited }))('/server')).status).toBe(429)
})

test.each([
  [0, '203.0.113.9', '127.0.0.1'],
  [1, '198.51.100.1, 203.0.113.9', '203.0.113.9'],
  [2, '198.51.100.1, 203.0.113.9', '198.51.100.1'],
  [3, '198.51.100.1, 203.0.113.9', '198.51.100.1'],
  [1, undefined, '127.0.0.1'],
])(
  'with %i proxies in front and X-Forwarded-For %s it is %s who is limited, by both',
  async (trustedProxies, said, address) => {
    const headers = said === undefined ? {} : { 'x-forwarded-for': said }
    const limited: string[] = []
    const limit = (one: string) => void limited.push(one)
    await (await startGateway(async () => [], { limit, trustedProxies }))('/server', { headers })
    expect(limited).toEqual([address])
    const { dial } = await startSockets(
      (socket) => ({ onFrame: () => socket.send(socket.remoteAddress) }),
      trustedProxies,
    )
    const ws = dial('', { headers })
    await once(ws, 'open')
    ws.send('who am I')
    expect(String((await once(ws, 'message'))[0])).toBe(address)
    ws.terminate()
  },
)

const startSockets = async (
  accept: (socket: Socket) => { readonly onFrame?: (text: string) => void },
  trustedProxies = 0,
) => {
  const server = createSocketServer({ ...options, trustedProxies })
  stops.push(server.stop)
  const nothing = { onFrame: () => {}, onBinary: () => {}, onPong: () => {}, onClose: () => {} }
  await server.start((socket) => ({ ...nothing, ...accept(socket) }))
  return {
    server,
    dial: (path = '', init: ClientOptions = {}) => new WebSocket(`ws://${host}:${server.port()}${path}`, init),
  }
}

test('sockets are at / without a subprotocol; other paths are refused, and a frame that is too big closes', async () => {
  const { dial } = await startSockets((socket) => ({ onFrame: (text) => socket.send(`${text}!`) }))
  const ws = dial()
  await once(ws, 'open')
  expect(ws.protocol).toBe('')
  ws.send('hello')
  expect(String((await once(ws, 'message'))[0])).toBe('hello!')
  const [, response] = await once(dial('/v1/socket'), 'unexpected-response')
  expect(response.statusCode).toBe(404)
  ws.send('x'.repeat(70_000))
  expect((await once(ws, 'close'))[0]).toBe(1009)
})

test('a stop ends who is left and listens no more, twice in a row', async () => {
  const { server, dial } = await startSockets((socket) => ({ onFrame: () => socket.close(1001, 'bye') }))
  const [polite, deaf] = [dial(), dial()]
  await Promise.all([once(polite, 'open'), once(deaf, 'open')])
  polite.send('x')
  expect((await once(polite, 'close'))[0]).toBe(1001)
  const gone = once(deaf, 'close')
  await server.stop()
  await server.stop()
  await gone
})

test('a port that somebody has is a fault that does not go away', async () => {
  const { server } = await startSockets(() => ({}))
  const port = server.port()
  const isTaken = (error: unknown) => isFault(error, 'port_in_use') && !error.isRetryable
  await expect(createSocketServer({ ...options, port }).start(() => ({}) as never)).rejects.toSatisfy(isTaken)
  await expect(createGatewayServer({ ...options, port }).start({} as never)).rejects.toSatisfy(isTaken)
})
