import type { ChildProcess } from 'node:child_process'
import type { EventLog } from '@chat/event-log'
import { freePort } from '@chat/stack'
import { type System, startSystem } from '@chat/stack/system'
import { createDevice, type Device, registerAccount, waitUntil } from '@chat/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readAccepted } from '../crowd/accepted.ts'
import { idOf, openRoom } from '../crowd/asked.ts'
import { faultsOf } from '../crowd/check.ts'
import { Person } from '../crowd/person.ts'
import { type DialectPorts, dialectEnv, freeDialectPorts } from '../crowd/ports.ts'
import { actionDialect, browserDialect, envelopeDialect, jsonDialect, type Room, unitDialect } from '../crowd/seats.ts'
import { connectDialect } from './dialect-client.ts'
import { startRedis } from './own-redis.ts'
import { connectEnvelope } from './protobuf-client.ts'
import { openWorldLog } from './read-models.ts'

/** People of all older protocols and a browser, on two connectors, while Redis is killed and another, empty one comes after it. */

/** Longer than a lease lives, s: once a second everybody says something to everybody. */
const awayS = 10
const deadlineMs = 30_000
const notNow = 'not possible at the moment, try again'

let redis: ChildProcess
let system: System
let log: EventLog
let ports: readonly DialectPorts[] = []
let browser: Device
let room: Room
/** All who are there from the beginning to the end. */
const people: Person[] = []
/** Of `json-to`: left before Redis goes. */
let late: Person

const at = (name: keyof DialectPorts) => (place: number) => ports[place % ports.length]?.[name] ?? 0
const jsonTo = jsonDialect('json-to', at('JSON_TO'))
const others = [
  jsonDialect('json-toid', at('JSON_TOID')),
  envelopeDialect(at('ENVELOPE')),
  unitDialect(at('UNIT')),
  actionDialect(at('ACTION_GATEWAY')),
]

beforeAll(async () => {
  const redisPort = await freePort()
  redis = await startRedis(redisPort)
  ports = await freeDialectPorts(2)
  system = await startSystem({
    ...{ connectors: 2, routers: 2, projectors: 1, redisUrl: `redis://127.0.0.1:${redisPort}` },
    env: { CHAT_DIALECT_PACING_MS: '1' },
    connectorEnvs: ports.map(dialectEnv),
  })
  log = await openWorldLog(system.world)
  const [url = ''] = system.connectors.map((connector) => connector.url)
  browser = createDevice({ urls: [url], account: await registerAccount(url, 'browser') })
  await browser.connect()
  const places = [0, 1].flatMap((place) =>
    [jsonTo, ...others].map((dialect) => new Person(`${dialect.name}${place}`, dialect, place)),
  )
  late = new Person('late', jsonTo, 1)
  people.push(...places, new Person('browser', browserDialect(new Map([['browser', browser]])), 0))
  for (const person of [...people, late]) {
    await person.register()
    person.id = await idOf(person.name, browser)
    await person.comeIn()
  }
  room = await openRoom([...people, late], browser)
  late.leave()
}, 180_000)

afterAll(async () => {
  for (const person of people) person.leave()
  late?.leave()
  await browser?.close()
  await log?.close()
  await system?.stop()
  redis?.kill('SIGKILL')
})

/** Everybody who is there says something to everybody, and to the room. */
const talkRound = (): void => {
  for (const person of people) {
    for (const other of [...people, late]) if (other !== person) person.say(other, room)
    if (person.dialect.canSayToRoom) person.say(undefined, room)
  }
}

/** Everything that was said is on the log, and shown as it should be to all of these. */
const everythingIsShown = async (to: readonly Person[]): Promise<void> => {
  let wrong: readonly string[] = []
  const look = async () => {
    const accepted = await readAccepted(log, system.world)
    const isAccepted = new Set(accepted.map(({ text }) => text))
    const lost = people.flatMap((person) => person.saidHere()).filter((text) => !isAccepted.has(text))
    const faults = faultsOf(
      accepted,
      `g${room.id}`,
      [...people, late].map((person) => person.witness()),
    ).filter((fault) => to.some(({ name }) => fault.startsWith(`${name} `)) || !fault.startsWith('late '))
    wrong = [...lost.map((text) => `${text} is not on the log`), ...faults]
    return wrong.length === 0
  }
  await waitUntil(look, {
    ...{ deadlineMs, everyMs: 500, what: () => `all is shown, but ${wrong.length}: ${wrong.slice(0, 10).join('; ')}` },
  })
}

/** By the two protocols for which nobody must know who else is connected. */
const othersComeAsEver = async (): Promise<void> => {
  const unit = unitDialect(at('UNIT'))
  await unit.register('newcomer', 0)
  const newcomer = { name: 'newcomer', id: await idOf('newcomer', browser) }
  const action = actionDialect(at('ACTION_GATEWAY'))
  const seats = [await unit.enter(newcomer, 0), await unit.enter(newcomer, 1)]
  const [older, newer] = [await action.enter({ name: 'new', id: 0 }, 0), await action.enter({ name: 'new', id: 0 }, 1)]
  await waitUntil(() => older?.isOpen() === false, { deadlineMs, what: 'the older connection is closed' })
  expect([...seats, newer].map((seat) => seat?.isOpen())).toEqual([true, true, true])
  for (const seat of [...seats, newer]) seat?.leave()
}

test('Redis is killed while people of older protocols talk: nobody goes, they talk on, who must be the only one is refused in words until it is back, and nothing is lost', async () => {
  talkRound()
  await everythingIsShown(people)

  redis.kill('SIGKILL')
  for (let second = 0; second < awayS; second++) {
    talkRound()
    const untilMs = performance.now() + 1_000
    await waitUntil(() => performance.now() >= untilMs, { deadlineMs, everyMs: 50, what: 'a second passes' })
  }
  const json = connectDialect(at('JSON_TO')(0))
  expect(await json.logIn(late.id)).toEqual({ msgid: 2, errno: 1, errmsg: notNow })
  const toid = connectDialect(at('JSON_TOID')(1))
  expect(await toid.logIn(late.id)).toEqual({ msgid: 2, errno: 1, errmsg: notNow })
  const envelope = connectEnvelope(at('ENVELOPE')(1))
  const login = [
    [1, 'late'],
    [2, 'x'],
  ] as const
  expect(await envelope.asks('Login', login, 'Login')).toBe(notNow)
  await othersComeAsEver()
  await everythingIsShown(people)

  redis = await startRedis(Number(new URL(system.env.CHAT_REDIS_URL ?? '').port))
  await waitUntil(() => browser.wire.resyncs > 0, { deadlineMs, what: 'who is here is registered again' })
  await late.comeIn()
  // On the connections of before: who was there is there.
  const [first] = people
  expect(await json.logIn(first?.id ?? 0)).toMatchObject({ errno: 2, errmsg: 'id is online' })
  talkRound()
  await everythingIsShown([...people, late])
  expect(people.filter(({ isThere }) => !isThere).map(({ name }) => name)).toEqual([])
  expect(browser.wire.closes).toEqual([])
  expect([...people, late].flatMap((person) => person.aborts())).toEqual([])
  for (const client of [json, toid, envelope]) client.close()
}, 180_000)
