import type { EventLog } from '@chat/event-log'
import { decodeDelivery, type ReceiptAdvanced, type Signal, type SlotHints, type Topics } from '@chat/schemas'
import { createGroup, joinGroup, messageId } from '@chat/testkit'
import { expect, test } from 'vitest'
import { createWorld as createRouters, minute, post } from '../test-routers.ts'
import { encoder } from '../test-world.ts'
import { hintsCollectMs, hintsWaitingMax } from './lane.ts'
import { knownReceiptsMax } from './tail.ts'

/** What connectors are told: on the topic of a slot, or of all (-1). */
const hintsOn = async (log: EventLog, topics: Topics, slot: number): Promise<readonly SlotHints[]> => {
  const topic = slot === -1 ? topics.deliveryAll : topics.deliveries[slot]
  if (topic === undefined) throw new Error('no such slot')
  const found: SlotHints[] = []
  const end = (await log.ends(topic)).get(0) ?? 0
  for await (const records of log.read(topic, 0, 0, end, new AbortController().signal))
    for (const { headers, value } of records) {
      const decoded = decodeDelivery(headers.schema ?? '', value)
      if ('record' in decoded && decoded.record.type === 'SlotHints') found.push(decoded.record)
    }
  return found
}

/** A router and a conversation of 1 and 2, both connected under one lease. */
const createWorld = async (options: Parameters<typeof createRouters>[0] = {}) => {
  const world = createRouters(options)
  const log = world.store.client('connector')
  await world.started('a')
  const held = await world.lease()
  await world.presence.register(held, [1, 2, 3], 0)
  await world.witness.send(post(1))
  await world.until(async () => (await world.witness.events(0)).length === 2)
  const say = async (record: ReceiptAdvanced | Signal) => {
    const { schema, value } = encoder.encode(record)
    const topic = record.type === 'Typing' ? world.topics.signals : world.topics.receipts
    await log.append({ topic, partition: 0, records: [{ key: null, value, headers: { type: record.type, schema } }] })
  }
  const read = (user: number, readSeq: number, device = 'a', conversation = 'd1.2') =>
    say({ type: 'ReceiptAdvanced', conversation, user, device, deliveredSeq: readSeq, readSeq })
  const type = (user: number, isTyping: boolean, conversation = 'd1.2') =>
    say({ type: 'Typing', conversation, user, isTyping })
  const settle = () => world.clock.advance(2 * hintsCollectMs)
  const told = () => hintsOn(log, world.topics, held.slot)
  return { ...world, held, read, type, settle, told, broadcasts: () => hintsOn(log, world.topics, -1) }
}

test('a receipt is told to all members, the reader himself included, where they are connected', async () => {
  const { read, settle, told, held } = await createWorld()
  await read(1, 1)
  await settle()
  expect(await told()).toMatchObject([
    {
      ...{ slot: held.slot, epoch: held.epoch, typing: [] },
      receipts: [{ conversation: 'd1.2', user: 1, deliveredSeq: 1, readSeq: 1, users: [1, 2] }],
    },
  ])
})

test('receipts that come together are told once, by the greatest of all devices, and never lower', async () => {
  const { read, settle, told } = await createWorld()
  for (const [seq, device] of [
    [1, 'a'],
    [3, 'b'],
    [2, 'a'],
  ] as const)
    await read(1, seq, device)
  await settle()
  await read(1, 2, 'c')
  await settle()
  expect((await told()).flatMap(({ receipts }) => receipts)).toMatchObject([{ user: 1, readSeq: 3 }])
})

test('typing is told to the others', async () => {
  const { type, settle, told } = await createWorld()
  await type(1, true)
  await settle()
  await type(1, false)
  await settle()
  expect((await told()).flatMap(({ typing }) => typing)).toMatchObject([
    { conversation: 'd1.2', user: 1, isTyping: true, users: [2] },
    { conversation: 'd1.2', user: 1, isTyping: false, users: [2] },
  ])
})

test('nobody is told of somebody who is no member, nor of what does not exist', async () => {
  const { read, type, settle, told } = await createWorld()
  await read(3, 1)
  await type(3, true)
  await read(1, 1, 'a', 'd1.9')
  await type(1, true, 'g77')
  await settle()
  expect(await told()).toEqual([])
})

test('above 64 members nobody is told', async () => {
  const { witness, until, read, type, settle, told } = await createWorld()
  const members = Array.from({ length: 63 }, (_, index) => index + 2)
  await witness.send(createGroup(1, { members, normalisedName: 'all', clientMsgId: messageId(9) }).command, 0)
  await until(async () => (await witness.events(0)).length === 3)
  const created = (await witness.events(0)).at(-1)
  const group = created?.type === 'GroupCreated' ? created.conversation : ''
  await read(1, 1, 'a', group)
  await settle()
  expect((await told()).flatMap(({ receipts }) => receipts)).toMatchObject([{ conversation: group, user: 1 }])
  await witness.send(joinGroup(65, group).command)
  await until(async () => (await witness.events(0)).length === 4)
  await read(2, 1, 'a', group)
  await type(1, true, group)
  await settle()
  expect(await told()).toHaveLength(1)
})

test('another owner tells nothing lower than the one before it did', async () => {
  const { read, settle, told, createOne, clock } = await createWorld()
  await read(1, 3, 'a')
  await settle()
  const { router } = createOne('b')
  await router.start()
  await clock.advance(minute)
  await read(1, 2, 'b')
  await settle()
  expect((await told()).flatMap(({ receipts }) => receipts)).toMatchObject([{ user: 1, readSeq: 3 }])
  expect(knownReceiptsMax).toBeGreaterThan(1)
})

test('while presence cannot be trusted all connectors are told', async () => {
  const { read, settle, broadcasts, told, presence } = await createWorld()
  presence.goAway()
  await read(1, 1)
  await settle()
  expect(await broadcasts()).toMatchObject([{ slot: -1, receipts: [{ user: 1, users: [1, 2] }] }])
  expect(await told()).toEqual([])
})

test('messages are told while an append of hints gets no answer', async () => {
  let isStuck = false
  const { read, settle, witness, until } = await createWorld({
    faults: (batch) =>
      isStuck && batch.records.some(({ headers }) => headers.type === 'SlotHints')
        ? { answersAfterMs: 10 * minute }
        : undefined,
  })
  isStuck = true
  await read(1, 1)
  await settle()
  await witness.send(post(2))
  await until(async () => (await witness.events(0)).length === 3)
  expect(hintsWaitingMax).toBeGreaterThan(0)
})

test('a cut of the receipts interrupts nothing but receipts, and those go on', async () => {
  const { read, settle, told, store, topics, witness, until, fatal, clock } = await createWorld()
  await read(1, 1)
  await settle()
  store.truncate(topics.receipts, 0, 0)
  await clock.advance(1_000)
  await witness.send(post(2))
  await until(async () => (await witness.events(0)).length === 3)
  // Whichever append shows the cut: the one after it is told.
  for (const seq of [2, 3]) {
    await read(2, seq)
    await clock.advance(1_000)
  }
  expect((await told()).flatMap(({ receipts }) => receipts).at(-1)).toMatchObject({ user: 2, readSeq: 3 })
  expect(fatal).toEqual([])
})
