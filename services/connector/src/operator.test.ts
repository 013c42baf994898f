import { encodePosition, partitionOfConversation, partitionOfId } from '@chat/schemas'
import type { OperatorAct } from '@chat/schemas/protocol'
import {
  messageReported,
  noticeBroadcast,
  operatorGranted,
  operatorRevoked,
  reportResolved,
  userSuspended,
} from '@chat/testkit'
import { expect, test } from 'vitest'
import { connect, createReadyWorld, deviceOf, type TestWorld } from './test-world.ts'
import { createWordFilter } from './word-filter/word-filter.ts'
import { createWordList } from './word-filter/word-list.ts'

const identityOf = (userId: number) => ({ userId, sessionId: `s${userId}`, device: deviceOf(userId) })
const partitionOf = (world: TestWorld, user: number) => partitionOfId(user, world.topics.events.partitions)

/** A world in which user 1 is an operator. */
const setUp = async (ports: Parameters<typeof createReadyWorld>[0] = {}) => {
  const { world, connector } = await createReadyWorld(ports)
  await world.append(partitionOf(world, 1), operatorGranted(1))
  const { operator } = connector.sockets.api
  const act = (name: OperatorAct, input: unknown, userId = 1) => operator.act(identityOf(userId), name, input)
  return { world, connector, operator, act }
}

test('operators are admitted, and nobody else learns that there is anything', async () => {
  const { world, operator } = await setUp()
  expect(await operator.admit(identityOf(1))).toBeUndefined()
  expect(await operator.admit(identityOf(2))).toEqual({ error: 'not_found', message: 'there is nothing here' })
  await world.append(partitionOf(world, 1), operatorRevoked(1))
  expect(await operator.admit(identityOf(1))).toMatchObject({ error: 'not_found' })
})

test('whoever was made an operator a moment ago, which is not projected yet, is waited for', async () => {
  const { world, operator } = await setUp()
  world.flags.projects = false
  await world.append(partitionOf(world, 2), operatorGranted(2))
  const admitted = operator.admit(identityOf(2))
  await world.clock.advance(100)
  await world.project()
  await world.clock.settle()
  expect(await admitted).toBeUndefined()
})

test('a suspended operator can do nothing', async () => {
  const { world, operator } = await setUp()
  await world.append(partitionOf(world, 1), userSuspended(2, 1))
  await world.clock.advance(2_000)
  expect(await operator.admit(identityOf(1))).toMatchObject({ error: 'suspended' })
})

test('finds accounts by what they are called and by id, with their suspension', async () => {
  const { world, act } = await setUp()
  await world.append(partitionOf(world, 3), userSuspended(1, 3, { at: 0, reason: Buffer.from('spam') }))
  const suspension = { at: '1970-01-01T00:00:00.000Z', by: 1, reason: 'spam' }
  expect(await act('users', { query: 'USER3' })).toMatchObject({ ok: { items: [{ user: { id: 3 }, suspension }] } })
  const page = await act('users', { limit: 4 })
  expect(page).toMatchObject({ ok: { items: [{}, {}, {}, {}], next: expect.any(String) } })
  expect(await act('user', { user: 3 })).toMatchObject({ ok: { account: { user: { name: 'user3' }, suspension } } })
  expect(await act('user', { user: 1 })).toMatchObject({ ok: { account: { operatorSince: expect.any(String) } } })
  expect(await act('user', { user: 99 })).toMatchObject({ error: 'no_such_user' })
})

test('suspending, reinstating and announcing are commands that name the operator', async () => {
  const { world, act } = await setUp()
  world.flags.script = () => ({ pos: 4, at: 0 })
  const answers = Promise.all([
    act('suspend', { user: 3, reason: 'spam' }),
    act('reinstate', { user: 3, reason: 'an error' }),
    act('notice', { text: 'back at nine' }),
  ])
  await world.clock.settle()
  expect(await answers).toMatchObject([{ ok: { position: expect.any(String) } }, { ok: {} }, { ok: {} }])
  const by = { actor: 1, device: deviceOf(1), keyId: null }
  const commands = Object.fromEntries(world.commands.map((command) => [command.type, command]))
  expect(commands).toMatchObject({
    SuspendUser: { ...by, user: 3, reason: Buffer.from('spam') },
    ReinstateUser: { ...by, user: 3, reason: Buffer.from('an error') },
    BroadcastNotice: { ...by, text: Buffer.from('back at nine') },
  })
})

test('sees what was reported, with the message as it is', async () => {
  const { world, act } = await setUp()
  await world.post(2, 'd2.3', 'buy this')
  const at = { at: 0, author: 2, reason: Buffer.from('spam') }
  await world.append(partitionOfConversation('d2.3', 4) ?? 0, messageReported(3, 'd2.3', 1, at))
  expect(await act('reports', { limit: 1 })).toEqual({
    ok: {
      items: [
        {
          ...{ id: expect.any(String), conversation: 'd2.3', seq: 1, by: 3, author: 2, reason: 'spam' },
          at: '1970-01-01T00:00:00.000Z',
          message: expect.objectContaining({ type: 'messagePosted', actor: 2, seq: 1 }),
        },
      ],
    },
  })
})

test('is done with a report by a command that says which, and lists it as that', async () => {
  const { world, act } = await setUp()
  await world.post(2, 'd2.3', 'buy this')
  const partition = partitionOfConversation('d2.3', 4) ?? 0
  const { pos } = await world.append(partition, messageReported(3, 'd2.3', 1, { at: 0, author: 2 }))
  const id = encodePosition({ partition, pos })
  world.flags.script = () => ({ conversation: 'd2.3', pos: 9 })
  const answer = act('reportDone', { report: id })
  await world.clock.settle()
  expect(await answer).toMatchObject({ ok: { conversation: 'd2.3', position: expect.any(String) } })
  const report = { message: 1, user: 3, report: pos }
  expect(world.commands).toMatchObject([{ type: 'ResolveReport', actor: 1, conversation: 'd2.3', ...report }])
  expect(await act('reports', { state: 'open' })).toMatchObject({ ok: { items: [{ id }] } })
  await world.append(partition, reportResolved(1, 'd2.3', { ...report, at: 5 }))
  expect(await act('reports', { state: 'open' })).toEqual({ ok: { items: [] } })
  const done = { at: '1970-01-01T00:00:00.005Z', by: 1 }
  for (const state of [{}, { state: 'done' }])
    expect(await act('reports', state)).toMatchObject({ ok: { items: [{ id, done }] } })
})

test('of a report that is not there, or that its maker has made anew, nothing is done', async () => {
  const { world, act } = await setUp()
  await world.post(2, 'd2.3', 'buy this')
  const partition = partitionOfConversation('d2.3', 4) ?? 0
  const { pos } = await world.append(partition, messageReported(3, 'd2.3', 1, { author: 2 }))
  await world.append(partition, messageReported(3, 'd2.3', 1, { author: 2 }))
  const absent = [encodePosition({ partition, pos }), encodePosition({ partition: 77, pos }), 'nonsense', '%']
  for (const report of absent) expect(await act('reportDone', { report })).toMatchObject({ error: 'not_found' })
  expect(world.commands).toEqual([])
})

test('deletes a message of a conversation that he is not in, by a command that says whose it is', async () => {
  const { world, act } = await setUp()
  const { pos } = await world.post(2, 'd2.3', 'buy this')
  world.flags.script = () => ({ conversation: 'd2.3', seq: 2, pos: 9 })
  const answer = act('deleteMessage', { conversation: 'd2.3', seq: 1 })
  await world.clock.settle()
  expect(await answer).toMatchObject({ ok: { conversation: 'd2.3', seq: 2, position: expect.any(String) } })
  expect(world.commands).toMatchObject([
    {
      type: 'RemoveMessage',
      actor: 1,
      device: deviceOf(1),
      conversation: 'd2.3',
      message: 1,
      author: 2,
      asOf: pos + 1,
    },
  ])
})

test('of a message that is not projected yet nothing is said to the router', async () => {
  const { world, act } = await setUp()
  world.flags.projects = false
  await world.post(2, 'd2.3', 'buy this')
  const answer = act('deleteMessage', { conversation: 'd2.3', seq: 1 })
  await world.clock.advance(600)
  expect(await answer).toMatchObject({ error: 'unavailable' })
  expect(world.commands).toEqual([])
})

test.each<[OperatorAct, unknown]>([
  ['suspend', { user: 3 }],
  ['suspend', { user: 3, reason: '' }],
  ['suspend', { user: 0, reason: 'spam' }],
  ['reinstate', { user: 3, reason: 'x', more: 1 }],
  ['notice', { text: 'x'.repeat(501) }],
  ['notice', undefined],
  ['users', { limit: 'many' }],
  ['user', { user: '3' }],
  ['reports', { after: 5 }],
  ['reports', { state: 'shut' }],
  ['reportDone', {}],
  ['reportDone', { report: 'x'.repeat(65) }],
  ['reportDone', { report: 5 }],
  ['deleteMessage', { conversation: 'd2.3' }],
  ['deleteMessage', { conversation: 'd3.2', seq: 1 }],
  ['deleteMessage', { conversation: 'd2.3', seq: 0 }],
])('%s with %j is invalid', async (name, input) => {
  const { world, act } = await setUp()
  expect(await act(name, input)).toMatchObject({ error: 'invalid' })
  expect(world.commands).toEqual([])
})

test('what an operator announces reaches everybody who is connected, once', async () => {
  const { world, connector } = await setUp()
  const clients = [await connect(world, connector, 2), await connect(world, connector, 3)]
  await announce(world, 'back at nine')
  for (const client of clients)
    expect(client.pushes('notice')).toMatchObject([{ code: 'announcement', message: 'back at nine' }])
})

test('a notice with a listed word is masked like anything that people are shown, and refused where such are', async () => {
  const badword = () => createWordList(['badword'])
  const { world, connector } = await setUp({ wordFilter: createWordFilter('mask', badword) })
  const client = await connect(world, connector, 2)
  await announce(world, 'no badword here')
  expect(client.pushes('notice')).toMatchObject([{ message: 'no ******* here' }])

  const refusing = await setUp({ wordFilter: createWordFilter('refuse', badword) })
  expect(await refusing.act('notice', { text: 'no badword here' })).toMatchObject({ error: 'forbidden' })
  expect(refusing.world.commands).toEqual([])
})

test('what operators tell operators they may say as it was said', async () => {
  const badword = () => createWordList(['badword'])
  const { world, act } = await setUp({ wordFilter: createWordFilter('refuse', badword) })
  await world.post(2, 'd2.3', 'a badword')
  const reason = Buffer.from('he says badword')
  await world.append(partitionOfConversation('d2.3', 4) ?? 0, messageReported(3, 'd2.3', 1, { author: 2, reason }))
  expect(await act('reports', {})).toMatchObject({
    ok: { items: [{ reason: 'he says badword', message: { data: { body: { text: 'a badword' } } } }] },
  })
  world.flags.script = () => ({ pos: 4, at: 0 })
  const suspended = act('suspend', { user: 2, reason: 'he says badword' })
  await world.clock.settle()
  expect(await suspended).toHaveProperty('ok')
})

/** As the router tells it, after it told it once before. */
const announce = async (world: TestWorld, text: string): Promise<void> => {
  const partition = partitionOf(world, 1)
  const placed = await world.append(partition, noticeBroadcast(1, { text: Buffer.from(text) }))
  const everywhere = { type: 'SlotDelivery', slot: -1, epoch: 0, partition, replies: [] } as const
  for (let time = 0; time < 2; time++)
    await world.sendTo(-1, { ...everywhere, events: [{ ...placed, users: [], isLarge: false, toMembers: false }] })
  await world.clock.settle()
}
