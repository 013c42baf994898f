import { freePort } from '@chat/stack'
import { type Nginx, startNginx } from '@chat/stack/nginx'
import { type System, startSystem } from '@chat/stack/system'
import { waitUntil } from '@chat/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { askGateway, connectAction, type Node } from './action-client.ts'
import { connectDialect, type DialectClient } from './dialect-client.ts'

/** Older protocols as in the containers: two connectors on Kafka, reached through nginx alone. */
const deadlineMs = 20_000
const settings = new Map([
  [8001, 'CHAT_DIALECT_JSON_TOID_PORT'],
  [8002, 'CHAT_DIALECT_JSON_TO_PORT'],
  [8003, 'CHAT_DIALECT_ENVELOPE_PORT'],
  [8004, 'CHAT_DIALECT_UNIT_PORT'],
  [8005, 'CHAT_DIALECT_ACTION_PORT'],
  [8888, 'CHAT_DIALECT_ACTION_GATEWAY_PORT'],
])
let system: System
let nginx: Nginx

beforeAll(async () => {
  const connectors = await Promise.all(
    [0, 1].map(async () => {
      const ports = new Map<number, number>()
      for (const port of [8080, ...settings.keys()]) ports.set(port, await freePort(new Set(ports.values())))
      return ports
    }),
  )
  nginx = await startNginx(connectors)
  system = await startSystem({
    ...{ connectors: 2, routers: 1, projectors: 1 },
    env: { CHAT_DIALECT_ACTION_OPEN: 'true', CHAT_DIALECT_PROXY_PROTOCOL: 'on', CHAT_DIALECT_PACING_MS: '1' },
    connectorEnvs: connectors.map((ports, index) => ({
      CHAT_PORT: String(ports.get(8080)),
      CHAT_DIALECT_PUBLIC_PORT: String(nginx.port(8005 + index)),
      ...Object.fromEntries([...settings].map(([port, name]) => [name, String(ports.get(port))])),
    })),
  })
}, 120_000)

afterAll(async () => {
  await nginx?.stop()
  await system?.stop()
})

test('the gateway of action names both connectors by their ports at nginx, and who dials one is there', async () => {
  const nodes = [8005, 8006].map((port) => ({ host: '127.0.0.1', port: nginx.port(port) }))
  const all = async () => (await askGateway(nginx.port(8888), '/server?all=1')) as Node[]
  await waitUntil(async () => (await all()).length === 2, { deadlineMs, what: 'both are named' })
  expect((await all()).toSorted((one, other) => one.port - other.port)).toEqual(
    nodes.toSorted((one, other) => one.port - other.port),
  )
  for (const [index, node] of nodes.entries()) {
    const client = connectAction(node)
    await client.logIn(`dialler ${index}`)
    client.say('userInfo', { username: `dialler ${index}` })
    await client.comes('userInfo', { nodeId: `${node.host}:${node.port}` })
    client.close()
  }
})

test('clients are spread over both; one whose connector is killed reaches the other at once, and misses nothing', async () => {
  const open = () => connectDialect(nginx.port(8002))
  const clients = await Promise.all(['li', 'mei'].map((name) => registered(open(), name)))
  system.connectors[0]?.kill('SIGKILL')
  await waitUntil(() => clients.some(({ client }) => !client.isOpen()), { deadlineMs, what: 'one is cut off' })
  const [cut, left] = clients[0]?.client.isOpen() ? clients.toReversed() : clients
  if (cut === undefined || left === undefined) throw new Error('two clients')
  expect(left.client.isOpen()).toBe(true)
  left.client.send({ msgid: 5, id: left.id, to: cut.id, name: '', msg: 'are you there', time: '' })
  const back = open()
  const killedAt = Date.now()
  await waitUntil(async () => (await back.logIn(cut.id)).errno === 0, { deadlineMs, what: 'he is let in again' })
  expect(Date.now() - killedAt).toBeLessThan(10_000)
  await waitUntil(() => back.texts().includes('are you there'), { deadlineMs, what: 'what was missed is shown' })
  expect([...clients.flatMap(({ client }) => client.aborts), ...back.aborts]).toEqual([])
  for (const { client } of clients) client.close()
  back.close()
})

/** Logged in by json-to. */
const registered = async (client: DialectClient, name: string) => {
  client.send({ msgid: 3, name, password: 'x' })
  const id = Number((await client.comes({ msgid: 4, errno: 0 })).id)
  await client.logIn(id)
  return { client, id }
}
