import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { registerAccounts, type System, startSystem } from '@chat/stack/system'
import { type Acknowledged, createDevice, type Device, waitUntil } from '@chat/testkit'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectExactlyOnce } from './expectations.ts'
import { expectReadModelsEqualFold } from './read-models.ts'

let system: System
let devices: readonly Device[]

beforeAll(async () => {
  system = await startSystem({ connectors: 1, routers: 1, projectors: 1 })
  const urls = system.connectors.map((connector) => connector.url)
  const accounts = await registerAccounts(urls, 6)
  devices = accounts.map((account) => createDevice({ urls, account }))
  await Promise.all(devices.map((device) => device.connect()))
}, 120_000)

afterAll(async () => {
  await Promise.all((devices ?? []).map((device) => device.close()))
  await system?.stop()
})

/** `npm run rebuild` in the world's environment; resolves with its exit code and output. */
const rebuild = async (): Promise<{ readonly code: number; readonly output: string }> => {
  const main = join(import.meta.dirname, '..', '..', 'services', 'projector', 'src', 'rebuild-main.ts')
  const child = spawn(process.execPath, [main], { env: system.env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const keep = (chunk: Buffer) => {
    output += chunk.toString()
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  const [code] = await once(child, 'close')
  return { code, output }
}

/** The identity of the tables themselves: a switch puts others in their place. */
const tableOid = async (): Promise<number> => {
  const client = new pg.Client({ connectionString: system.world.databaseUrl })
  await client.connect()
  const { rows } = await client.query("SELECT 'read.events_read'::regclass::oid::int AS oid")
  await client.end()
  return rows[0].oid
}

test('a rebuild while messages flow gives equal read models, and nobody notices', async () => {
  const [owner, ...others] = devices
  if (owner === undefined) throw new Error('no device')
  const members = others.map((device) => device.userId)
  const created = await owner.request('group.create', { title: 'all', visibility: 'private', members })
  const conversation = String(created.conversation)
  const promised = new Map<Device, Promise<Acknowledged>[]>(devices.map((device) => [device, []]))
  const post = () => {
    for (const [device, acks] of promised) acks.push(device.send(conversation, `message ${acks.length}`))
  }
  for (let i = 0; i < 50; i++) post()
  await Promise.all(devices.map((device) => device.catchUp()))
  const before = await tableOid()
  const timer = setInterval(post, 25)
  const { code, output } = await rebuild()
  const postedBefore = [...promised.values()].flat().length
  await waitUntil(() => [...promised.values()].flat().length > postedBefore + 50, {
    deadlineMs: 10_000,
    what: 'messages flow on into the new read models',
  })
  clearInterval(timer)
  expect(code, output).toBe(0)
  expect(output).toMatch(/events at \d+\/s/)
  expect(await tableOid(), 'the tables were switched').not.toBe(before)
  const sent = new Map<Device, readonly Acknowledged[]>()
  for (const [device, acks] of promised) sent.set(device, await Promise.all(acks))
  await Promise.all(devices.map((device) => device.catchUp()))
  expectExactlyOnce({ conversation, devices, sent })
  expect(devices.flatMap((device) => device.wire.closes)).toEqual([])
  await expectReadModelsEqualFold(system.world)
}, 120_000)
