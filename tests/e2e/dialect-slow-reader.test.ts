import { type System, startSystem } from '@chat/stack/system'
import { forEachOf, logIn, waitUntil } from '@chat/testkit'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type DialectPorts, dialectEnv, freeDialectPorts } from '../crowd/ports.ts'
import { unreadOf } from '../crowd/unread.ts'
import { numberOf } from '../memory/protobuf-wire.ts'
import { askGateway, connectAction, type Node } from './action-client.ts'
import { newId } from './bad-input-frames.ts'
import { connectDialect, type DialectClient, type Message } from './dialect-client.ts'
import { askAs, createHostLogin, type HostLogin, type Person } from './host-login.ts'
import { connectEnvelope, connectUnit } from './protobuf-client.ts'

/**
 * Somebody with 300 friends and 50 groups who missed very much, for each older protocol. Stock clients take what one read of 1,024 bytes
 * gives for one message, and some read nothing for a while after they asked to be let in.
 */
const isLong = process.env.CHAT_TEST_LONG === '1'
const friendsCount = 300
const groupsCount = 50
const inGroup = isLong ? 180 : 16
const writersCount = isLong ? 250 : 100
const fromWriter = isLong ? 4 : 2
const missedCount = groupsCount * inGroup + writersCount * fromWriter
const pacingMs = isLong ? 10 : 1
const sleepMs = 300
const atOnce = 32
const password = 'x'

const readers = ['json-to', 'json-toid', 'envelope', 'unit', 'action'] as const
type Reader = (typeof readers)[number]

let system: System
let database: pg.Pool
let hostLogin: HostLogin
let ports: DialectPorts
let friends: readonly Person[]
const ids = new Map<Reader, number>()
/** By what a text begins with up to its number: the texts of a conversation, in their order. */
const groupTexts = new Map<string, readonly string[]>()
const groupIds: number[] = []

const say = (line: string) => process.stdout.write(`${line}\n`)

beforeAll(async () => {
  hostLogin = createHostLogin()
  const [free] = await freeDialectPorts(1)
  ports = free ?? ports
  const env = { ...hostLogin.env, ...dialectEnv(ports), CHAT_DIALECT_PACING_MS: String(pacingMs) }
  system = await startSystem({ connectors: 1, routers: 1, projectors: 1, env: hostLogin.env, connectorEnvs: [env] })
  database = new pg.Pool({ connectionString: system.world.databaseUrl, max: 2 })
  const url = urlOf()
  const names = Array.from({ length: friendsCount }, (_, index) => `friend${index}`)
  friends = await forEachOf(names, atOnce, (name) => hostLogin.enter(url, name))
  await registerReaders()
  await forEachOf(['json-to', 'json-toid'] as const, 2, befriend)
  await forEachOf(friends.slice(0, groupsCount), atOnce, writeToGroup)
  for (const reader of readers) await forEachOf(friends.slice(0, writersCount), atOnce, (from) => write(from, reader))
  await waitUntil(async () => (await unreadOf(database, [...ids.values()])).length >= readers.length * conversations, {
    ...{ deadlineMs: 60_000, everyMs: 100, what: 'all of it is in the read models' },
  })
}, 300_000)

afterAll(async () => {
  await database?.end()
  await system?.stop()
  hostLogin?.close()
})

/** Of each reader. */
const conversations = groupsCount + writersCount

const urlOf = () => system.connectors[0]?.url ?? ''

const registerReaders = async (): Promise<void> => {
  const json = connectDialect(ports.JSON_TO)
  for (const name of ['json-to', 'json-toid'] as const) {
    const from = json.messages.length
    json.send({ msgid: 3, name, password })
    ids.set(name, Number((await json.comes({ msgid: 4, errno: 0 }, from)).id))
  }
  json.close()
  const unit = connectUnit(ports.UNIT)
  ids.set(
    'unit',
    numberOf(
      await unit.asks('Regist', [
        [1, 'unit'],
        [2, password],
      ]),
      2,
    ),
  )
  unit.close()
  const envelope = connectEnvelope(ports.ENVELOPE)
  await envelope.asks(
    'Register',
    [
      [1, 'envelope'],
      [2, password],
    ],
    'Register',
  )
  envelope.close()
  const action = connectAction((await askGateway(ports.ACTION_GATEWAY)) as Node)
  await action.logIn('action')
  action.close()
  const [asker] = friends
  if (asker === undefined) throw new Error('nobody')
  for (const name of ['envelope', 'action'] as const) {
    const { user } = await askAs(asker, 'user', { name })
    ids.set(name, (user as { readonly id: number }).id)
  }
}

const idOf = (reader: Reader): number => ids.get(reader) ?? 0

const befriend = async (name: Reader): Promise<void> => {
  const [userId, url, device] = [idOf(name), urlOf(), crypto.randomUUID()]
  const accessToken = await logIn(url, { userId, name, password }, device)
  const self = { userId, name, device, accessToken, url }
  await forEachOf(friends, atOnce, async (friend) => {
    await askAs(friend, 'friend.request', { user: userId })
    await askAs(self, 'friend.accept', { user: friend.userId })
  })
}

const sendAll = async (from: Person, to: object, texts: readonly string[]): Promise<void> => {
  for (const text of texts) await askAs(from, 'send', { clientMsgId: newId(), to, body: { kind: 'text', text } })
}

const writeToGroup = async (from: Person, index: number): Promise<void> => {
  const settings = { title: `group ${index}`, visibility: 'private', members: [...ids.values()] }
  const { conversation } = await askAs(from, 'group.create', settings)
  groupIds.push(Number(String(conversation).slice(1)))
  const key = `in group ${index}`
  const texts = Array.from({ length: inGroup }, (_, n) => `${key} #${n}`)
  groupTexts.set(key, texts)
  await sendAll(from, { conversation }, texts)
}

const directTexts = (from: Person): readonly string[] =>
  Array.from({ length: fromWriter }, (_, n) => `from ${from.name} #${n}`)

const write = (from: Person, to: Reader) => sendAll(from, { user: idOf(to) }, directTexts(from))

/** All of it, once, each conversation in its order. */
const expectAll = (shown: readonly string[]): void => {
  const found = new Map<string, string[]>()
  for (const text of shown) {
    const key = text.replace(/ #\d+$/, '')
    found.set(key, [...(found.get(key) ?? []), text])
  }
  const expected = new Map([
    ...groupTexts,
    ...friends.slice(0, writersCount).map((from) => [`from ${from.name}`, directTexts(from)] as const),
  ])
  expect(found).toEqual(expected)
}

/** What is said now comes behind everything that was missed, so that nothing can come after it was looked. */
const sayNow = async (to: Reader, text: string, shown: () => readonly string[]): Promise<void> => {
  const [from] = friends
  if (from === undefined) throw new Error('nobody')
  await sendAll(from, { user: idOf(to) }, [text])
  await waitUntil(() => shown().includes(text), {
    ...{ deadlineMs: 300_000, everyMs: 200, what: () => `${to} is shown ${text}, having been shown ${shown().length}` },
  })
}

const everythingIsRead = (reader: Reader) =>
  waitUntil(async () => (await unreadOf(database, [idOf(reader)])).length === 0, {
    ...{ deadlineMs: 60_000, everyMs: 100, what: `${reader} has read everything` },
  })

interface Login {
  readonly texts: () => readonly string[]
  readonly aborts: readonly string[]
  close(): void
}

/** The first login shows all that was missed, the next one nothing of it. */
const missesNothing = async <L extends Login>(reader: Reader, enter: () => Promise<L>): Promise<L> => {
  const startMs = performance.now()
  const first = await enter()
  await sayNow(reader, 'now', first.texts)
  const seconds = (performance.now() - startMs) / 1_000
  say(
    `${reader}: ${missedCount} missed messages are shown in ${seconds.toFixed(1)} s, ${pacingMs} ms between two frames`,
  )
  expect(first.texts().at(-1)).toBe('now')
  expectAll(first.texts().slice(0, -1))
  await everythingIsRead(reader)
  first.close()
  const second = await enter()
  await sayNow(reader, 'later', second.texts)
  expect(second.texts()).toEqual(['later'])
  expect([first.aborts, second.aborts]).toEqual([[], []])
  second.close()
  return first
}

/** Tries until he is free, as after a connection that closed. */
const letIn = (tries: () => Promise<boolean>) =>
  waitUntil(tries, { deadlineMs: 20_000, everyMs: 500, what: 'he is let in' })

const enterJson = async (port: number, id: number): Promise<DialectClient> => {
  const client = connectDialect(port, { sleepMs })
  await letIn(async () => (await client.logIn(id)).errno === 0)
  return client
}

/** Everybody and everything is told, in the answer to the login or behind it. */
const expectAccountTold = ({ messages }: DialectClient): void => {
  const answer = messages.find(({ msgid, errno }) => msgid === 2 && errno === 0) ?? {}
  const listed = (field: string) => ((answer[field] ?? []) as string[]).map((text): Message => JSON.parse(text))
  const told = messages.filter(({ id }) => id === 0).flatMap(({ msg }) => String(msg).split('; '))
  const toldIds = (pattern: RegExp) => told.flatMap((text) => pattern.exec(text)?.[1] ?? []).map(Number)
  const friendsTold = [...listed('friends').map(({ id }) => id), ...toldIds(/^friend (\d+) friend\d+ offline$/)]
  expect(friendsTold).toEqual(friends.map(({ userId }) => userId).toSorted((one, other) => one - other))
  const groupsTold = [...listed('groups').map(({ id }) => id), ...toldIds(/^group (\d+) group \d+$/)]
  expect(groupsTold).toEqual(groupIds.toSorted((one, other) => one - other))
  // Five readers and who made it.
  expect(toldIds(/^group (\d+) member \d+ \S+ (?:on|off)line (?:creator|normal)$/)).toHaveLength(6 * groupsCount)
}

test.each(['json-to', 'json-toid'] as const)(
  '%s: a client that sleeps after its login is shown all that was missed, and all friends, groups and members',
  async (reader) => {
    const port = reader === 'json-to' ? ports.JSON_TO : ports.JSON_TOID
    expectAccountTold(await missesNothing(reader, () => enterJson(port, idOf(reader))))
  },
  600_000,
)

const beforeGroupText = /^group \d+\/friend\d+: /

test('envelope: a client that sleeps after its login is shown all that was missed', async () => {
  await missesNothing('envelope', async () => {
    const client = connectEnvelope(ports.ENVELOPE, { sleepMs })
    await letIn(
      async () =>
        (await client.asks(
          'Login',
          [
            [1, 'envelope'],
            [2, password],
          ],
          'Login',
        )) === 'login success',
    )
    return { ...client, texts: () => client.texts().map((text) => text.replace(beforeGroupText, '')) }
  })
}, 600_000)

test('unit: a client that asks until there is no more gets all that was missed', async () => {
  await missesNothing('unit', async () => {
    const client = connectUnit(ports.UNIT)
    await letIn(
      async () =>
        numberOf(
          await client.asks('Login', [
            [1, idOf('unit')],
            [2, password],
          ]),
          1,
        ) === 1,
    )
    const missed = await client.missed(idOf('unit'))
    const texts = () => [...missed, ...client.texts()].map((text) => text.replace(beforeGroupText, ''))
    return { texts, aborts: [], close: client.close }
  })
}, 600_000)

test('action: a client is shown all that was missed', async () => {
  await missesNothing('action', async () => {
    const client = connectAction((await askGateway(ports.ACTION_GATEWAY)) as Node)
    await client.logIn('action')
    return { ...client, aborts: [] }
  })
}, 600_000)
