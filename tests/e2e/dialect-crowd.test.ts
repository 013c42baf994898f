import type { EventLog } from '@chat/event-log'
import { type Nginx, startNginx } from '@chat/stack/nginx'
import { type System, startSystem } from '@chat/stack/system'
import { createDevice, type Device, forEachOf, registerAccount, waitUntil } from '@chat/testkit'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readAccepted } from '../crowd/accepted.ts'
import { idOf, openRoom } from '../crowd/asked.ts'
import { faultsOf } from '../crowd/check.ts'
import { Person } from '../crowd/person.ts'
import { actionPorts, behindNginx, freeDialectPorts, portsBehind } from '../crowd/ports.ts'
import {
  actionDialect,
  browserDialect,
  type Dialect,
  envelopeDialect,
  jsonDialect,
  type Room,
  unitDialect,
} from '../crowd/seats.ts'
import { unreadOf } from '../crowd/unread.ts'
import { metricOf } from './metrics.ts'
import { openWorldLog } from './read-models.ts'

/** People of all older protocols and some with browsers, all talking across, while a connector and then a router are killed. */
const isLong = process.env.CHAT_TEST_LONG === '1'
const peopleOfDialect = isLong ? 100 : 20
const browsersCount = 5
const talkS = isLong ? 60 : 18
const connectorKilledAfterS = isLong ? 15 : 4
const routerKilledAfterS = isLong ? 40 : 11
const directPerSecond = isLong ? 100 : 60
const roomPerSecond = 2
/** So many after oneself: all that stand between two of one dialect, and one of these. */
const partnersCount = 5
/** Of those who lose their connector, one in so many does not come back before the end. */
const oneAwayOf = 4
const registrationsAtOnce = 8
const loginsAtOnce = 32
/** Said at once before the connector is killed: it takes two seconds to write them. */
const burstCount = 100
/**
 * Between two frames to a client that takes what one read gives it for one message: twice the default, so that a cursor that moved when a
 * frame was queued, and not when it was written, would be on the log by the time of the kill.
 */
const pacingMs = 20
/** A connection to a connector that was killed ends within this, ms. */
const lostWithinMs = 5_000

let nginx: Nginx
let system: System
let log: EventLog
let database: pg.Pool
let room: Room
const devices = new Map<string, Device>()
const people: Person[] = []

const say = (line: string) => process.stdout.write(`${line}\n`)

beforeAll(async () => {
  const ports = await freeDialectPorts(2)
  nginx = await startNginx(ports.map(portsBehind))
  system = await startSystem({
    ...{ connectors: 2, routers: 2, projectors: 1 },
    env: { CHAT_DIALECT_PACING_MS: String(pacingMs) },
    connectorEnvs: ports.map((own, index) => behindNginx(own, nginx.port(actionPorts[index] ?? 0))),
  })
  log = await openWorldLog(system.world)
  database = new pg.Pool({ connectionString: system.world.databaseUrl, max: 2 })
  const url = `http://127.0.0.1:${nginx.port(8080)}`
  for (let index = 0; index < browsersCount; index++) {
    const account = await registerAccount(url, `browser${index}`)
    const device = createDevice({ urls: [url], account })
    devices.set(account.name, device)
    await device.connect()
  }
  people.push(...assemble())
  await forEachOf(people, registrationsAtOnce, (person) => person.register())
  await forEachOf(people, loginsAtOnce, async (person) => {
    person.id = await idOf(person.name, anyDevice())
  })
  await forEachOf(people, loginsAtOnce, (person) => person.comeIn())
  room = await openRoom(people, anyDevice())
}, 300_000)

afterAll(async () => {
  for (const person of people) person.leave()
  await Promise.all([...devices.values()].map((device) => device.close()))
  await database?.end()
  await log?.close()
  await system?.stop()
  await nginx?.stop()
})

/** Whoever stands beside somebody speaks something else. */
const assemble = (): readonly Person[] => {
  const at = (port: number) => () => nginx.port(port)
  const dialects: readonly Dialect[] = [
    jsonDialect('json-to', at(8002)),
    envelopeDialect(at(8003)),
    unitDialect(at(8004)),
    jsonDialect('json-toid', at(8001)),
    actionDialect(at(8888)),
  ]
  const crowd = Array.from({ length: peopleOfDialect }, (_, index) =>
    dialects.map((dialect) => new Person(`${dialect.name}${index}`, dialect, index)),
  ).flat()
  const browsers = browserDialect(devices)
  return [...crowd, ...[...devices.keys()].map((name, index) => new Person(name, browsers, index))]
}

const anyDevice = (): Device => {
  const [device] = devices.values()
  if (device === undefined) throw new Error('no browser')
  return device
}

/** Messages at a steady rate, of everybody in turn who is there. */
const talk = (): Promise<void> => {
  const sayers = people.filter(({ dialect }) => dialect.canSayToRoom)
  const counts = { direct: 0, room: 0 }
  const startMs = performance.now()
  const due = (perSecond: number) => Math.min(talkS, (performance.now() - startMs) / 1_000) * perSecond
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      for (; counts.direct < due(directPerSecond); counts.direct++) {
        const index = counts.direct % people.length
        const partner = index + 1 + (Math.floor(counts.direct / people.length) % partnersCount)
        const person = people[index]
        if (person?.isThere === true) person.say(people[partner % people.length], room)
      }
      for (; counts.room < due(roomPerSecond); counts.room++) {
        // Not a divisor of their number: all kinds have their turn.
        const person = sayers[(counts.room * 7) % sayers.length]
        if (person?.isThere === true) person.say(undefined, room)
      }
      if (performance.now() - startMs < talkS * 1_000) return
      clearInterval(timer)
      resolve()
    }, 5)
  })
}

const after = async (seconds: number): Promise<void> => {
  const untilMs = performance.now() + seconds * 1_000
  await waitUntil(() => performance.now() >= untilMs, { deadlineMs: 600_000, what: `${seconds} s pass` })
}

/** In the middle of more than can be written at once, so that much of it waits for its turn. */
const killConnector = async (): Promise<{ readonly killedAtMs: number; readonly lastOfBurst: string }> => {
  const [, victim] = system.connectors
  if (victim === undefined) throw new Error('no connector')
  const browsers = people.filter(({ dialect }) => dialect.name === 'browser')
  const burst = Array.from({ length: burstCount }, (_, n) => browsers[n % browsers.length]?.say(undefined, room) ?? '')
  const reader = people.find(({ dialect, isThere }) => dialect.name === 'json-to' && isThere)
  await waitUntil(() => burst.filter((text) => reader?.shows(text)).length >= burstCount / 2, {
    ...{ deadlineMs: 60_000, what: 'some of much is shown' },
  })
  const killedAtMs = performance.now()
  victim.kill('SIGKILL')
  await victim.exited
  system.connectors[1] = await system.replace(victim)
  return { killedAtMs, lastOfBurst: burst.at(-1) ?? '' }
}

/** The one that writes most. */
const killRouter = async (): Promise<void> => {
  const written = await Promise.all(system.routers.map(({ url }) => metricOf(url, 'chat_router_events_total')))
  const index = written.indexOf(Math.max(...written))
  const victim = system.routers[index]
  if (victim === undefined) throw new Error('no router')
  victim.kill('SIGKILL')
  await victim.exited
  system.routers[index] = await system.spawn('router')
}

/** Everything that was said on a connection that is still there is on the log. */
const everythingIsAccepted = async (): Promise<void> => {
  let missing: readonly string[] = []
  await waitUntil(
    async () => {
      const accepted = new Set((await readAccepted(log, system.world)).map(({ text }) => text))
      missing = people.flatMap((person) => person.saidHere()).filter((text) => !accepted.has(text))
      return missing.length === 0
    },
    { deadlineMs: 90_000, everyMs: 500, what: () => `these are accepted: ${missing.slice(0, 20).join(' ')}` },
  )
}

/** Of all who are there by an older protocol, every cursor stands at the end: what they were shown does not come again. */
const everythingIsRead = async (): Promise<void> => {
  const ids = people.filter(({ isThere, dialect }) => isThere && dialect.name !== 'browser').map(({ id }) => id)
  let left: Awaited<ReturnType<typeof unreadOf>> = []
  await waitUntil(
    async () => {
      left = await unreadOf(database, ids)
      return left.length === 0
    },
    { deadlineMs: 60_000, everyMs: 200, what: () => `all is read, but ${JSON.stringify(left.slice(0, 10))}` },
  )
}

/** What he missed comes before what is said now. */
const everybodyComesAgain = async (): Promise<void> => {
  const coming = people.filter(({ dialect }) => dialect.name !== 'browser')
  for (const person of coming) person.leave()
  await forEachOf(coming, loginsAtOnce, (person) => person.comeIn())
  const last = people.at(-1)?.say(undefined, room) ?? ''
  const deaf = () => people.filter((person) => !person.shows(last)).map(({ name }) => name)
  await waitUntil(() => deaf().length === 0, {
    ...{
      deadlineMs: 120_000,
      everyMs: 200,
      what: () => `the last message is shown to ${deaf().slice(0, 20).join(' ')}`,
    },
  })
  for (const device of devices.values()) await device.catchUp()
}

test('a connector and a router are killed while everybody talks: what was accepted is shown to all whom it is for, in order', async () => {
  let isOver = false
  let lost = 0
  const staying = people.map((person) =>
    person.stay(
      () => isOver,
      () => lost++ % oneAwayOf === oneAwayOf - 1,
    ),
  )
  const [, { killedAtMs, lastOfBurst }] = await Promise.all([
    talk(),
    after(connectorKilledAfterS).then(killConnector),
    after(routerKilledAfterS).then(killRouter),
  ])
  isOver = true
  await Promise.all(staying)
  await everythingIsAccepted()
  await everythingIsRead()
  const away = people.filter(({ isAway }) => isAway).length
  await everybodyComesAgain()

  const accepted = await readAccepted(log, system.world)
  const witnesses = people.map((person) => person.witness())
  const losses = people.flatMap((person) => person.losses)
  const backMs = Math.max(...losses.map(({ backAtMs }) => (backAtMs ?? killedAtMs) - killedAtMs))
  const acknowledged = witnesses.reduce((sum, witness) => sum + witness.acknowledged.length, 0)
  const shown = witnesses.reduce((sum, { showings }) => sum + showings.length, 0)
  say(
    `${people.length} people of ${peopleOfDialect} a dialect and ${browsersCount} browsers: ${accepted.length} messages accepted, ${acknowledged} of them acknowledged, ` +
      `shown ${shown} times; ${losses.length} lost their connector, the last of them was back after ${(backMs / 1_000).toFixed(1)} s, ${away} came at the end`,
  )
  expect(faultsOf(accepted, `g${room.id}`, witnesses)).toEqual([])
  expect(people.flatMap((person) => person.aborts())).toEqual([])
  // The kill was felt by every dialect, and by nobody who was not there.
  for (const { name } of new Set(people.map(({ dialect }) => dialect))) {
    const cut = people.filter(({ dialect, losses: { length } }) => dialect.name === name && length > 0).length
    if (name !== 'browser') expect([name, cut > 0 && cut < peopleOfDialect]).toEqual([name, true])
  }
  expect(people.filter((person) => person.wasCutBefore(lastOfBurst)).length).toBeGreaterThan(0)
  expect(losses.every(({ atMs }) => atMs >= killedAtMs && atMs < killedAtMs + lostWithinMs)).toBe(true)
  expect(away).toBeGreaterThan(0)
  expect(accepted.length).toBeGreaterThan((talkS * directPerSecond) / 2)
}, 600_000)
