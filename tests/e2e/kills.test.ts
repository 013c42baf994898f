import type { EventLog } from '@chat/event-log'
import type { ServiceProcess } from '@chat/stack'
import { registerAccounts, type System, startSystem } from '@chat/stack/system'
import { type Account, type Acknowledged, createDevice, type Device, waitUntil } from '@chat/testkit'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectExactlyOnce } from './expectations.ts'
import { metricOf } from './metrics.ts'
import { expectReadModelsEqualFold, openWorldLog } from './read-models.ts'
import { type Reading, startReading } from './reading.ts'

/** 10,000 messages at 330 a second, from 20 users whose devices pipeline up to 16 sends each. */
const messagesTotal = 10_000
const messagesPerSecond = 330
const messagesPerSecondMin = 300
const usersCount = 20
const devicesStalledMin = 8
const sendsStalledMin = 100
/** One unanswered send may be chance; two are pipelined. */
const sendsPipelinedMin = 2
const eventsBehindMin = 100

let system: System
let accounts: readonly Account[]
let devices: readonly Device[]

beforeAll(async () => {
  system = await startSystem({ connectors: 2, routers: 2, projectors: 2 })
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
  /** Resolves with how long the sending took, s. */
  readonly done: Promise<number>
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
  const done = new Promise<number>((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(messagesTotal, ((performance.now() - startMs) * messagesPerSecond) / 1000)
      while (count < due) post()
      if (count < messagesTotal) return
      clearInterval(timer)
      resolve((performance.now() - startMs) / 1000)
    }, 5)
  })
  return { sent, done, count: () => count }
}

const stalled = () => devices.map((device) => device.unanswered()).filter((count) => count >= sendsPipelinedMin)

const whenStalled = async (what: string) => {
  await waitUntil(
    () => stalled().length >= devicesStalledMin && stalled().reduce((a, b) => a + b, 0) >= sendsStalledMin,
    {
      deadlineMs: 20_000,
      what: `${sendsStalledMin} sends unanswered, ${sendsPipelinedMin} or more of each of ${devicesStalledMin} devices: ${what}`,
    },
  )
}

const afterMessages = (load: Load, count: number) =>
  waitUntil(() => load.count() >= count, { deadlineMs: 60_000, what: `${count} messages are sent` })

const eventsOfRouters = (): Promise<readonly number[]> =>
  Promise.all(system.routers.map(({ url }) => metricOf(url, 'chat_router_events_total')))

const eventsWritten = async (): Promise<number> => (await eventsOfRouters()).reduce((a, b) => a + b, 0)

/** Which router wrote most events: it has the partition of the group, in which everybody is stalled when it freezes. */
const busiestRouter = async (): Promise<number> => {
  const written = await eventsOfRouters()
  expect(Math.max(...written), 'events that a router wrote').toBeGreaterThan(0)
  return written.indexOf(Math.max(...written))
}

/** Freezes the router until clients are stalled, then kills it: whatever it held in its hands is lost. */
const freezeAndKillRouter = async (victim: ServiceProcess | undefined) => {
  if (victim === undefined) throw new Error('nothing to kill')
  victim.kill('SIGSTOP')
  await whenStalled('router frozen')
  victim.kill('SIGKILL')
  await victim.exited
}

/**
 * Kills the connector while what its clients sent is on the log and they have no answer yet: the routers stand still until enough waits
 * for them, and decide it once the connector stands still in their place.
 */
const killBetweenAppendAndAnswer = async (victim: ServiceProcess | undefined) => {
  if (victim === undefined) throw new Error('nothing to kill')
  for (const router of system.routers) router.kill('SIGSTOP')
  await whenStalled('routers frozen')
  victim.kill('SIGSTOP')
  for (const router of system.routers) router.kill('SIGCONT')
  const before = await eventsWritten()
  await waitUntil(async () => (await eventsWritten()) > before + sendsStalledMin, {
    deadlineMs: 20_000,
    what: 'the routers decided what waited',
  })
  victim.kill('SIGKILL')
  await victim.exited
}

/** Events on the log that are not projected, and those that are. */
const projected = async (database: pg.Pool, log: EventLog) => {
  const ends = await log.ends(system.world.topics.events)
  const { rows } = await database.query(
    "SELECT coalesce(sum(next_offset), 0)::int AS done FROM read.projection_offsets WHERE source = 'events'",
  )
  const done: number = rows[0].done
  return { done, behind: [...ends.values()].reduce((a, b) => a + b, 0) - done }
}

/**
 * One projector is frozen until the other has taken its partitions over and projected them; then that one is frozen until events wait,
 * and killed. The first thaws, with all it held in its hands, finds that it was overtaken, and has every partition again.
 */
const handOverAndKillProjector = async () => {
  const database = new pg.Pool({ connectionString: system.world.databaseUrl, max: 1 })
  const log = await openWorldLog(system.world)
  const [frozen, victim] = system.projectors
  if (frozen === undefined || victim === undefined) throw new Error('two projectors are needed')
  frozen.kill('SIGSTOP')
  const { done } = await projected(database, log)
  await waitUntil(
    async () => {
      const now = await projected(database, log)
      return now.done > done + eventsBehindMin && now.behind < eventsBehindMin
    },
    { deadlineMs: 30_000, everyMs: 50, what: 'the other projector took over what the frozen one had' },
  )
  victim.kill('SIGSTOP')
  await waitUntil(async () => (await projected(database, log)).behind >= eventsBehindMin, {
    deadlineMs: 30_000,
    what: `the frozen projectors lag ${eventsBehindMin} events`,
  })
  victim.kill('SIGKILL')
  await victim.exited
  expect((await projected(database, log)).behind).toBeGreaterThanOrEqual(eventsBehindMin)
  frozen.kill('SIGCONT')
  await waitUntil(async () => (await projected(database, log)).behind < eventsBehindMin, {
    deadlineMs: 30_000,
    everyMs: 50,
    what: 'the projector that thawed has caught up',
  })
  await Promise.all([database.end(), log.close()])
}

const sumOf = (count: (device: Device) => number): number => devices.reduce((sum, device) => sum + count(device), 0)

test('10,000 messages while a router, a projector and a connector are frozen and killed: none lost, doubled or reordered', async () => {
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
  const reading: Reading = startReading(devices, conversationsOf)

  const killRouterAndConnector = async () => {
    await afterMessages(load, 3_000)
    const busiest = await busiestRouter()
    await freezeAndKillRouter(system.routers[busiest])
    system.routers[busiest] = await system.spawn('router')
    await afterMessages(load, 7_000)
    await killBetweenAppendAndAnswer(system.connectors[0])
    system.connectors[0] = await system.spawn('connector')
  }
  // Beside the others: a group notices a frozen member only after seconds, and nobody's kill waits for that.
  const killProjector = async () => {
    await afterMessages(load, 500)
    await handOverAndKillProjector()
    system.projectors[1] = await system.spawn('projector')
  }
  await Promise.all([killRouterAndConnector(), killProjector()])

  expect(messagesTotal / (await load.done), 'messages offered a second').toBeGreaterThanOrEqual(messagesPerSecondMin)
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
  expect(
    sumOf((device) => device.wire.repeats),
    'pushes that came twice on one connection',
  ).toBe(0)
  expect(
    sumOf((device) => device.wire.resends),
    'sends that a kill left without an answer',
  ).toBeGreaterThan(0)
  expect(
    sumOf((device) => device.wire.duplicates),
    'resends of what had been accepted',
  ).toBeGreaterThan(0)
  await reading.finish()
  await expectReadModelsEqualFold(system.world)
}, 300_000)
