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

const partitionOf = ({ topics }: TestWorld) => partitionOfConversation('d1.2', topics.events.partitions) ?? 0
