import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { createHealth, createMetrics, type Health, type Logger, silentLogger } from '@chat/runtime'
import { systemClock } from '@chat/runtime/system'
import { closeCode } from '@chat/schemas/protocol'
import { waitUntil } from '@chat/testkit'
import { afterEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { Answer, Api, Socket, SocketEvents } from '../ports.ts'
import { createHttpSockets } from './server.ts'

const refuseAll = async (): Promise<Answer> => ({ error: 'not_found', message: 'no' })
const silentApi: Api = {
  limit: () => undefined,
  register: refuseAll,
  logIn: refuseAll,
  ...{ refresh: refuseAll, resetPassword: refuseAll, endSession: refuseAll },
  ...{ exportOwn: refuseAll, gateway: refuseAll },
  authenticate: async () => undefined,
  ...{ request: refuseAll, dialects: {} as Api['dialects'] },
  operator: { admit: async () => ({ error: 'not_found', message: 'no' }), act: refuseAll },
}

/** One accepted connection, seen from the connector's side. */
interface Seen {
  readonly socket: Socket
  readonly frames: string[]
  binaries: number
  pongs: number
  closes: number[]
}

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

const serve = async (
  over: {
    api?: Partial<Api>
    onFrame?: (text: string, socket: Socket) => void
    logger?: Logger
    trustedProxies?: number
  } = {},
) => {
  const seen: Seen[] = []
  const health: Health = createHealth()
  const accept = (socket: Socket): SocketEvents => {
    const one: Seen = { socket, frames: [], binaries: 0, pongs: 0, closes: [] }
    seen.push(one)
    return {
      onFrame: (text) => {
        one.frames.push(text)
        over.onFrame?.(text, socket)
      },
      onBinary: () => one.binaries++,
      onPong: () => one.pongs++,
      onClose: (code) => one.closes.push(code),
    }
  }
  const sockets = createHttpSockets({
    host: '127.0.0.1',
    port: 0,
    logger: over.logger ?? silentLogger,
    clock: systemClock,
    trustedProxies: over.trustedProxies ?? 0,
  })
  stops.push(() => sockets.stop())
  await sockets.start({
    accept,
    api: { ...silentApi, ...over.api },
    health,
    metrics: createMetrics({ withProcess: 'bare' }),
  })
  return { seen, sockets, health, url: `http://127.0.0.1:${sockets.port()}` }
}

interface Opened {
  readonly ws: WebSocket
  readonly received: string[]
  readonly closed: Promise<number>
}

const open = async (url: string, protocols: string[] = ['chat.v1'], headers = {}): Promise<Opened> => {
  const ws = new WebSocket(`${url.replace('http', 'ws')}/v1/socket`, protocols, { headers })
  stops.unshift(async () => ws.terminate())
  const received: string[] = []
  ws.on('message', (data) => received.push(String(data)))
  const closed = new Promise<number>((resolve) => ws.on('close', resolve))
  await new Promise((resolve, reject) => ws.on('open', resolve).on('error', reject))
  return { ws, received, closed }
}

const until = (condition: () => unknown, what: string) =>
  waitUntil(async () => Boolean(await condition()), { deadlineMs: 5000, what })

/** The status and body that an attempt to upgrade is refused with. */
const refusedUpgrade = (url: string, headers: Record<string, string>, path = '/v1/socket') =>
  new Promise<{ status: number; body: { code: string } }>((resolve, reject) => {
    const request = httpRequest(`${url}${path}`, {
      headers: {
        connection: 'upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        ...headers,
      },
    })
    request.on('upgrade', () => reject(new Error('was upgraded')))
    request.on('response', async (response) => {
      const chunks = await response.toArray()
      resolve({ status: response.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString()) })
    })
    request.on('error', (error) => reject(new Error(path, { cause: error }))).end()
  })

test('carries text frames both ways, in order', async () => {
  const { url, seen } = await serve({ onFrame: (text, socket) => socket.send(`echo ${text}`) })
  const { ws, received } = await open(url)
  expect(ws.protocol).toBe('chat.v1')
  expect(ws.extensions).toBe('')
  const texts = Array.from({ length: 500 }, (_, i) => `${i} äöü 🙂`)
  for (const text of texts) ws.send(text)
  await until(() => received.length === 500, 'all echoes')
  expect(received).toEqual(texts.map((text) => `echo ${text}`))
  expect(seen[0]?.frames).toEqual(texts)
  expect(seen[0]?.socket.remoteAddress).toBe('127.0.0.1')
})

test('sends the same buffer to many, of every length class of a frame', async () => {
  const { url, seen } = await serve()
  const clients = await Promise.all([open(url), open(url), open(url)])
  await until(() => seen.length === 3, 'three connections')
  const lengths = [0, 1, 125, 126, 127, 65_535, 65_536, 200_000]
  const frames = lengths.map((length) => 'x'.repeat(length))
  for (const frame of frames) {
    const buffer = Buffer.from(frame)
    for (const { socket } of seen) {
      socket.send(buffer)
      socket.send(`${frame}é`)
    }
  }
  for (const { received } of clients) {
    await until(() => received.length === 2 * frames.length, 'all frames')
    expect(received).toEqual(frames.flatMap((frame) => [frame, `${frame}é`]))
  }
})

test('tells binary frames and pongs apart', async () => {
  const { url, seen } = await serve()
  const { ws } = await open(url)
  ws.send(Buffer.from([1, 2, 3]))
  await until(() => seen[0]?.binaries === 1, 'the binary frame')
  seen[0]?.socket.ping()
  await until(() => seen[0]?.pongs === 1, 'the pong')
  expect(seen[0]?.frames).toEqual([])
})

test('closes with code and reason after what was sent before, and says so once', async () => {
  const { url, seen } = await serve()
  const { received, closed, ws } = await open(url)
  let reason = ''
  ws.on('close', (_, text) => {
    reason = String(text)
  })
  await until(() => seen.length === 1, 'the connection')
  for (let i = 0; i < 100; i++) seen[0]?.socket.send(`${i}`)
  seen[0]?.socket.close(closeCode.sessionEnded, 'session ended')
  seen[0]?.socket.close(closeCode.internal, 'again')
  seen[0]?.socket.send('too late')
  seen[0]?.socket.ping()
  expect(await closed).toBe(4401)
  expect(reason).toBe('session ended')
  expect(received).toHaveLength(100)
  await until(() => seen[0]?.closes.length === 1, 'the close')
  expect(seen[0]?.closes).toEqual([4401])
})

test('sends nothing after a close frame', async () => {
  const { sockets, seen } = await serve()
  const peer = connect(sockets.port(), '127.0.0.1')
  const key = 'sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
  const upgrade = `connection: upgrade\r\nupgrade: websocket\r\n${key}sec-websocket-protocol: chat.v1\r\n`
  peer.write(`GET /v1/socket HTTP/1.1\r\nhost: x\r\n${upgrade}\r\n`)
  await until(() => seen.length === 1, 'the connection')
  seen[0]?.socket.close(closeCode.sessionEnded, '')
  seen[0]?.socket.send('too late')
  const bytes = Buffer.concat(await peer.toArray())
  expect([...bytes.subarray(-4)]).toEqual([0x88, 2, 0x11, 0x31])
})

test('a paused connection still sees the answer to its close', async () => {
  const { url, seen } = await serve()
  const { closed } = await open(url)
  await until(() => seen.length === 1, 'the connection')
  const before = performance.now()
  seen[0]?.socket.pause()
  seen[0]?.socket.close(closeCode.slowReader, 'too slow')
  expect(await closed).toBe(4508)
  await until(() => seen[0]?.closes.length === 1, 'the close')
  expect(seen[0]?.closes).toEqual([4508])
  expect(performance.now() - before).toBeLessThan(1500) // The close was answered; nobody was cut off.
})

test('cuts off a peer that does not answer the close within 2 s', async () => {
  const { url, seen } = await serve()
  const { ws } = await open(url)
  await until(() => seen.length === 1, 'the connection')
  ws.pause()
  const before = performance.now()
  seen[0]?.socket.close(closeCode.restarting, 'restarting')
  await until(() => seen[0]?.closes.length === 1, 'the close')
  expect(performance.now() - before).toBeGreaterThan(1500)
  expect(performance.now() - before).toBeLessThan(3500)
  ws.terminate()
})

test('a frame over 64 KiB closes with 1009, one of exactly 64 KiB is taken', async () => {
  const { url, seen } = await serve()
  const { ws, closed } = await open(url)
  ws.send('x'.repeat(64 * 1024))
  await until(() => seen[0]?.frames.length === 1, 'the frame')
  ws.send('x'.repeat(64 * 1024 + 1))
  expect(await closed).toBe(1009)
})

test('text that is not UTF-8 closes with 1007', async () => {
  const { url } = await serve()
  const { ws, closed } = await open(url)
  ws.send(Buffer.from([0xff, 0xfe]), { binary: false })
  expect(await closed).toBe(1007)
})

test('a handler that throws ends its connection with 4500 and no other', async () => {
  const logged: object[] = []
  const logger: Logger = { ...silentLogger, error: (fields) => void logged.push(fields) }
  const { url, seen } = await serve({
    logger,
    onFrame: (text) => {
      if (text === 'bad') throw new Error('bug')
    },
  })
  const [bad, good] = [await open(url), await open(url)]
  bad.ws.send('bad')
  expect(await bad.closed).toBe(4500)
  expect(logged).toHaveLength(1)
  good.ws.send('good')
  await until(() => seen[1]?.frames.length === 1, 'the other frame')
})

test('a paused connection is not read, and buffered bytes are told', async () => {
  const { url, seen } = await serve()
  const { ws } = await open(url)
  await until(() => seen.length === 1, 'the connection')
  const one = seen[0] as Seen
  one.socket.pause()
  ws.send('held back')
  ws.pause()
  for (let i = 0; i < 200; i++) one.socket.send('x'.repeat(64 * 1024))
  await new Promise((resolve) => setImmediate(resolve))
  expect(one.socket.bufferedBytes()).toBeGreaterThan(1024 * 1024)
  expect(one.frames).toEqual([])
  one.socket.resume()
  await until(() => one.frames.length === 1, 'the frame')
  ws.resume()
  await until(() => one.socket.bufferedBytes() === 0, 'everything was taken')
})

test.each([
  ['no subprotocol', {}],
  ['another subprotocol', { 'sec-websocket-protocol': 'chat.v2, mqtt' }],
])('refuses an upgrade with %s as invalid', async (_, headers) => {
  const { url } = await serve()
  expect(await refusedUpgrade(url, headers)).toMatchObject({ status: 400, body: { code: 'invalid' } })
})

test('refuses an upgrade anywhere else as not found', async () => {
  const { url, seen } = await serve()
  for (const path of ['/', '/v1/me', '/nowhere']) {
    const refused = await refusedUpgrade(url, { 'sec-websocket-protocol': 'chat.v1' }, path)
    expect(refused, path).toMatchObject({ status: 404, body: { code: 'not_found' } })
  }
  expect(seen).toHaveLength(0)
})

test('picks chat.v1 among several subprotocols, from any origin', async () => {
  const { url } = await serve()
  const { ws } = await open(url, ['mqtt', 'chat.v1'], { origin: 'https://elsewhere.example' })
  expect(ws.protocol).toBe('chat.v1')
})

test('answers a request that offers h2c as if it did not', async () => {
  const { url } = await serve()
  const response = await new Promise<number | undefined>((resolve, reject) => {
    httpRequest(`${url}/healthz`, { headers: { connection: 'upgrade, http2-settings', upgrade: 'h2c' } })
      .on('response', ({ statusCode }) => resolve(statusCode))
      .on('error', reject)
      .end()
  })
  expect(response).toBe(200)
})

test.each([
  ['no HTTP', 'hello\r\n\r\n', 400],
  ['a header that is too large', `GET / HTTP/1.1\r\nhost: x\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
])('answers %s with a problem and closes', async (_, bytes, status) => {
  const { sockets } = await serve()
  const socket = connect(sockets.port(), '127.0.0.1')
  socket.write(bytes)
  const answer = Buffer.concat(await socket.toArray()).toString()
  expect(answer).toContain(`HTTP/1.1 ${status} `)
  expect(answer).toContain('application/problem+json')
})

test('the address in X-Forwarded-For counts only behind trusted proxies', async () => {
  const forwarded = { 'x-forwarded-for': '203.0.113.9, 198.51.100.7' }
  const direct = await serve()
  await open(direct.url, ['chat.v1'], forwarded)
  await until(() => direct.seen.length === 1, 'the connection')
  expect(direct.seen[0]?.socket.remoteAddress).toBe('127.0.0.1')
  const behind = await serve({ trustedProxies: 1 })
  await open(behind.url, ['chat.v1'], forwarded)
  await until(() => behind.seen.length === 1, 'the connection')
  expect(behind.seen[0]?.socket.remoteAddress).toBe('198.51.100.7')
})

test('a port in use is the fault port_in_use', async () => {
  const { sockets } = await serve()
  const second = createHttpSockets({
    host: '127.0.0.1',
    port: sockets.port(),
    logger: silentLogger,
    clock: systemClock,
    trustedProxies: 0,
  })
  const handlers = {
    accept: () => {
      throw new Error('nobody comes')
    },
    api: silentApi,
    health: createHealth(),
    metrics: createMetrics({ withProcess: 'bare' }),
  }
  await expect(second.start(handlers)).rejects.toMatchObject({ code: 'port_in_use', isRetryable: false })
  await second.stop()
})

test('stops twice in a row, finishes requests under way, refuses late ones, and cuts off what is left', async () => {
  const release = Promise.withResolvers<Answer>()
  let asked = 0
  const gateway = () => {
    asked++
    return release.promise
  }
  const { url, sockets } = await serve({ api: { gateway } })
  const { closed } = await open(url)
  const underWay = fetch(`${url}/v1/gateway`)
  await until(() => asked === 1, 'the request under way')
  const late = connect(sockets.port(), '127.0.0.1')
  const head = 'GET /healthz HTTP/1.1\r\nhost: x\r\n'
  let answers = ''
  late.on('data', (bytes) => {
    answers += bytes
  })
  const ended = new Promise((resolve) => late.on('close', resolve))
  // One whole request and most of the next: when the first is answered, the second has begun.
  late.write(`${head}\r\n${head}`)
  await until(() => answers.includes('200'), 'the first answer')
  const stopped = Promise.all([sockets.stop(), sockets.stop()])
  late.write('\r\n')
  release.resolve({ ok: { socketUrl: 'ws://x' } })
  expect((await underWay).status).toBe(200)
  await ended
  expect(answers).toContain('HTTP/1.1 503')
  expect(answers).toContain('"code":"unavailable"')
  await stopped
  expect(await closed).toBe(1006)
  await expect(fetch(`${url}/healthz`)).rejects.toThrow()
  await sockets.stop()
})

test('an upgrade that comes while it stops is refused, and its socket keeps nobody waiting', async () => {
  const { sockets } = await serve()
  // The client keeps its side open, as one does that has yet to read the answer.
  const late = connect({ port: sockets.port(), host: '127.0.0.1', allowHalfOpen: true })
  await new Promise((resolve) => late.once('connect', resolve))
  let answer = ''
  late.on('data', (bytes) => {
    answer += bytes
  })
  const ended = new Promise((resolve) => late.once('end', resolve))
  const stopped = sockets.stop()
  late.write(
    'GET /v1/socket HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n' +
      'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: chat.v1\r\n\r\n',
  )
  await Promise.all([stopped, ended])
  expect(answer).toContain('HTTP/1.1 503')
  late.destroy()
}, 15_000)
