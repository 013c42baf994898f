import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { initWorld } from '@chat/stack'
import { registerAccounts, type System, startSystem } from '@chat/stack/system'
import { type Account, type Acknowledged, createDevice, type Device, type ShownEvent, waitUntil } from '@chat/testkit'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectExactlyOnce } from './expectations.ts'
import { expectReadModelsEqualFold } from './read-models.ts'
import { startReading } from './reading.ts'

let system: System
let accounts: readonly Account[]
let devices: readonly Device[]

beforeAll(async () => {
  system = await startSystem({ connectors: 1, routers: 1, projectors: 1 })
  const urls = system.connectors.map((connector) => connector.url)
  accounts = await registerAccounts(urls, 6)
  devices = accounts.map((account) => createDevice({ urls, account }))
  await Promise.all(devices.map((device) => device.connect()))
}, 120_000)

afterAll(async () => {
  await Promise.all((devices ?? []).map((device) => device.close()))
  await system?.stop()
})

/** `npm run rebuild -- …` in the world's environment; resolves with its exit code and output. `killAt`: a line that it is killed at. */
const rebuild = async (args: readonly string[] = [], killAt?: string): Promise<{ code: number; output: string }> => {
  const main = join(import.meta.dirname, '..', '..', 'services', 'projector', 'src', 'rebuild-main.ts')
  const child = spawn(process.execPath, [main, ...args], { env: system.env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const keep = (chunk: Buffer) => {
    output += chunk.toString()
    if (killAt !== undefined && output.includes(killAt)) child.kill('SIGKILL')
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  const [code] = await once(child, 'close')
  return { code, output }
}

const inDatabase = async <T>(run: (client: pg.Client) => Promise<T>): Promise<T> => {
  const client = new pg.Client({ connectionString: system.world.databaseUrl })
  await client.connect()
  try {
    return await run(client)
  } finally {
    await client.end()
  }
}

/** The identity of the tables themselves: a switch puts others in their place. */
const tableOid = (): Promise<number> =>
  inDatabase(async (client) => {
    const { rows } = await client.query("SELECT 'read.events_read'::regclass::oid::int AS oid")
    return rows[0].oid
  })

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
  const reading = startReading(devices, () => [conversation])
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
  await reading.finish()
  await expectReadModelsEqualFold(system.world)
}, 120_000)

test('a rebuild that is killed goes on from what it had when it is started again', async () => {
  const before = await tableOid()
  const { output } = await inDatabase(async (client) => {
    // The comparison waits for this lock: so far it comes, and no further.
    await client.query('BEGIN')
    await client.query('LOCK TABLE read.users IN ACCESS EXCLUSIVE MODE')
    return rebuild([], 'comparing')
  })
  expect(output).not.toContain('switched')
  expect(await tableOid()).toBe(before)
  const again = await rebuild()
  expect(again.code, again.output).toBe(0)
  expect(again.output).toContain('going on from what an interrupted run left')
  expect(await tableOid()).not.toBe(before)
  await expectReadModelsEqualFold(system.world)
}, 120_000)

test('a rollback puts back what was live before, up to date, until that is dropped', async () => {
  const [device] = devices
  if (device === undefined) throw new Error('no device')
  const replaced = await inDatabase(async (client) => {
    const { rows } = await client.query("SELECT 'read_previous.events_read'::regclass::oid::int AS oid")
    return rows[0].oid
  })
  const { conversation } = await device.request('group.create', { title: 'more', visibility: 'private', members: [] })
  await Promise.all(Array.from({ length: 20 }, (_, index) => device.send(String(conversation), `after ${index}`)))
  const back = await rebuild(['--rollback'])
  expect(back.code, back.output).toBe(0)
  expect(await tableOid()).toBe(replaced)
  await device.send(String(conversation), 'after the rollback')
  await device.catchUp()
  await expectReadModelsEqualFold(system.world)
  const dropped = await rebuild(['--drop-previous'])
  expect(dropped.code, dropped.output).toBe(0)
  const refused = await rebuild(['--rollback'])
  expect(refused.code).toBe(1)
  expect(refused.output).toContain('there are no previous read models')
  expect(await tableOid()).toBe(replaced)
}, 120_000)

// [G10]
test('a database that was emptied of everything but auth comes back complete, by the projector or by a rebuild', async () => {
  const [[device], [account]] = [devices, accounts]
  if (device === undefined || account === undefined) throw new Error('no device')
  const conversations = await conversationIds()
  for (const how of ['projector', 'rebuild']) {
    await inDatabase(async (client) => {
      const { rows } = await client.query("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'read%'")
      for (const { nspname } of rows) await client.query(`DROP SCHEMA ${nspname} CASCADE`)
    })
    await initWorld(system.env, () => {})
    if (how === 'rebuild') {
      const { code, output } = await rebuild()
      expect(code, output).toBe(0)
    }
    await expectReadModelsEqualFold(system.world)
    expect(await conversationIds()).toEqual(conversations)
  }
  // Who was registered before can log in, and has everything.
  const fresh = createDevice({ urls: system.connectors.map((connector) => connector.url), account })
  await fresh.connect()
  await Promise.all([fresh.catchUp(), device.catchUp()])
  for (const conversation of conversations)
    expect(inOrder(fresh.shown(conversation))).toEqual(inOrder(device.shown(conversation)))
  await fresh.close()
}, 180_000)

const inOrder = (shown: ReadonlyMap<number, ShownEvent>) => [...shown.values()].sort((a, b) => a.seq - b.seq)

const conversationIds = (): Promise<readonly string[]> =>
  inDatabase(async (client) => {
    const { rows } = await client.query('SELECT id FROM read.conversations ORDER BY id')
    return rows.map(({ id }) => String(id))
  })
