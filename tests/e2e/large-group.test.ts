import { sleep } from '@chat/runtime'
import { systemClock } from '@chat/runtime/system'
import type { ServiceProcess } from '@chat/stack'
import { type System, startSystem } from '@chat/stack/system'
import { type Acknowledged, createDevice, type Device, forEachOf, waitUntil } from '@chat/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectExactlyOnce } from './expectations.ts'
import { askAs, createHostLogin, type HostLogin, type Person } from './host-login.ts'
import { createTranscript, expectHeard, type Listener, listen, type Stay } from './listeners.ts'
import { costOf } from './message-cost.ts'
import { metricOf } from './metrics.ts'
import { expectReadModelsEqualFold } from './read-models.ts'

/**
 * A group far above 256 members, of whom most are away. Those who are there send, or hear: only what is pushed to them counts. Movers are
 * there too, and come into the group and go again while messages flow. The long form has the numbers that the design names, and a router
 * is killed in it.
 */
const isLong = process.env.CHAT_TEST_LONG === '1'
const membersCount = isLong ? 5_000 : 600
const onlineCount = isLong ? 1_000 : 150
const moversCount = isLong ? 50 : 10
const adminsCount = 3
const sendersCount = 8
/** The rest join by themselves: a group is made with at most 1,000. */
const namedCount = isLong ? 1_000 : 580
const messagesPerSecond = isLong ? 5 : 20
const messagesPerFlow = isLong ? 150 : 60
const atOnce = 16
/** Its default is meant for connectors that have much else to do. */
const settleMs = 1_000

let system: System
let hostLogin: HostLogin
let members: readonly Person[]
let movers: readonly Person[]
let conversation: string
let senders: readonly Device[] = []
let listeners: readonly Listener[] = []
const transcript = createTranscript()
const sent = new Map<Device, Promise<Acknowledged>[]>()
const stays = new Map<Person, Stay[]>()

const say = (line: string) => process.stdout.write(`${line}\n`)

beforeAll(async () => {
  hostLogin = createHostLogin()
  const env = { ...hostLogin.env, CHAT_LARGE_GROUP_SETTLE_MS: String(settleMs) }
  system = await startSystem({ connectors: 2, routers: 2, projectors: 1, readyTimeoutMs: 90_000, env })
  const urls = system.connectors.map((connector) => connector.url)
  const names = Array.from({ length: membersCount + moversCount }, (_, index) => `person${index}`)
  // Of those who are online, half are at each connector.
  const urlOf = (index: number) => urls[Math.floor((index * onlineCount) / membersCount) % urls.length] ?? ''
  const people = await forEachOf(names, atOnce, (name, index) => hostLogin.enter(urlOf(index), name))
  members = people.slice(0, membersCount)
  movers = people.slice(membersCount)
  conversation = await createGroup()
  const online = members.filter((_, index) => index % (membersCount / onlineCount) < 1)
  senders = online.slice(0, sendersCount).map(deviceOf)
  await Promise.all(senders.map((device) => device.connect()))
  for (const device of senders) sent.set(device, [])
  const listening = [...online.slice(sendersCount), ...movers]
  listeners = await forEachOf(listening, atOnce, (person) => listen(person, conversation, transcript))
  const { lastSeq } = await viewOf(online[0])
  for (const { person } of listeners)
    stays.set(person, movers.includes(person) ? [] : [{ from: lastSeq + 1, to: undefined }])
  await sleep(systemClock, settleMs) // Until then each member would still be told.
}, 600_000)

afterAll(async () => {
  for (const listener of listeners) listener.close()
  await Promise.all(senders.map((device) => device.close()))
  await system?.stop()
  hostLogin?.close()
}, 60_000)

const createGroup = async (): Promise<string> => {
  const [owner, ...others] = members
  if (owner === undefined) throw new Error('nobody is there')
  const named = others.slice(0, namedCount - 1).map(({ userId }) => userId)
  const settings = { title: 'all', name: 'everybody', visibility: 'public', joinPolicy: 'open', members: named }
  const created = await askAs(owner, 'group.create', settings)
  const id = String(created.conversation)
  await forEachOf(members.slice(namedCount), atOnce, (person) => askAs(person, 'group.join', { conversation: id }))
  for (const { userId } of others.slice(0, adminsCount))
    await askAs(owner, 'group.role', { conversation: id, user: userId, role: 'admin' })
  return id
}

const deviceOf = ({ url, userId, name, device, accessToken }: Person): Device =>
  createDevice({ urls: [url], account: { userId, name, password: '' }, deviceId: device, accessToken })

const viewOf = async (person: Person | undefined): Promise<{ readonly lastSeq: number }> => {
  if (person === undefined) throw new Error('nobody is there')
  return (await askAs(person, 'conversation', { conversation })).conversation as { readonly lastSeq: number }
}

/** Sends at a steady rate, in turn; resolves when everything is acknowledged. */
const flow = async (count: number): Promise<void> => {
  const startMs = performance.now()
  const acks: Promise<Acknowledged>[] = []
  const post = () => {
    const device = senders[acks.length % senders.length]
    if (device === undefined) throw new Error('no sender')
    const ack = device.send(conversation, `message ${acks.length} of ${device.userId}`)
    acks.push(ack)
    sent.get(device)?.push(ack)
  }
  const dueOf = () => Math.min(count, 1 + ((performance.now() - startMs) * messagesPerSecond) / 1000)
  await waitUntil(
    () => {
      while (acks.length < Math.floor(dueOf())) post()
      return acks.length >= count
    },
    { deadlineMs: 300_000, what: `${count} messages are sent` },
  )
  await Promise.all(acks)
}

const step = async (mover: Person, way: 'join' | 'leave'): Promise<void> => {
  const { seq } = await askAs(mover, `group.${way}`, { conversation })
  const own = stays.get(mover)
  const stay = own?.at(-1)
  if (way === 'join') own?.push({ from: Number(seq), to: undefined })
  else if (stay !== undefined) stay.to = Number(seq)
}

/** Comes and goes; every second one comes once more. */
const move = async (mover: Person, index: number): Promise<void> => {
  await step(mover, 'join')
  await step(mover, 'leave')
  if (index % 2 === 0) await step(mover, 'join')
}

const lastSeqOf = () => Math.max(...transcript.texts.keys())

/** Everybody has been pushed what is due to him; otherwise tells who has not. */
const expectAllHeard = async (): Promise<void> => {
  const acknowledged = await Promise.all([...sent.values()].flat())
  const last = Math.max(...acknowledged.map(({ seq }) => seq), lastSeqOf())
  const present = listeners.filter(({ person }) => stays.get(person)?.at(-1)?.to === undefined && isIn(person))
  await waitUntil(() => present.every(({ heard }) => (heard.at(-1) ?? 0) >= last), {
    deadlineMs: 60_000,
    what: () => `${present.filter(({ heard }) => (heard.at(-1) ?? 0) < last).length} have not heard event ${last}`,
  })
  for (const listener of listeners) expectHeard(listener, stays.get(listener.person) ?? [], last)
  expect(transcript.contradictions).toEqual([])
  for (const { seq, clientMsgId } of acknowledged) {
    const text = transcript.texts.get(seq)
    if (text !== undefined) expect(JSON.parse(text).data.clientMsgId).toBe(clientMsgId)
  }
}

const isIn = (person: Person): boolean =>
  (stays.get(person)?.length ?? 0) > 0 && stays.get(person)?.at(-1)?.to === undefined

interface Listed {
  readonly user: { readonly id: number }
  readonly role: string
  readonly online: boolean
}

const listMembers = async (asker: Person): Promise<readonly Listed[]> => {
  const listed: Listed[] = []
  for (let after: unknown = ''; after !== undefined; ) {
    const page = await askAs(asker, 'members', { conversation, limit: 100, after })
    listed.push(...(page.items as readonly Listed[]))
    after = page.next
  }
  return listed
}

/** Who is in the group, as this test knows it, in the order of the list. */
const dueMembers = (): readonly Listed[] => {
  const [owner, ...others] = members
  const admins = new Set(others.slice(0, adminsCount))
  const roleOf = (person: Person) => (person === owner ? 'owner' : admins.has(person) ? 'admin' : 'member')
  const online = new Set([...senders.map(({ userId }) => userId), ...listeners.map(({ person }) => person.userId)])
  return [...members, ...movers.filter(isIn)]
    .map((person) => ({ user: { id: person.userId }, role: roleOf(person), online: online.has(person.userId) }))
    .toSorted((a, b) => a.user.id - b.user.id)
}

const expectMembersListed = async (): Promise<void> => {
  const asker = members.at(-1)
  if (asker === undefined) throw new Error('nobody is there')
  const due = JSON.stringify(dueMembers())
  const shortOf = ({ user, role, online }: Listed) => ({ user: { id: user.id }, role, online })
  let listed: readonly Listed[] = []
  await waitUntil(
    async () => {
      listed = (await listMembers(asker)).map(shortOf)
      return JSON.stringify(listed) === due
    },
    { deadlineMs: 20_000, everyMs: 200, what: () => `the list of ${listed.length} members is ${due.slice(0, 200)}…` },
  )
}

/** The one that writes most while messages flow: the group is its. */
const ownerOfGroup = async (): Promise<ServiceProcess> => {
  const written = () => Promise.all(system.routers.map(({ url }) => metricOf(url, 'chat_router_events_total')))
  const before = await written()
  await flow(sendersCount)
  const grown = (await written()).map((count, index) => count - (before[index] ?? 0))
  const router = system.routers[grown.indexOf(Math.max(...grown))]
  if (router === undefined) throw new Error('no router')
  return router
}

test(
  `${membersCount} members are listed page by page, with their roles and who of them is online`,
  expectMembersListed,
  60_000,
)

test('a message is told once to each connector, none of the members is looked up, and each who is there is pushed it once', async () => {
  const count = messagesPerFlow
  const cost = await costOf(system, async () => {
    await flow(count)
    await expectAllHeard()
  })
  const online = senders.length + listeners.filter(({ person }) => isIn(person)).length
  const slots = new Set(cost.told.map(({ slot }) => slot))
  expect([new Set(cost.told.map(({ event }) => event)).size, slots.size]).toEqual([count, system.connectors.length])
  expect(cost.told.length).toBe(count * slots.size)
  for (const { users, toMembers } of cost.told) expect({ users, toMembers }).toEqual({ users: [], toMembers: true })
  // The group itself, and what else is looked up meanwhile.
  expect(cost.userLookups).toBeLessThan(10 * count)
  const each = (value: number, digits = 1) => (value / count).toFixed(digits)
  say(
    `a message to ${membersCount} members, ${online} of them there: router ${each(cost.routerCpuS * 1000)} ms of CPU, connectors ${each(cost.connectorCpuS * 1000)} ms; ` +
      `Redis ${each(cost.scripts)} scripts, ${each(cost.userLookups, 0)} users looked up, ${each(cost.redisCpuS * 1000, 2)} ms, ${each(cost.redisBytesIn, 0)} bytes in, ${each(cost.redisBytesOut, 0)} out; ` +
      `${each(cost.records)} delivery records of ${(cost.recordBytes / cost.records).toFixed(0)} bytes; ${each(cost.recordBytes / online, 2)} bytes a member there`,
  )
}, 300_000)

test('while messages flow and people come and go, who is there is pushed everything of his stay, once and in order', async () => {
  await Promise.all([flow(messagesPerFlow), forEachOf(movers, 2, move)])
  await expectAllHeard()
}, 300_000)

if (isLong)
  test('a router is killed: its successor tells the rest, and nobody is told twice', async () => {
    const victim = await ownerOfGroup()
    // Nobody moves meanwhile: what was not told before the kill is told to who is a member then, and others have it by sync.
    const flowing = flow(messagesPerFlow)
    await waitUntil(() => senders.some((device) => device.unanswered() > 0), {
      deadlineMs: 60_000,
      what: 'a send is under way',
    })
    victim.kill('SIGKILL')
    await victim.exited
    await flowing
    await expectAllHeard()
    await Promise.all([flow(messagesPerFlow), forEachOf(movers.filter(isIn), 2, (mover) => step(mover, 'leave'))])
    await expectAllHeard()
  }, 400_000)

test('afterwards the list, the history of those who sent, and the read models agree', async () => {
  await expectMembersListed()
  const acknowledged = new Map<Device, readonly Acknowledged[]>()
  for (const [device, acks] of sent) acknowledged.set(device, await Promise.all(acks))
  for (const device of senders) await device.catchUp()
  expectExactlyOnce({ conversation, devices: senders, sent: acknowledged })
  await senders[0]?.request('read', { conversation, seq: lastSeqOf() })
  await expectReadModelsEqualFold(system.world)
}, 120_000)
