import type { EventLog, NewRecord } from '@chat/event-log'
import { openKafkaLog } from '@chat/event-log/kafka'
import { silentLogger } from '@chat/runtime'
import { systemClock, systemRandom } from '@chat/runtime/system'
import {
  createEncoder,
  type DeadLetter,
  decodeDeadLetter,
  localSchemaIds,
  partitionOfId,
  type Topic,
} from '@chat/schemas'
import { registerAccounts, type System, startSystem } from '@chat/stack/system'
import {
  type Account,
  createDevice,
  type Device,
  noise,
  nonsenseRecord,
  nonsenseRecords,
  waitUntil,
} from '@chat/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newId } from './bad-input-frames.ts'

let system: System
let log: EventLog & AsyncDisposable
let accounts: readonly Account[]
let devices: readonly Device[]
/** One group in each partition. */
let groups: readonly string[]

beforeAll(async () => {
  system = await startSystem({ connectors: 1, routers: 1, projectors: 1 })
  const brokers = system.world.stack.kafkaBrokers
  const ports = { clock: systemClock, random: systemRandom, logger: silentLogger, onFatal: () => {} }
  log = await openKafkaLog({ brokers, clientId: 'bad-input', ...ports })
  const urls = system.connectors.map(({ url }) => url)
  accounts = await registerAccounts(urls, 2)
  devices = accounts.map((account) => createDevice({ urls, account }))
  await Promise.all(devices.map((device) => device.connect()))
  groups = await groupInEachPartition()
}, 120_000)

afterAll(async () => {
  await Promise.all((devices ?? []).map((device) => device.close()))
  await log?.close()
  await system?.stop()
})

const speaker = (): Device => devices[0] as Device

const groupInEachPartition = async (): Promise<readonly string[]> => {
  const found = new Map<number, string>()
  while (found.size < system.world.partitions) {
    const members = accounts.slice(1).map(({ userId }) => userId)
    const { conversation, groupId } = await speaker().request('group.create', {
      title: 't',
      visibility: 'private',
      members,
    })
    found.set(partitionOfId(Number(groupId), system.world.partitions), String(conversation))
  }
  return [...found].sort(([a], [b]) => a - b).map(([, conversation]) => conversation)
}

const encoder = createEncoder(localSchemaIds)
const registration = encoder.encode({
  type: 'RegisterUser',
  device: 'd',
  clientMsgId: newId(),
  name: 'n',
  normalisedName: 'n',
  registrationId: 'r',
  displayName: Buffer.from('n'),
  keyId: null,
  replySlot: 0,
  replyEpoch: 0,
  request: 0,
}).value

/** What fits no schema of its topic, whatever the topic is; `schema` names one that would. */
const junk = (schema: string, type: string): readonly NewRecord[] => [
  ...nonsenseRecords(schema, type),
  nonsenseRecord(registration.subarray(0, registration.length - 3), {
    type: 'RegisterUser',
    schema: 'register-user.v1',
  }),
]

interface Origin {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** Appends each by itself and resolves with where they lie. */
const append = async (topic: Topic, partition: number, records: readonly NewRecord[]): Promise<readonly Origin[]> => {
  const origins: Origin[] = []
  for (const one of records) {
    const { baseOffset } = await log.append({ topic, partition, records: [one] })
    origins.push({ topic: topic.name, partition, offset: baseOffset })
  }
  return origins
}

const deadLetters = async (): Promise<readonly DeadLetter[]> => {
  const { deadLetters: topic } = system.world.topics
  const letters: DeadLetter[] = []
  for (const [partition, end] of await log.ends(topic))
    for await (const records of log.read(topic, partition, 0, end, AbortSignal.timeout(10_000)))
      for (const { headers, value } of records) {
        const decoded = decodeDeadLetter(headers.schema ?? '', value)
        if ('reason' in decoded) throw new Error(decoded.detail)
        letters.push(decoded.record)
      }
  return letters
}

const nameOf = ({ topic, partition, offset }: Origin): string => `${topic} ${partition} ${offset}`

const expectBuried = async (origins: readonly Origin[]): Promise<void> => {
  const missing = async () => {
    const buried = new Set((await deadLetters()).map(nameOf))
    return origins.map(nameOf).filter((name) => !buried.has(name))
  }
  let left: readonly string[] = []
  await waitUntil(
    async () => {
      left = await missing()
      return left.length === 0
    },
    { deadlineMs: 10_000, everyMs: 100, what: () => `in the dead letters: ${left.join(', ')}` },
  )
}

/** A message in every partition: acknowledged, pushed to everybody, and in the history. */
const expectConversation = async (): Promise<void> => {
  const acks = await Promise.all(groups.map((group) => speaker().send(group, `still here ${newId()}`)))
  for (const { conversation, seq } of acks) {
    await waitUntil(() => devices.every((device) => device.shown(conversation).has(seq)), {
      deadlineMs: 10_000,
      what: `${conversation} ${seq} is pushed to everybody`,
    })
    const { events } = await speaker().request('history', { conversation, after: seq - 1 })
    expect(events).toHaveLength(1)
  }
}

const expectEverybodyWell = async (): Promise<void> => {
  for (const service of [...system.connectors, ...system.routers, ...system.projectors]) {
    expect((await fetch(`${service.url}/readyz`)).status, service.logs()).toBe(200)
    expect(
      service
        .logs()
        .split('\n')
        .filter((line) => /"level":(50|60)/.test(line)),
    ).toEqual([])
  }
  expect(devices.flatMap(({ wire }) => wire.closes)).toEqual([])
}

const everyPartition = (): readonly number[] => Array.from({ length: system.world.partitions }, (_, p) => p)

test('commands that cannot be decoded end in the dead letters, and the commands behind them are decided', async () => {
  const { commands } = system.world.topics
  const buried = await Promise.all(
    everyPartition().map((p) => append(commands, p, junk('post-message.v1', 'PostMessage'))),
  )
  await expectConversation()
  await expectBuried(buried.flat())
  const letters = (await deadLetters()).filter(({ topic }) => topic === commands.name)
  expect(new Set(letters.map(({ reason }) => reason))).toEqual(new Set(['undecodable']))
  expect(letters.some(({ value }) => value !== null && noise.equals(value))).toBe(true)
  await expectEverybodyWell()
})

test('records that are no events end in the dead letters, and move no event from its place', async () => {
  const { events } = system.world.topics
  const before = await log.ends(events)
  const stray = (p: number) =>
    junk('message-posted.v1', 'MessagePosted').map(({ value, headers }) =>
      nonsenseRecord(value, { ...headers, pos: String((before.get(p) ?? 0) + 1_000_000) }),
    )
  const buried = await Promise.all(
    everyPartition().map(async (p) => [
      ...(await append(events, p, [
        nonsenseRecord(null),
        nonsenseRecord(noise),
        nonsenseRecord(noise, { schema: 'message-posted.v1' }),
      ])),
      ...(await append(
        events,
        p,
        stray(p).filter(({ headers }) => headers.schema === 'message-posted.v1'),
      )),
    ]),
  )
  await expectConversation()
  await expectBuried(buried.flat())
  await expectEverybodyWell()
})

test('receipts that cannot be decoded, or name nothing of ours, end in the dead letters', async () => {
  const { receipts } = system.world.topics
  const advanced = { type: 'ReceiptAdvanced', user: 1, deliveredSeq: 1, readSeq: 1 } as const
  const foreign = [
    encoder.encode({ ...advanced, conversation: 'nowhere', device: 'd' }),
    encoder.encode({ ...advanced, conversation: 'g1', device: 'd'.repeat(5_000) }),
  ].map(({ value, schema }) => nonsenseRecord(value, { type: 'ReceiptAdvanced', schema }))
  const all = [...junk('receipt-advanced.v1', 'ReceiptAdvanced'), ...foreign].map((one, i) => ({
    ...one,
    key: `junk${i}`,
  }))
  const buried = await Promise.all(everyPartition().map((p) => append(receipts, p, all)))
  await expectBuried(buried.flat())
  const [group = ''] = groups
  expect((await speaker().request('read', { conversation: group, seq: 1 })).op).toBe('ok')
  await expectConversation()
  await expectEverybodyWell()
})

const posted = (body: string, at = Date.now()) =>
  encoder.encode({
    type: 'MessagePosted',
    conversation: groups[0] ?? '',
    seq: 1_000_000,
    actor: speaker().userId,
    device: 'd',
    at,
    clientMsgId: newId(),
    body: Buffer.from(body),
    keyId: null,
    replyTo: null,
    mentions: [],
  })

test('deliveries of events that say nonsense end in the dead letters', async () => {
  const { deliveryAll } = system.world.topics
  const users = devices.map(({ userId }) => userId)
  const nonsense = [posted('no JSON'), posted(''), posted('{}', 8_640_000_000_000_001)].map((event, i) => {
    const events = [
      { pos: 1_000_000 + i, schema: event.schema, value: event.value, users, isLarge: false, toMembers: false },
    ]
    const delivery = { type: 'SlotDelivery', slot: 0, epoch: 0, partition: 0, replies: [], events } as const
    const { schema, value } = encoder.encode(delivery)
    return nonsenseRecord(value, { type: 'SlotDelivery', schema })
  })
  const buried = await append(deliveryAll, 0, nonsense)
  await expectConversation()
  await expectBuried(buried)
  await expectEverybodyWell()
})

test('deliveries that cannot be decoded end in the dead letters, and clients are told to sync', async () => {
  const { deliveryAll, deliveries } = system.world.topics
  const resyncsBefore = speaker().wire.resyncs
  const buried = await append(deliveryAll, 0, junk('slot-delivery.v1', 'SlotDelivery'))
  const inSlots = await Promise.all(deliveries.map((topic) => append(topic, 0, [nonsenseRecord(noise)])))
  await expectBuried(buried)
  const slots = new Set(inSlots.flat().map(nameOf))
  await waitUntil(async () => (await deadLetters()).some((letter) => slots.has(nameOf(letter))), {
    deadlineMs: 10_000,
    what: "that of the connector's own slot is buried",
  })
  await waitUntil(() => speaker().wire.resyncs > resyncsBefore, { deadlineMs: 10_000, what: 'a resync' })
  await expectConversation()
  await expectEverybodyWell()
})
