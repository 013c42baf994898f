import type { EventLog } from '@chat/event-log'
import { registerAccounts, type System, startSystem } from '@chat/stack/system'
import { type Account, type Acknowledged, createDevice, type Device, waitUntil } from '@chat/testkit'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectExactlyOnce } from './expectations.ts'
import { expectReadModelsEqualFold, openWorldLog } from './read-models.ts'

/** 10,000 messages at 330 a second, from 20 users whose devices pipeline up to 16 sends each. */
const messagesTotal = 10_000
const messagesPerSecond = 330
const usersCount = 20
const devicesStalledMin = 8
const sendsStalledMin = 100
const eventsBehindMin = 100

let system: System
let accounts: readonly Account[]
let devices: readonly Device[]

beforeAll(async () => {
  system = await startSystem({ connectors: 2, routers: 2, projectors: 1 })
  const urls = system.connectors.map((connector) => connector.url)
  accounts = await registerAccounts(urls, usersCount)
  devices = accounts.map((account, index) =>
    createDevice({ urls: index % 2 === 0 ? urls : [...urls].reverse(), account, window: 16 }),
  )
  await Promise.all(devices.map((device) => device.connect()))
}, 120_000)

afterAll(async () => {
  await Promise.all((devices ?? []).map((device) => device.close()))
  await system?.stop()
})

interface Load {
  /** Per conversation and device, in the order of sending. */
  readonly sent: Map<string, Map<Device, Promise<Acknowledged>[]>>
  readonly done: Promise<void>
  count(): number
}

/** Every device posts in turn to one of the conversations it takes part in, at a steady rate. */
const startLoad = (conversationsOf: (device: Device) => readonly string[]): Load => {
  const sent: Load['sent'] = new Map()
  let count = 0
  const post = () => {
    const device = devices[count % devices.length]
    if (device === undefined) throw new Error('no device')
    const conversations = conversationsOf(device)
    const conversation = conversations[Math.floor(count / devices.length) % conversations.length] ?? ''
    const ofConversation = sent.get(conversation) ?? new Map<Device, Promise<Acknowledged>[]>()
    sent.set(conversation, ofConversation)
    const acks = ofConversation.get(device) ?? []
    ofConversation.set(device, acks)
    acks.push(device.send(conversation, `message ${count}`))
    count++
  }
  const startMs = performance.now()
  const done = new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(messagesTotal, ((performance.now() - startMs) * messagesPerSecond) / 1000)
      while (count < due) post()
      if (count < messagesTotal) return
      clearInterval(timer)
      resolve()
    }, 5)
  })
  return { sent, done, count: () => count }
}

const stalled = () => devices.map((device) => device.unanswered()).filter((count) => count > 0)

const whenStalled = async (what: string) => {
  await waitUntil(
    () => stalled().length >= devicesStalledMin && stalled().reduce((a, b) => a + b, 0) >= sendsStalledMin,
    { deadlineMs: 20_000, what: `${sendsStalledMin} sends of ${devicesStalledMin} devices unanswered: ${what}` },
  )
}

const afterMessages = (load: Load, count: number) =>
  waitUntil(() => load.count() >= count, { deadlineMs: 60_000, what: `${count} messages are sent` })

/** Freezes the process until clients are stalled, then kills it: whatever it held in its hands is lost. */
const freezeAndKill = async (kind: 'router' | 'connector') => {
  const victim = (kind === 'router' ? system.routers : system.connectors)[0]
  if (victim === undefined) throw new Error('nothing to kill')
  victim.kill('SIGSTOP')
  await whenStalled(`${kind} frozen`)
  victim.kill('SIGKILL')
  await victim.exited
}

/** Events on the log that the projector has not projected. */
const eventsBehind = async (database: pg.Pool, log: EventLog): Promise<number> => {
  const ends = await log.ends(system.world.topics.events)
  const { rows } = await database.query(
    "SELECT coalesce(sum(next_offset), 0)::int AS projected FROM read.projection_offsets WHERE source = 'events'",
  )
  return [...ends.values()].reduce((a, b) => a + b, 0) - rows[0].projected
}

const freezeAndKillProjector = async () => {
  const database = new pg.Pool({ connectionString: system.world.databaseUrl, max: 1 })
  const log = await openWorldLog(system.world)
  const victim = system.projectors[0]
  if (victim === undefined) throw new Error('nothing to kill')
  victim.kill('SIGSTOP')
  await waitUntil(async () => (await eventsBehind(database, log)) >= eventsBehindMin, {
    deadlineMs: 30_000,
    what: `the frozen projector lags ${eventsBehindMin} events`,
  })
  victim.kill('SIGKILL')
  await victim.exited
  expect(await eventsBehind(database, log)).toBeGreaterThanOrEqual(eventsBehindMin)
  await Promise.all([database.end(), log.close()])
}

test('10,000 messages while a router, the projector and a connector are frozen and killed: none lost, doubled or reordered', async () => {
  const owner = devices[0]
  if (owner === undefined) throw new Error('no device')
  const members = accounts.slice(1).map((account) => account.userId)
  const group = await owner.request('group.create', { title: 'everybody', visibility: 'private', members })
  const everybody = String(group.conversation)
  const conversationsOf = (device: Device) => {
    const index = devices.indexOf(device)
    const partner = devices[(index ^ 1) % devices.length] ?? device
    return [everybody, `d${Math.min(device.userId, partner.userId)}.${Math.max(device.userId, partner.userId)}`]
  }
  const load = startLoad(conversationsOf)

  await afterMessages(load, 1_500)
  await freezeAndKill('router')
  system.routers[0] = await system.spawn('router')

  await afterMessages(load, 4_500)
  await freezeAndKillProjector()
  system.projectors[0] = await system.spawn('projector')

  await afterMessages(load, 7_500)
  await freezeAndKill('connector')
  system.connectors[0] = await system.spawn('connector')

  await load.done
  for (const [conversation, ofConversation] of load.sent) {
    const sent = new Map<Device, readonly Acknowledged[]>()
    for (const [device, acks] of ofConversation) sent.set(device, await Promise.all(acks))
    load.sent.delete(conversation)
    await Promise.all([...sent.keys()].map((device) => device.catchUp()))
    const takingPart = devices.filter((device) => conversationsOf(device).includes(conversation))
    await Promise.all(takingPart.map((device) => device.catchUp()))
    expectExactlyOnce({ conversation, devices: takingPart, sent })
  }
  expect(
    devices.some((device) => device.wire.connects > 1),
    'the killed connector had clients',
  ).toBe(true)
  await expectReadModelsEqualFold(system.world)
}, 300_000)
