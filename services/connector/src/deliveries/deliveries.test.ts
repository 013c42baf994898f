import { Fault } from '@chat/runtime'
import { decodeDeadLetter, type MessagePosted, partitionOfConversation } from '@chat/schemas'
import { readWaitMs } from '@chat/schemas/protocol'
import { expect, test } from 'vitest'
import { connect, createReadyWorld, deviceOf, pushed, type TestWorld } from '../test-world.ts'

/** Users are on the log before a connector starts: what is delivered lies behind them. */
const afterStart = 100

/** A delivery as a router makes it, to a lease or to everybody. */
const deliveryOf = (
  { encoder, clock, newId }: TestWorld,
  seq: number,
  users: readonly number[],
  pos = afterStart + seq,
  body = '{"kind":"text","text":"hi"}',
) => {
  const event: MessagePosted = {
    ...{
      type: 'MessagePosted',
      conversation: 'd1.2',
      seq,
      actor: 2,
      device: 'x',
      at: clock.now(),
      clientMsgId: newId(),
    },
    ...{ body: Buffer.from(body), keyId: null, replyTo: null, mentions: [] },
  }
  return { pos, ...encoder.encode(event), users, isLarge: false, toMembers: false }
}

const leaseOf = async ({ presence }: TestWorld, user: number) => {
  const location = (await presence.lookup([user])).locations.get(user)?.[0]
  if (location === undefined) throw new Error('not registered')
  return location
}

const delivery = (to: { readonly slot: number; readonly epoch: number }, events: ReturnType<typeof deliveryOf>[]) =>
  ({ type: 'SlotDelivery', ...to, partition: 0, replies: [], events }) as const

test('repeats are dropped, a late event of a lower seq that was never delivered goes out', async () => {
  const { world, connector } = await createReadyWorld()
  const client = await connect(world, connector, 1)
  const lease = await leaseOf(world, 1)
  for (const seq of [1, 2, 4, 2, 3, 4]) await world.sendTo(lease.slot, delivery(lease, [deliveryOf(world, seq, [1])]))
  await world.clock.settle()
  expect(pushed(client)).toEqual(['d1.2:1', 'd1.2:2', 'd1.2:4', 'd1.2:3'])
})

test.each([
  ['with a sync', { sync: '' }],
  ['without one', {}],
])(
  'what was there at a hello %s is not pushed, though a new owner tells it to a connector where it is new',
  async (_, hello) => {
    const { world, connector } = await createReadyWorld()
    await world.post(2, 'd1.2', 'while nobody was here')
    const client = await connect(world, connector, 1, hello)
    const partition = partitionOfConversation('d1.2', world.topics.events.partitions) ?? 0
    const end = (await world.log.ends(world.topics.events)).get(partition) ?? 0
    const lease = await leaseOf(world, 1)
    const tell = (seq: number, pos: number) =>
      world.sendTo(lease.slot, { ...delivery(lease, [deliveryOf(world, seq, [1], pos)]), partition })
    await tell(1, end - 1)
    await tell(2, end)
    await world.clock.settle()
    expect(pushed(client)).toEqual(['d1.2:2'])
  },
)

test.each([
  ['fails', () => Promise.reject(new Fault('log_unavailable', 'away'))],
  ['says nothing', () => new Promise<never>(() => {})],
])('nobody is kept out by a log that %s when asked where it ends', async (_, ends) => {
  const { world, connector } = await createReadyWorld()
  await connector.service.stop()
  const log = world.store.client()
  const second = world.connector({ log })
  await second.service.start()
  Object.assign(log, { ends })
  const client = second.sockets.connect()
  client.send({ op: 'hello', ref: 0, token: world.token(1), device: deviceOf(1) })
  await world.clock.advance(readWaitMs)
  expect(client.answers(0)).toMatchObject([{ op: 'ok' }])
  await world.post(2, 'd1.2', 'hi')
  await world.clock.settle()
  expect(pushed(client)).toEqual(['d1.2:1'])
})

test('what was on the log before the connector started, told again by a new owner, is pushed to nobody', async () => {
  const { world } = await createReadyWorld()
  await world.post(2, 'd1.2', 'old')
  const restarted = world.connector()
  await restarted.service.start()
  const client = await connect(world, restarted, 1)
  const partition = partitionOfConversation('d1.2', world.topics.events.partitions) ?? 0
  const end = (await world.log.ends(world.topics.events)).get(partition) ?? 0
  await world.post(2, 'd1.2', 'new')
  const lease = await leaseOf(world, 1)
  const again = { ...delivery(lease, [deliveryOf(world, 1, [1], end - 1)]), partition }
  await world.sendTo(lease.slot, again)
  await world.clock.settle()
  expect(pushed(client)).toEqual(['d1.2:2'])
})

test('what is meant for another epoch is dropped', async () => {
  const { world, connector } = await createReadyWorld()
  const client = await connect(world, connector, 1)
  const { slot, epoch } = await leaseOf(world, 1)
  await world.sendTo(slot, delivery({ slot, epoch: epoch - 1 }, [deliveryOf(world, 1, [1])]))
  await world.sendTo(slot, delivery({ slot, epoch }, [deliveryOf(world, 2, [1])]))
  await world.clock.settle()
  expect(pushed(client)).toEqual(['d1.2:2'])
})

test('a broadcast reaches those of its users who are here, once', async () => {
  const { world, connector } = await createReadyWorld()
  const ann = await connect(world, connector, 1)
  const carl = await connect(world, connector, 3)
  const { schema, value } = world.encoder.encode(delivery({ slot: -1, epoch: 0 }, [deliveryOf(world, 1, [1, 2])]))
  const record = { key: null, value, headers: { type: 'SlotDelivery', schema } }
  for (let i = 0; i < 2; i++)
    await world.log.append({ topic: world.topics.deliveryAll, partition: 0, records: [record] })
  await world.clock.settle()
  expect([pushed(ann), pushed(carl)]).toEqual([['d1.2:1'], []])
})

test('a record that cannot be decoded goes to the dead letters, all are told to sync, and the tail goes on', async () => {
  const { world, connector } = await createReadyWorld()
  const client = await connect(world, connector, 1)
  const lease = await leaseOf(world, 1)
  const topic = world.topics.deliveries[lease.slot]
  if (topic === undefined) throw new Error('no topic')
  const bad = { key: null, value: Buffer.from('nonsense'), headers: { schema: 'slot-delivery.v1' } }
  await world.log.append({ topic, partition: 0, records: [bad] })
  await world.sendTo(lease.slot, delivery(lease, [deliveryOf(world, 1, [1])]))
  await world.clock.advance(6_000)
  expect({ pushed: pushed(client), resyncs: client.pushes('resync').length }).toEqual({
    pushed: ['d1.2:1'],
    resyncs: 1,
  })
  const { log, topics } = world
  for await (const records of log.read(topics.deadLetters, 0, 0, 1, new AbortController().signal))
    for (const { headers, value } of records)
      expect(decodeDeadLetter(headers.schema ?? '', value)).toMatchObject({
        record: { topic: topic.name, offset: 0, reason: 'undecodable' },
      })
  expect((await log.ends(topics.deadLetters)).get(0)).toBe(1)
})

test('an event whose body is no JSON goes to the dead letters, and the tail goes on', async () => {
  const { world, connector } = await createReadyWorld()
  const client = await connect(world, connector, 1)
  const lease = await leaseOf(world, 1)
  const nonsense = deliveryOf(world, 1, [1], afterStart + 1, 'no JSON')
  await world.sendTo(lease.slot, delivery(lease, [nonsense, deliveryOf(world, 2, [1])]))
  await world.clock.settle()
  expect(pushed(client)).toEqual(['d1.2:2'])
  expect((await world.log.ends(world.topics.deadLetters)).get(0)).toBe(1)
})

test('a hole in the deliveries tells everybody to sync, spread over five seconds, and the tail goes on', async () => {
  const { world, connector } = await createReadyWorld()
  const clients = await Promise.all([1, 2, 3, 4].map((id) => connect(world, connector, id)))
  const lease = await leaseOf(world, 1)
  const topic = world.topics.deliveries[lease.slot]
  if (topic === undefined) throw new Error('no topic')
  await world.sendTo(lease.slot, delivery(lease, [deliveryOf(world, 1, [1])]))
  await world.clock.settle()
  world.store.truncate(topic, 0, 0)
  await world.clock.advance(6_000)
  for (const client of clients) expect(client.pushes('resync')).toHaveLength(1)
  await world.sendTo(lease.slot, delivery(lease, [deliveryOf(world, 2, [1])]))
  await world.clock.advance(1_000)
  expect(pushed(clients[0] ?? (await connect(world, connector, 1)))).toEqual(['d1.2:1', 'd1.2:2'])
})

test('an event is pushed with the same text to every device', async () => {
  const { world, connector } = await createReadyWorld()
  const clients = await Promise.all([10, 11, 12].map((device) => connect(world, connector, 1, { device })))
  await world.post(2, 'd1.2', 'hi')
  await world.clock.settle()
  const [first, ...others] = clients.map((client) => client.pushes('event'))
  expect(first).toHaveLength(1)
  for (const other of others) expect(other).toEqual(first)
})
