import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createFaultProxy, type FaultProxy } from './fault-proxy.ts'
import { waitUntil } from './wait-until.ts'

let server: Server
/** What reached the server, of all connections. */
let reached = ''
let proxy: FaultProxy
const sockets = new Set<Socket>()

/** An upper-case echo. */
beforeEach(async () => {
  reached = ''
  server = createServer((socket) => {
    sockets.add(socket.on('error', () => {})) // Cut on purpose.
    socket.on('data', (bytes) => {
      reached += bytes
      socket.write(String(bytes).toUpperCase())
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  proxy = createFaultProxy({ target: `127.0.0.1:${(server.address() as AddressInfo).port}` })
  await proxy.start()
})

afterEach(async () => {
  await proxy.stop()
  for (const socket of sockets) socket.destroy()
  sockets.clear()
  await new Promise((resolve) => server.close(resolve))
})

interface Client {
  readonly socket: Socket
  received: string
  state: 'open' | 'closed'
}

const client = (): Client => {
  const socket = connect({ port: proxy.port, host: '127.0.0.1' })
  const made: Client = { socket, received: '', state: 'open' }
  sockets.add(socket)
  socket.on('error', () => {}) // 'close' follows.
  socket.on('close', () => {
    made.state = 'closed'
  })
  socket.on('data', (bytes) => {
    made.received += bytes
  })
  return made
}

const until = (condition: () => boolean, what: string) => waitUntil(condition, { deadlineMs: 10_000, what })

const exchanged = async (): Promise<Client> => {
  const open = client()
  open.socket.write('hello')
  await until(() => open.received === 'HELLO', 'an answer')
  return open
}

test('passes what both sides say', async () => {
  await exchanged()
  expect(proxy.connections()).toBe(1)
})

test('cut: open connections are reset, new ones refused; healed: new ones pass on the same port', async () => {
  const open = await exchanged()
  const { port } = proxy
  await proxy.cut()
  await until(() => open.state === 'closed', 'the open one is reset')
  const refused = client()
  await until(() => refused.state === 'closed', 'a new one is refused')
  await proxy.heal()
  expect(proxy.port).toBe(port)
  await exchanged()
})

test('held: nothing moves and nothing closes; healed: everything arrives in order', async () => {
  const open = await exchanged()
  proxy.hold(['requests', 'answers'])
  open.socket.write(' again')
  const second = client()
  second.socket.write('new')
  await until(() => proxy.connections() === 2, 'the second one is open')
  expect([open.state, second.state, reached]).toEqual(['open', 'open', 'hello'])
  await proxy.heal()
  await until(() => open.received === 'HELLO AGAIN' && second.received === 'NEW', 'what was held')
})

test('of open connections only: a new one passes', async () => {
  const open = await exchanged()
  proxy.hold(['requests', 'answers'], 'open')
  open.socket.write(' again')
  await exchanged()
  expect(open.received).toBe('HELLO')
})

test('answers swallowed: the request takes effect, its sender hears nothing, and is reset when it is healed', async () => {
  const open = await exchanged()
  proxy.swallow(['answers'])
  open.socket.write(' again')
  await until(() => reached === 'hello again', 'the effect')
  await proxy.heal()
  await until(() => open.state === 'closed', 'the connection that lost bytes is reset')
  expect(open.received).toBe('HELLO')
  await exchanged()
})

test('half open: what is sent goes nowhere', async () => {
  const open = await exchanged()
  proxy.swallow(['requests', 'answers'])
  open.socket.write('x'.repeat(100_000))
  await until(() => open.socket.writableLength === 0, 'it is taken')
  expect([open.state, reached]).toEqual(['open', 'hello'])
})

test('slow: late and thin, whole and in order', async () => {
  const open = await exchanged()
  const startMs = performance.now()
  proxy.slow({ delayMs: 100, bytesPerS: 100_000 })
  const text = Array.from({ length: 4_000 }, (_, index) => `${index} `).join('')
  open.socket.write(text)
  await until(() => open.received.length === text.length + 5, 'all of it')
  expect(open.received).toBe(`HELLO${text}`)
  expect(performance.now() - startMs).toBeGreaterThan(200 + (2 * 1_000 * text.length) / 200_000)
  await proxy.heal()
  open.socket.write('fast')
  await until(() => open.received.endsWith('FAST'), 'it passes again')
})

test('what waits in it is bounded: the sender feels it', async () => {
  const open = await exchanged()
  proxy.hold(['requests'])
  const offered = 64 * 1024 * 1024
  const piece = Buffer.alloc(64 * 1024, 'a')
  let taken = 0
  // One after the other: of several that wait, none counts as taken before all are.
  const offer = () => {
    if (taken < offered)
      open.socket.write(piece, () => {
        taken += piece.length
        offer()
      })
  }
  offer()
  let before = 0
  await waitUntil(
    () => {
      const isStill = before > 0 && taken === before
      before = taken
      return isStill
    },
    { deadlineMs: 10_000, everyMs: 300, what: 'the socket takes no more' },
  )
  expect(taken).toBeLessThan(offered)
  expect(reached).toBe('hello')
})
