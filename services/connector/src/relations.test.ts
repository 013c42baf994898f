import { Fault } from '@chat/runtime'
import { type LogEvent, partitionOfConversation } from '@chat/schemas'
import { expect, test } from 'vitest'
import { ask, connect, createReadyWorld, type TestWorld } from './test-world.ts'

const accepted = { outcome: 'accepted', conversation: 'd1.2', seq: null, pos: 3, at: 0 } as const

const blockOf = ({ clock, newId }: TestWorld): LogEvent => ({
  ...{ type: 'UserBlocked', conversation: 'd1.2', seq: null, actor: 1, device: 'x', at: clock.now() },
  ...{ clientMsgId: newId(), user: 2 },
})

test.each([
  ['friend.request', 'RequestFriend'],
  ['friend.withdraw', 'WithdrawFriendRequest'],
  ['friend.accept', 'AcceptFriend'],
  ['friend.decline', 'DeclineFriend'],
  ['friend.remove', 'RemoveFriend'],
  ['block', 'BlockUser'],
  ['unblock', 'UnblockUser'],
] as const)('%s puts its command on the log of the conversation with that user', async (op, type) => {
  const { world, connector } = await createReadyWorld()
  world.flags.script = () => accepted
  const client = await connect(world, connector, 1)
  const clientMsgId = world.newId()
  const note = op === 'friend.request' ? { note: 'it is me' } : {}
  const answer = await ask(world, client, { op, user: 2, clientMsgId, ...note })
  expect(answer).toMatchObject({ op: 'ok', conversation: 'd1.2', position: expect.any(String) })
  expect(answer).not.toHaveProperty('seq')
  expect(world.commands).toMatchObject([{ type, conversation: 'd1.2', actor: 1, clientMsgId }])
  if (op === 'friend.request') expect(world.commands).toMatchObject([{ note: Buffer.from('it is me'), keyId: null }])
})

test('of oneself and of nobody there is neither friendship nor block, and nothing is on the log', async () => {
  const { world, connector } = await createReadyWorld()
  const client = await connect(world, connector, 1)
  for (const op of ['friend.request', 'block']) {
    expect(await ask(world, client, { op, ref: `${op}1`.length, user: 1 })).toMatchObject({ code: 'invalid' })
    expect(await ask(world, client, { op, ref: `${op}12`.length, user: 99 })).toMatchObject({ code: 'no_such_user' })
  }
  expect(world.commands).toEqual([])
})

test('an event without a place is pushed to those named only, without seq, and is in no history', async () => {
  const { world, connector } = await createReadyWorld()
  const [ann, bob] = [await connect(world, connector, 1), await connect(world, connector, 2)]
  await world.post(2, 'd1.2', 'hi')
  const placed = await world.append(partitionOf(world), blockOf(world))
  await world.deliver(partitionOf(world), placed, [1])
  await world.clock.settle()
  const { at } = ann.pushes('event')[1] ?? {}
  expect(ann.pushes('event').slice(1)).toEqual([
    { op: 'event', conversation: 'd1.2', type: 'userBlocked', actor: 1, at, data: { user: 2 } },
  ])
  expect(bob.pushes('event')).toHaveLength(1)
  for (const client of [ann, bob])
    expect(await ask(world, client, { op: 'history', conversation: 'd1.2' })).toMatchObject({
      events: [{ type: 'messagePosted' }],
      to: 1,
    })
})

/** Two who are friends, one of whom is not connected, and what they are told. */
const befriended = async () => {
  const { world, connector } = await createReadyWorld()
  const happened = { conversation: 'd1.2', device: 'x', at: world.clock.now() }
  const event = (type: 'FriendRequested' | 'FriendAccepted', seq: number, actor: number, user: number): LogEvent => {
    const fields = { ...happened, seq, actor, user, clientMsgId: world.newId() }
    return type === 'FriendRequested' ? { type, ...fields, note: Buffer.from('hi'), keyId: null } : { type, ...fields }
  }
  await world.append(partitionOf(world), event('FriendRequested', 1, 1, 2))
  return { world, connector, accept: () => world.append(partitionOf(world), event('FriendAccepted', 2, 2, 1)) }
}

test('friends are listed with who is online, requests and blocks on the first page', async () => {
  const { world, connector, accept } = await befriended()
  const ann = await connect(world, connector, 1)
  const user = expect.objectContaining({ id: 2, name: 'user2' })
  expect(await ask(world, ann, { op: 'friends' })).toMatchObject({
    items: [],
    requests: [{ user, direction: 'outgoing', note: 'hi', at: '2026-01-01T00:00:00.000Z' }],
    blocked: [],
  })
  await accept()
  const since = '2026-01-01T00:00:00.000Z'
  expect(await ask(world, ann, { op: 'friends', ref: 2 })).toMatchObject({
    items: [{ user, since, online: false }],
    requests: [],
  })
  await connect(world, connector, 2)
  expect(await ask(world, ann, { op: 'friends', ref: 3 })).toMatchObject({ items: [{ user, since, online: true }] })
})

test('who is blocked does not learn that the other one is there; who blocks sees whom, and where that one is', async () => {
  const { world, connector, accept } = await befriended()
  await accept()
  const [ann, bob] = [await connect(world, connector, 1), await connect(world, connector, 2)]
  await world.append(partitionOf(world), blockOf(world))
  expect(await ask(world, bob, { op: 'friends' })).toMatchObject({
    items: [{ user: { id: 1 }, online: false }],
    blocked: [],
  })
  expect(await ask(world, bob, { op: 'presence.watch', ref: 2, users: [1, 2] })).toMatchObject({
    users: [
      { id: 1, online: false },
      { id: 2, online: true },
    ],
  })
  expect(await ask(world, ann, { op: 'friends' })).toMatchObject({
    items: [{ user: { id: 2 }, online: true }],
    blocked: [{ user: { id: 2 }, since: '2026-01-01T00:00:00.000Z' }],
  })
})

test('of a friend who is away it is told when he was last seen, unless he blocks the caller', async () => {
  const { world, accept } = await befriended()
  await accept()
  const lastSeen = async (users: readonly number[]) => new Map(users.map((user) => [user, world.clock.now() - 60_000]))
  const connector = world.connector({ credentials: { ...world.credentials, lastSeen } })
  await connector.service.start()
  const bob = await connect(world, connector, 2)
  expect(await ask(world, bob, { op: 'friends' })).toMatchObject({
    items: [{ online: false, lastSeenAt: new Date(world.clock.now() - 60_000).toISOString() }],
  })
  await world.append(partitionOf(world), blockOf(world))
  const [hidden] = (await ask(world, bob, { op: 'friends', ref: 2 })).items as readonly object[]
  expect(hidden).toMatchObject({ online: false })
  expect(hidden).not.toHaveProperty('lastSeenAt')
})

test('while presence is away friends are listed as stale', async () => {
  const { world, accept } = await befriended()
  await accept()
  const lookup = () => Promise.reject(new Fault('presence_unavailable', 'away'))
  const connector = world.connector({ presence: { ...world.presence, lookup } })
  await connector.service.start()
  const ann = await connect(world, connector, 1)
  expect(await ask(world, ann, { op: 'friends' })).toMatchObject({ items: [{ online: false }], stale: true })
})

const partitionOf = ({ topics }: TestWorld) => partitionOfConversation('d1.2', topics.events.partitions) ?? 0
