import { partitionOf, partitionOfConversation } from '@chat/schemas'
import { messagePosted, operatorGranted, roomCreated } from '@chat/testkit'
import { expect, test } from 'vitest'
import { ask, connect, createReadyWorld, deviceOf, pushed, type TestWorld } from './test-world.ts'
import { createWordFilter } from './word-filter/word-filter.ts'
import { createWordList } from './word-filter/word-list.ts'

const room = 'g4711'
const partitionOfRoom = (world: TestWorld) => partitionOfConversation(room, world.topics.events.partitions) ?? 0

/** An online room with one message, of user 2. */
const setUp = async () => {
  const { world, connector } = await createReadyWorld()
  const created = roomCreated(4711, 9, 'Hall', { title: Buffer.from('The hall') })
  await world.append(partitionOfRoom(world), created)
  await post(world, 2)
  return { world, connector }
}

const post = (world: TestWorld, seq: number) => world.append(partitionOfRoom(world), messagePosted(2, room, seq))

/** A message that comes now, as a router delivers it; it lists nobody. */
const delivery = async (world: TestWorld, to: { readonly slot: number; readonly epoch: number }) => {
  const events = [{ ...(await post(world, 3)), users: [], isLarge: false, toMembers: false }]
  return { type: 'SlotDelivery', ...to, partition: partitionOfRoom(world), replies: [], events } as const
}

test('what happens in it reaches everybody who is connected, once, and nobody who has not said hello', async () => {
  const { world, connector } = await setUp()
  const clients = [await connect(world, connector, 1), await connect(world, connector, 3)]
  const stranger = connector.sockets.connect()
  const everywhere = await delivery(world, { slot: -1, epoch: 0 })
  for (let time = 0; time < 2; time++) await world.sendTo(-1, everywhere)
  await world.clock.settle()
  for (const client of clients) expect(pushed(client)).toEqual([`${room}:3`])
  expect(stranger.pushes('event')).toEqual([])
})

test('an event on a slot that lists nobody is nobody’s', async () => {
  const { world, connector } = await setUp()
  const client = await connect(world, connector, 1)
  const location = (await world.presence.lookup([1])).locations.get(1)?.[0]
  if (location === undefined) throw new Error('not registered')
  await world.sendTo(location.slot, await delivery(world, location))
  await world.clock.settle()
  expect(pushed(client)).toEqual([])
})

test('whoever never joined reads it, writes there, and is told that there is no list of members', async () => {
  const { world, connector } = await setUp()
  const client = await connect(world, connector, 3)
  expect(await ask(world, client, { op: 'history', ref: 1, conversation: room })).toMatchObject({
    events: [{ type: 'groupCreated', data: { membership: 'online' } }, { type: 'messagePosted' }],
  })
  expect(await ask(world, client, { op: 'conversations', ref: 2 })).toMatchObject({
    items: [{ id: room, membership: 'online', unread: 0 }],
  })
  expect(await ask(world, client, { op: 'typing', ref: 3, conversation: room, isTyping: true })).toMatchObject({
    op: 'ok',
  })
  expect(await ask(world, client, { op: 'members', ref: 4, conversation: room })).toMatchObject({
    ...{ op: 'error', code: 'forbidden', retry: 'never' },
  })
  world.flags.script = () => ({ conversation: room, seq: 3, pos: 9, at: 0 })
  const body = { kind: 'text', text: 'hi' }
  const clientMsgId = world.newId()
  const sent = await ask(world, client, { op: 'send', ref: 5, to: { conversation: room }, clientMsgId, body })
  expect(sent).toMatchObject({ op: 'ok', seq: 3 })
})

test('cursors in it are answered and kept nowhere; one beyond its end is still refused', async () => {
  const { world, connector } = await setUp()
  const client = await connect(world, connector, 3)
  client.send({ op: 'read', ref: 1, conversation: room, seq: 2 })
  client.send({ op: 'delivered', ref: 2, conversation: room, seq: 2 })
  client.send({ op: 'read', ref: 3, conversation: room, seq: 99 })
  await world.clock.advance(2_000)
  for (const ref of [1, 2]) expect(client.answers(ref)).toEqual([{ op: 'ok', ref }])
  expect(client.answers(3)).toMatchObject([{ op: 'error', code: 'no_such_message' }])
  expect([...(await world.log.ends(world.topics.receipts)).values()]).toEqual([0, 0, 0, 0])
})

test('making and closing one are commands that name the operator, in the partition of its name and of its id', async () => {
  const { world, connector } = await createReadyWorld()
  const partitions = world.topics.events.partitions
  await world.append(0, operatorGranted(1))
  world.flags.script = () => ({ conversation: room, seq: 1, pos: 4, at: 0, id: 4711 })
  const identity = { userId: 1, sessionId: 's1', device: deviceOf(1) }
  const { operator } = connector.sockets.api
  const created = operator.act(identity, 'createRoom', { name: 'Ｈall', title: 'The hall' })
  const closed = operator.act(identity, 'closeRoom', { conversation: room })
  await world.clock.settle()
  expect(await created).toMatchObject({ ok: { conversation: room, groupId: 4711, position: expect.any(String) } })
  expect(await closed).toMatchObject({ ok: { conversation: room } })
  const by = { actor: 1, device: deviceOf(1) }
  const texts = { title: Buffer.from('The hall'), description: Buffer.alloc(0), keyId: null }
  expect(world.commands.toSorted((a, b) => b.type.localeCompare(a.type))).toMatchObject([
    { type: 'CreateRoom', ...by, name: 'Ｈall', normalisedName: 'hall', ...texts },
    { type: 'CloseRoom', ...by, conversation: room },
  ])
  const ends = await world.log.ends(world.topics.commands)
  expect(ends.get(partitionOf('hall', partitions))).toBe(1)
  expect(ends.get(partitionOfRoom(world))).toBe(1)
})

test('where listed words are refused, no room is called by one, in its name, title or description', async () => {
  const wordFilter = createWordFilter('refuse', () => createWordList(['badword']))
  const { world, connector } = await createReadyWorld({ wordFilter })
  const identity = { userId: 1, sessionId: 's1', device: deviceOf(1) }
  const room = { name: 'hall', title: 'The hall', description: 'Come in' }
  for (const field of ['name', 'title', 'description'])
    expect(
      await connector.sockets.api.operator.act(identity, 'createRoom', { ...room, [field]: 'a badword' }),
    ).toMatchObject({ error: 'forbidden' })
  expect(world.commands).toEqual([])
})

test.each([
  ['createRoom', { title: 'The hall' }],
  ['createRoom', { name: 'hall' }],
  ['createRoom', { name: 'hall', title: 'The hall', members: [1] }],
  ['createRoom', { name: ' ', title: 'The hall' }],
  ['closeRoom', { conversation: 'nonsense' }],
] as const)('%s of %j is invalid', async (act, input) => {
  const { connector } = await createReadyWorld()
  const identity = { userId: 1, sessionId: 's1', device: deviceOf(1) }
  expect(await connector.sockets.api.operator.act(identity, act, input)).toMatchObject({ error: 'invalid' })
})
