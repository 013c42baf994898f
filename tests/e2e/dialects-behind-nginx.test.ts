import { type Nginx, startNginx } from '@chat/stack/nginx'
import { type System, startSystem } from '@chat/stack/system'
import { waitUntil } from '@chat/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { actionPorts, behindNginx, freeDialectPorts, portsBehind } from '../crowd/ports.ts'
import { askGateway, connectAction, type Node } from './action-client.ts'
import { connectDialect, type DialectClient } from './dialect-client.ts'

/** Older protocols as in the containers: two connectors on Kafka, reached through nginx alone. */
const deadlineMs = 20_000
let system: System
let nginx: Nginx

beforeAll(async () => {
  const ports = await freeDialectPorts(2)
  nginx = await startNginx(ports.map(portsBehind))
  system = await startSystem({
    ...{ connectors: 2, routers: 1, projectors: 1 },
    env: { CHAT_DIALECT_PACING_MS: '1' },
    connectorEnvs: ports.map((own, index) => behindNginx(own, nginx.port(actionPorts[index] ?? 0))),
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
