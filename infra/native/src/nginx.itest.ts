import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { waitUntil } from '@chat/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { freePort, isPortFree } from './ports.ts'

/** Stands for a connector: tells its name and how it was asked. */
interface Upstream {
  readonly name: string
  readonly port: number
  readonly server: Server
  readonly sockets: WebSocketServer
}

const startUpstream = async (name: string): Promise<Upstream> => {
  const port = await freePort()
  const server = createServer((request, response) => {
    response.end(JSON.stringify({ name, path: request.url, headers: request.headers }))
  })
  const sockets = new WebSocketServer({ server, path: '/v1/socket' })
  sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(`${name}: ${data}`)))
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return { name, port, server, sockets }
}

/** The committed file with what belongs to containers put in place: names, port, folder of the pid file. */
const configFor = (folder: string, port: number, upstreams: readonly Upstream[]): string => {
  let config = readFileSync(join(import.meta.dirname, '..', '..', 'nginx', 'nginx.conf'), 'utf8')
  const replace = (from: string, to: string) => {
    if (!config.includes(from)) throw new Error(`nginx.conf has no ${from}`)
    config = config.replace(from, to)
  }
  replace('pid /tmp/nginx.pid;', `pid ${folder}/nginx.pid; daemon off;`)
  replace('listen 8080;', `listen 127.0.0.1:${port};`)
  // `resolve` needs nginx 1.27.3, which the image has and Debian has not.
  for (const { name, port: at } of upstreams) replace(`server ${name}:8080 resolve`, `server 127.0.0.1:${at}`)
  return config
}

const upstreams: Upstream[] = []
const open = new Set<WebSocket>()
let nginx: ChildProcess
let folder: string
let port: number

beforeAll(async () => {
  upstreams.push(await startUpstream('connector-1'), await startUpstream('connector-2'))
  folder = mkdtempSync(join(tmpdir(), 'chat-nginx-'))
  port = await freePort()
  writeFileSync(join(folder, 'nginx.conf'), configFor(folder, port, upstreams))
  nginx = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: ['ignore', 'inherit', 'inherit'] })
  await waitUntil(async () => !(await isPortFree(port)), { deadlineMs: 10_000, what: 'nginx listens' })
})

afterAll(async () => {
  for (const socket of open) socket.terminate()
  const exited = once(nginx, 'exit')
  nginx.kill('SIGTERM')
  await exited
  for (const { server, sockets } of upstreams) {
    sockets.close()
    server.closeAllConnections()
    server.close()
  }
  rmSync(folder, { recursive: true })
})

const get = async (path: string, headers: Record<string, string> = {}) => {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers })
  expect(answer.status).toBe(200)
  return (await answer.json()) as { name: string; path: string; headers: Record<string, string> }
}

const connect = async (): Promise<WebSocket> => {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/socket`, 'chat.v1')
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
  const sockets = await Promise.all(Array.from({ length: 8 }, connect))
  const names = await Promise.all(sockets.map(ask))
  const onFirst = sockets.filter((_, index) => names[index]?.startsWith('connector-1'))
  expect(onFirst).toHaveLength(4)
  for (const socket of onFirst) socket.terminate()
  const first = upstreams[0]
  await waitUntil(() => first?.sockets.clients.size === 0, { deadlineMs: 5_000, what: 'connector-1 is empty' })
  const next = await Promise.all(Array.from({ length: 4 }, connect))
  expect(await Promise.all(next.map(ask))).toEqual(Array(4).fill('connector-1: hi'))
  for (const socket of [...sockets, ...next]) socket.terminate()
})

test('a request keeps its path, query and host, and tells the address of the client after what the client claimed', async () => {
  const { path, headers } = await get('/v1/users?query=a%20b&limit=2', { 'x-forwarded-for': '203.0.113.9' })
  expect(path).toBe('/v1/users?query=a%20b&limit=2')
  expect(headers['x-forwarded-for']).toBe('203.0.113.9, 127.0.0.1')
  expect(headers.host).toBe(`127.0.0.1:${port}`)
})

test('the metrics of the processes are not for clients', async () => {
  expect((await fetch(`http://127.0.0.1:${port}/metrics`)).status).toBe(404)
})

test('while a connector is away the other one serves', async () => {
  const [first] = upstreams
  first?.server.closeAllConnections()
  first?.server.close()
  for (let index = 0; index < 6; index++) expect((await get('/healthz')).name).toBe('connector-2')
  expect(await ask(await connect())).toBe('connector-2: hi')
})
