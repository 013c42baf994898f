import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http'
import { type AddressInfo, connect as connectTcp, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { waitUntil } from '@chat/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { type Nginx, startNginx } from './nginx.ts'

/** Of the older protocols over TCP. */
const streamPorts = [8001, 8002, 8003, 8004] as const
const httpPorts = [8005, 8080, 8888] as const

/** Stands for a connector: tells its name and how it was asked. */
interface Upstream {
  readonly ports: ReadonlyMap<number, number>
  readonly sockets: WebSocketServer
  /** Connections of TCP. */
  readonly streams: Set<Socket>
  /** From now on nobody is there. */
  leave(): Promise<void>
}

const startUpstream = async (name: string): Promise<Upstream> => {
  const sockets = new WebSocketServer({ noServer: true })
  const streams = new Set<Socket>()
  const ports = new Map<number, number>()
  const servers: (Server | HttpServer)[] = []
  const serve = async (port: number, server: Server | HttpServer) => {
    servers.push(server.listen(0, '127.0.0.1'))
    await once(server, 'listening')
    ports.set(port, (server.address() as AddressInfo).port)
  }
  sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(`${name}: ${data}`)))
  for (const port of httpPorts) {
    const server = createHttpServer((request, response) => {
      response.end(JSON.stringify({ name, port, path: request.url, headers: request.headers }))
    })
    server.on('upgrade', (request, net, first) =>
      sockets.handleUpgrade(request, net, first, (socket) => sockets.emit('connection', socket, request)),
    )
    await serve(port, server)
  }
  for (const port of streamPorts) {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      streams.add(socket)
      let heard = ''
      socket.on('error', () => {}) // `close` follows.
      socket.on('data', (bytes) => {
        heard += bytes
        if (heard.endsWith('?')) socket.write(`${name}, ${port}: ${heard}`)
      })
      socket.on('end', () => socket.end(`${name}, bye`))
      socket.on('close', () => streams.delete(socket))
    })
    await serve(port, server)
  }
  const leave = async () => {
    for (const socket of sockets.clients) socket.terminate()
    for (const socket of streams) socket.destroy()
    for (const server of servers) if ('closeAllConnections' in server) server.closeAllConnections()
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  }
  return { ports, sockets, streams, leave }
}

let upstreams: [Upstream, Upstream]
const open = new Set<WebSocket | Socket>()
let nginx: Nginx

beforeAll(async () => {
  upstreams = [await startUpstream('connector-1'), await startUpstream('connector-2')]
  nginx = await startNginx(upstreams.map(({ ports }) => ports))
})

afterAll(async () => {
  for (const one of open) one instanceof WebSocket ? one.terminate() : one.destroy()
  await nginx?.stop()
  await Promise.all((upstreams ?? []).map(({ leave }) => leave()))
})

const get = async (path: string, headers: Record<string, string> = {}) => {
  const answer = await fetch(`http://127.0.0.1:${nginx.port(8080)}${path}`, { headers })
  expect(answer.status).toBe(200)
  return (await answer.json()) as { name: string; path: string; headers: Record<string, string> }
}

const connect = async (
  url = `ws://127.0.0.1:${nginx.port(8080)}/v1/socket`,
  protocols = ['chat.v1'],
): Promise<WebSocket> => {
  const socket = new WebSocket(url, protocols)
  open.add(socket)
  await once(socket, 'open')
  return socket
}

const ask = async (socket: WebSocket): Promise<string> => {
  const answer = once(socket, 'message')
  socket.send('hi')
  return String((await answer)[0])
}

test('a socket is upgraded, keeps its subprotocol and carries frames both ways', async () => {
  const socket = await connect()
  expect(socket.protocol).toBe('chat.v1')
  expect(await ask(socket)).toMatch(/^connector-[12]: hi$/)
  socket.terminate()
})

test('sockets go to the connector that has fewer', async () => {
  const sockets = await Promise.all(Array.from({ length: 8 }, () => connect()))
  const names = await Promise.all(sockets.map(ask))
  const onFirst = sockets.filter((_, index) => names[index]?.startsWith('connector-1'))
  expect(onFirst).toHaveLength(4)
  for (const socket of onFirst) socket.terminate()
  const [first] = upstreams
  await waitUntil(() => first.sockets.clients.size === 0, { deadlineMs: 5_000, what: 'connector-1 is empty' })
  const next = await Promise.all(Array.from({ length: 4 }, () => connect()))
  expect(await Promise.all(next.map(ask))).toEqual(Array(4).fill('connector-1: hi'))
  for (const socket of [...sockets, ...next]) socket.terminate()
})

test('a request keeps its path, query and host, and tells the address of the client after what the client claimed', async () => {
  const { path, headers } = await get('/v1/users?query=a%20b&limit=2', { 'x-forwarded-for': '203.0.113.9' })
  expect(path).toBe('/v1/users?query=a%20b&limit=2')
  expect(headers['x-forwarded-for']).toBe('203.0.113.9, 127.0.0.1')
  expect(headers.host).toBe(`127.0.0.1:${nginx.port(8080)}`)
})

test('the metrics of the processes are not for clients', async () => {
  expect((await fetch(`http://127.0.0.1:${nginx.port(8080)}/metrics`)).status).toBe(404)
})

/** A client of an older protocol over TCP. */
const connectStream = async (port: number): Promise<Socket> => {
  const socket = connectTcp({ port: nginx.port(port), host: '127.0.0.1', allowHalfOpen: true })
  open.add(socket)
  await once(socket, 'connect')
  return socket
}

const askStream = async (socket: Socket, text = 'hi?'): Promise<string> => {
  socket.write(text)
  return String((await once(socket, 'data'))[0])
}

test('a TCP connection goes to the port of its protocol, and says first whose it is', async () => {
  for (const port of streamPorts) {
    const socket = await connectStream(port)
    const { localPort } = socket
    const line = `PROXY TCP4 127.0.0.1 127.0.0.1 ${localPort} ${nginx.port(port)}\r\n`
    expect(await askStream(socket)).toMatch(new RegExp(`^connector-[12], ${port}: ${line}hi\\?$`))
    socket.destroy()
  }
})

test('a client that ended its side still hears what comes', async () => {
  const socket = await connectStream(8001)
  socket.end()
  expect(String((await once(socket, 'data'))[0])).toMatch(/^connector-[12], bye$/)
  await once(socket, 'end')
})

test('TCP connections go to the connector that has fewer', async () => {
  const clients = await Promise.all(Array.from({ length: 8 }, () => connectStream(8002)))
  const answers = await Promise.all(clients.map((client) => askStream(client)))
  const onFirst = clients.filter((_, index) => answers[index]?.startsWith('connector-1'))
  expect(onFirst).toHaveLength(4)
  for (const client of onFirst) client.destroy()
  const [first] = upstreams
  await waitUntil(() => first.streams.size === 0, { deadlineMs: 5_000, what: 'connector-1 is empty' })
  const next = await Promise.all(Array.from({ length: 4 }, () => connectStream(8002)))
  for (const client of next) expect(await askStream(client)).toMatch(/^connector-1/)
  for (const client of [...clients, ...next]) client.destroy()
})

test('clients of action reach the connector that they were told by its port, and any gateway; both are told their address', async () => {
  for (const [port, name] of [
    [8005, 'connector-1'],
    [8006, 'connector-2'],
  ] as const) {
    const url = `127.0.0.1:${nginx.port(port)}/`
    expect(await ask(await connect(`ws://${url}`, []))).toBe(`${name}: hi`)
    expect(await (await fetch(`http://${url}`)).json()).toMatchObject({
      name,
      headers: { 'x-forwarded-for': '127.0.0.1' },
    })
  }
  const answer = await (await fetch(`http://127.0.0.1:${nginx.port(8888)}/server?all=1`)).json()
  expect(answer).toMatchObject({ port: 8888, path: '/server?all=1', headers: { 'x-forwarded-for': '127.0.0.1' } })
})

/** Whether keepalive is on, of each end of a connection that has this port on its own side, or on the other. */
const keepalives = (side: 'own' | 'other', port: number): readonly boolean[] => {
  const hex = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const rows = readFileSync('/proc/net/tcp', 'utf8').trim().split('\n').slice(1)
  return rows.flatMap((row) => {
    // sl, local address, remote address, state, queues, timer:when. 01: established. 02: the timer of keepalive runs.
    const [, local = '', remote = '', state, , timer = ''] = row.trim().split(/\s+/)
    return state === '01' && (side === 'own' ? local : remote).endsWith(hex) ? [timer.startsWith('02:')] : []
  })
}

test('who is idle is cut off by nobody for days, and keepalive looks after both of its connections', async () => {
  const conf = readFileSync(new URL('../../nginx/nginx.conf', import.meta.url), 'utf8')
  const stream = conf.slice(conf.indexOf('\nstream {'))
  expect(stream).toMatch(/^ {2}proxy_timeout 7d;$/m)
  for (const [, port] of stream.matchAll(/listen (\d+)/g))
    expect(stream).toContain(`listen ${port} so_keepalive=1m:10s:6;`)
  for (const port of [8005, 8006]) {
    const server = conf.slice(conf.indexOf(`listen ${port} so_keepalive=1m:10s:6;`))
    expect(server.slice(0, server.indexOf('location'))).toMatch(/proxy_read_timeout 7d;[\s\S]*proxy_send_timeout 7d;/)
  }
  const [client, socket] = [await connectStream(8003), await connect(`ws://127.0.0.1:${nginx.port(8005)}/`, [])]
  await askStream(client)
  await sleep(idleMs)
  for (const port of [8003, 8005]) {
    const behind = upstreams.flatMap(({ ports }) => keepalives('other', ports.get(port) ?? 0))
    expect(new Set(behind), `connectors at ${port}`).toEqual(new Set([true]))
    expect(new Set(keepalives('own', nginx.port(port))), `clients at ${port}`).toEqual(new Set([true]))
  }
  expect(await askStream(client, 'still there?')).toMatch(/still there\?$/)
  expect(await ask(socket)).toBe('connector-1: hi')
})

/** Longer than any timeout that is not said in days. */
const idleMs = 3_000

test('while a connector is away the other one serves', async () => {
  const clients = await Promise.all([connectStream(8002), connectStream(8002)])
  const answers = await Promise.all(clients.map((client) => askStream(client)))
  const cut = clients.find((_, index) => answers[index]?.startsWith('connector-1'))
  const ended = once(cut?.resume() ?? clients[0], 'end')
  await upstreams[0].leave()
  await ended
  for (let index = 0; index < 6; index++) {
    expect((await get('/healthz')).name).toBe('connector-2')
    expect(await askStream(await connectStream(8002))).toMatch(/^connector-2, 8002/)
  }
  expect(await ask(await connect())).toBe('connector-2: hi')
  for (const port of [8005, 8006])
    expect(await ask(await connect(`ws://127.0.0.1:${nginx.port(port)}/`, []))).toBe('connector-2: hi')
  expect(await (await fetch(`http://127.0.0.1:${nginx.port(8888)}/`)).json()).toMatchObject({ name: 'connector-2' })
})
