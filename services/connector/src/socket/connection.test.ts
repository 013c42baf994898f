import { Fault } from '@chat/runtime'
import { expect, test } from 'vitest'
import type { Ports } from '../ports.ts'
import { ask, connect, createReadyWorld, createTestWorld, deviceOf, pushed } from '../test-world.ts'
import { turnMaxMs } from './turns.ts'

const hi = { kind: 'text', text: 'hi' }

test('without a hello within 10 seconds the connection closes with 4511', async () => {
  const { world, connector } = await createReadyWorld()
  const client = connector.sockets.connect()
  await world.clock.advance(9_000)
  expect(client.isOpen).toBe(true)
  await world.clock.advance(2_500)
  expect(client.closedWith?.code).toBe(4511)
})

test('a first frame that is not hello is answered unauthorized and closes with 4400', async () => {
  const { world, connector } = await createReadyWorld()
  const client = connector.sockets.connect()
  expect(await ask(world, client, { op: 'me' })).toMatchObject({ op: 'error', code: 'unauthorized' })
  expect(client.closedWith?.code).toBe(4400)
})

test.each([
  ['text that is not JSON', 'hello'],
  ['an array', '[]'],
  ['an object without ref', '{"op":"me"}'],
  ['an object whose ref is no integer', '{"op":"me","ref":"1"}'],
])('%s closes with 4400', async (_name, text) => {
  const { world, connector } = await createReadyWorld()
  const client = await connect(world, connector, 1)
  client.send(text)
  await world.clock.settle()
  expect(client.closedWith?.code).toBe(4400)
})

test('a binary frame closes with 4400', async () => {
  const { world, connector } = await createReadyWorld()
  const client = await connect(world, connector, 1)
  client.sendBinary()
  await world.clock.settle()
  expect(client.closedWith?.code).toBe(4400)
})

test('a frame of more than 64 KiB closes with 1009, one of 64 KiB does not', async () => {
  const { world, connector } = await createReadyWorld()
  const client = await connect(world, connector, 1)
  const padded = (bytes: number) => `{"op":"me","ref":1}`.padEnd(bytes, ' ')
  client.send(padded(64 * 1024))
  await world.clock.settle()
  expect(client.answers(1)).toMatchObject([{ op: 'ok' }])
  client.send(padded(64 * 1024 + 1))
  await world.clock.settle()
  expect(client.closedWith?.code).toBe(1009)
})

test('a wrong, an expired and a revoked token are answered unauthorized and close with 4401', async () => {
  const { world, connector } = await createReadyWorld()
  const expired = world.token(1)
  const wrong = connector.sockets.connect()
  const hello = { op: 'hello', ref: 1, device: deviceOf(1) }
  expect(await ask(world, wrong, { ...hello, token: 'nonsense' })).toMatchObject({ code: 'unauthorized' })
  expect(wrong.closedWith?.code).toBe(4401)
  await connector.sockets.api.endSession({ userId: 2, sessionId: 's2', device: deviceOf(2) })
  const revoked = await connect(world, connector, 2)
  expect(revoked.answers(0)).toMatchObject([{ code: 'unauthorized' }])
  await world.clock.advance(16 * 60_000)
  const late = connector.sockets.connect()
  expect(await ask(world, late, { ...hello, token: expired })).toMatchObject({ code: 'unauthorized' })
  expect(late.closedWith?.code).toBe(4401)
})

test('what else is wrong in a request is answered, and the connection lives', async () => {
  const { world, connector } = await createReadyWorld()
  const client = await connect(world, connector, 1)
  const send = { op: 'send', to: { user: 2 }, body: hi }
  const answers = {
    unknownOp: await ask(world, client, { op: 'dance', ref: 1 }),
    unknownField: await ask(world, client, { op: 'me', ref: 2, more: true }),
    secondHello: await ask(world, client, { op: 'hello', ref: 3, token: 'x', device: deviceOf(1) }),
    noClientMsgId: await ask(world, client, { ...send, ref: 4 }),
    tooLarge: await ask(world, client, {
      ...{ ...send, ref: 5, clientMsgId: world.newId(), body: { kind: 'text', text: 'x'.repeat(4001) } },
    }),
    noSuchUser: await ask(world, client, { ...send, ref: 6, clientMsgId: world.newId(), to: { user: 99 } }),
    stranger: await ask(world, client, {
      ...{ ...send, ref: 7, clientMsgId: world.newId(), to: { conversation: 'd2.3' } },
    }),
    future: await ask(world, client, { ...send, ref: 8, clientMsgId: futureId }),
    noSuchMember: await ask(world, client, {
      ...{ op: 'group.create', ref: 9, title: 'T', visibility: 'private', members: [2, 99] },
    }),
    noSuchGroup: await ask(world, client, { op: 'group.join', ref: 10, name: 'nowhere' }),
    joinDirect: await ask(world, client, { op: 'group.join', ref: 11, conversation: 'd1.2' }),
    leaveDirect: await ask(world, client, { op: 'group.leave', ref: 12, conversation: 'd1.2' }),
    hidden: await ask(world, client, { op: 'history', ref: 13, conversation: 'd2.3' }),
    unknownUser: await ask(world, client, { op: 'user', ref: 14, id: 99 }),
  }
  const codes = Object.fromEntries(Object.entries(answers).map(([name, { code }]) => [name, code]))
  expect(codes).toEqual({
    ...{ unknownOp: 'invalid', unknownField: 'invalid', secondHello: 'invalid', noClientMsgId: 'invalid' },
    ...{ tooLarge: 'too_large', noSuchUser: 'no_such_user', stranger: 'not_member', future: 'invalid' },
    ...{ noSuchMember: 'no_such_user', noSuchGroup: 'no_such_conversation', joinDirect: 'invalid' },
    ...{ leaveDirect: 'invalid', hidden: 'not_found', unknownUser: 'no_such_user' },
  })
  expect(client.isOpen).toBe(true)
  expect(world.commands).toEqual([])
})

/** Two days after the world's clock. */
const futureId = '019b7e2c-a400-7000-8000-000000000000'

test('a conversation with oneself is allowed', async () => {
  const { world, connector } = await createReadyWorld()
  const client = await connect(world, connector, 5)
  const answer = await ask(world, client, { op: 'send', to: { user: 5 }, clientMsgId: world.newId(), body: hi })
  expect(answer).toMatchObject({ conversation: 'd5.5', seq: 1 })
  expect(pushed(client)).toEqual(['d5.5:1'])
})

test('the outcome of the router becomes the answer', async () => {
  const { world, connector } = await createReadyWorld()
  const client = await connect(world, connector, 1)
  const send = (ref: number) =>
    ask(world, client, { op: 'send', ref, to: { user: 2 }, clientMsgId: world.newId(), body: hi })
  world.flags.script = () => ({ outcome: 'repeated', conversation: 'd1.2', seq: 5, pos: 9 })
  const repeated = await send(1)
  expect(repeated).toMatchObject({ op: 'ok', conversation: 'd1.2', seq: 5, duplicate: true })
  expect(repeated).not.toHaveProperty('at')
  world.flags.script = () => ({ outcome: 'rejected', code: 'out_of_order' })
  expect(await send(2)).toEqual({
    ...{ op: 'error', ref: 2, code: 'out_of_order', retry: 'later', message: expect.any(String) },
  })
})

test('writes reach the log in the order of arrival, also behind one that waits for a check; reads run beside', async () => {
  const { world, connector } = await createReadyWorld()
  const existing = Promise.withResolvers<void>()
  const { existingUsers } = world.readModels
  Object.assign(world.readModels, {
    existingUsers: async (ids: readonly number[]) => {
      await existing.promise
      return existingUsers(ids)
    },
  })
  const client = await connect(world, connector, 1)
  const texts = ['one', 'two', 'three']
  const to = [{ user: 3 }, { conversation: 'g2' }, { user: 1 }]
  texts.forEach((text, i) => {
    client.send({ op: 'send', ref: i + 1, to: to[i], clientMsgId: world.newId(), body: { kind: 'text', text } })
  })
  client.send({ op: 'me', ref: 9 })
  await world.clock.settle()
  expect(world.commands).toEqual([])
  expect(client.answers(9)).toMatchObject([{ op: 'ok' }])
  existing.resolve()
  await world.clock.settle()
  // Commands of several partitions are read in no order, so the requests' numbers tell.
  const byRequest = world.commands.toSorted((a, b) => a.request - b.request)
  const bodies = byRequest.map((command) => ('body' in command ? Buffer.from(command.body).toString() : ''))
  expect(bodies).toEqual(texts.map((text) => JSON.stringify({ kind: 'text', text })))
})

test('with 32 writes unanswered the socket is not read until one is answered', async () => {
  const { world, connector } = await createReadyWorld()
  const client = await connect(world, connector, 1)
  await ask(world, client, { op: 'send', ref: 500, to: { user: 2 }, clientMsgId: world.newId(), body: hi })
  world.flags.routes = false
  for (let ref = 1; ref <= 40; ref++)
    client.send({ op: 'send', ref, to: { user: 2 }, clientMsgId: world.newId(), body: hi })
  client.send({ op: 'ping', ref: 41 })
  await world.clock.settle()
  expect(world.commands.length - 1).toBe(32)
  expect({ paused: client.isPaused, pong: client.answers(41) }).toEqual({ paused: true, pong: [] })
  await world.routeAll()
  await world.clock.settle()
  for (let ref = 1; ref <= 41; ref++) expect(client.answers(ref)).toHaveLength(1)
  expect(client.isPaused).toBe(false)
  const seqs = Array.from({ length: 40 }, (_, i) => client.answers(i + 1)[0]?.seq)
  expect(seqs).toEqual(Array.from({ length: 40 }, (_, i) => i + 2))
})

test('with eight reads at work the socket is not read until one is answered', async () => {
  const { world, connector } = await createReadyWorld()
  const gate = Promise.withResolvers<void>()
  let atWork = 0
  Object.assign(world.readModels, {
    members: async () => {
      atWork++
      await gate.promise
      return { items: [] }
    },
  })
  const client = await connect(world, connector, 1)
  for (let ref = 1; ref <= 12; ref++) client.send({ op: 'members', ref, conversation: 'g2' })
  await world.clock.settle()
  expect({ atWork, paused: client.isPaused }).toEqual({ atWork: 8, paused: true })
  gate.resolve()
  await world.clock.settle()
  expect({ atWork, paused: client.isPaused }).toEqual({ atWork: 12, paused: false })
})

test('frames pipelined behind hello are answered after it', async () => {
  const { world, connector } = await createReadyWorld()
  const client = connector.sockets.connect()
  client.send({ op: 'hello', ref: 1, token: world.token(1), device: deviceOf(1) })
  client.send({ op: 'me', ref: 2 })
  client.send({ op: 'ping', ref: 3 })
  await world.clock.settle()
  expect(client.frames.map(({ ref }) => ref).toSorted()).toEqual([1, 2, 3])
  expect(client.frames[0]).toMatchObject({ ref: 1, connector: expect.any(String) })
})

test('pings every heartbeat, and closes with 4510 when nothing was heard for two', async () => {
  const { world, connector } = await createReadyWorld()
  const silent = await connect(world, connector, 1)
  const lively = await connect(world, connector, 2)
  for (let i = 0; i < 6; i++) {
    await world.clock.advance(10_000)
    lively.pong()
  }
  expect(silent.closedWith?.code).toBe(4510)
  expect({ open: lively.isOpen, pings: lively.pings }).toEqual({ open: true, pings: expect.any(Number) })
  expect(lively.pings).toBeGreaterThanOrEqual(2)
})

test('a newer hello of a device closes the older connection with 4409', async () => {
  const { world, connector } = await createReadyWorld()
  const old = await connect(world, connector, 1)
  const other = await connect(world, connector, 1, { device: 11 })
  const fresh = await connect(world, connector, 1)
  expect([old.closedWith?.code, other.isOpen, fresh.isOpen]).toEqual([4409, true, true])
  await world.post(2, 'd1.2', 'hi')
  await world.clock.settle()
  expect(pushed(fresh)).toEqual(['d1.2:1'])
})

test('when a session ends its sockets close with 4401, those of others live', async () => {
  const { world, connector } = await createReadyWorld()
  const ann = await connect(world, connector, 1)
  const tab = await connect(world, connector, 1, { device: 11 })
  const bob = await connect(world, connector, 2)
  await connector.sockets.api.endSession({ userId: 1, sessionId: 's1', device: deviceOf(1) })
  await world.clock.settle()
  expect([ann.closedWith?.code, tab.closedWith?.code, bob.isOpen]).toEqual([4401, 4401, true])
})

test('logout answers what was asked before, then itself, then closes with 4401', async () => {
  const { world, connector } = await createReadyWorld()
  const client = await connect(world, connector, 1)
  await world.post(2, 'd1.2', 'hi')
  client.send({ op: 'send', ref: 1, to: { user: 2 }, clientMsgId: world.newId(), body: hi })
  client.send({ op: 'read', ref: 2, conversation: 'd1.2', seq: 1 })
  client.send({ op: 'logout', ref: 3 })
  await world.clock.settle()
  const answered = client.frames.filter(({ op }) => op === 'ok').map(({ ref }) => ref)
  expect({ all: answered.toSorted(), last: answered.at(-1) }).toEqual({ all: [0, 1, 2, 3], last: 3 })
  expect(client.closedWith?.code).toBe(4401)
})

test('a slow reader gets no pushes over 1 MiB, a resync when it has drained, 4508 when it does not', async () => {
  const { world, connector } = await createReadyWorld()
  const slow = await connect(world, connector, 1)
  const stuck = await connect(world, connector, 3)
  const text = 'x'.repeat(3900)
  for (const client of [slow, stuck]) client.stall()
  for (let i = 0; i < 300; i++) {
    await world.post(2, 'd1.2', text)
    await world.post(2, 'd2.3', text)
  }
  await world.clock.advance(2_000)
  expect(pushed(slow)).toEqual([])
  slow.flow()
  await world.clock.advance(2_000)
  expect(slow.pushes('resync')).toHaveLength(1)
  const before = pushed(slow).length
  expect(before).toBeLessThan(300)
  await world.post(2, 'd1.2', 'more')
  await world.clock.advance(8_000)
  expect(pushed(slow)).toHaveLength(before + 1)
  expect([slow.isOpen, stuck.closedWith?.code]).toEqual([true, 4508])
})

test('a read model that is away is answered unavailable, a bug internal, and the connection lives', async () => {
  const { world, connector } = await createReadyWorld()
  const client = await connect(world, connector, 1)
  Object.assign(world.readModels, {
    conversations: () => Promise.reject(new Fault('read_models_unavailable', 'away')),
    members: () => Promise.reject(new TypeError('bug')),
  })
  expect(await ask(world, client, { op: 'conversations', ref: 1 })).toMatchObject({
    code: 'unavailable',
    retry: 'later',
  })
  expect(await ask(world, client, { op: 'members', ref: 2, conversation: 'g2' })).toMatchObject({ code: 'internal' })
  expect({ open: client.isOpen, fatal: connector.fatal }).toEqual({ open: true, fatal: [] })
})

test('a read is not older than what the connection was pushed or acknowledged, or says stale', async () => {
  const { world, connector } = await createReadyWorld()
  const client = await connect(world, connector, 1)
  await world.post(2, 'd1.2', 'one')
  await world.clock.settle()
  world.flags.projects = false
  await world.post(2, 'd1.2', 'two')
  await world.clock.settle()
  expect(pushed(client)).toEqual(['d1.2:1', 'd1.2:2'])
  const history = { op: 'history', conversation: 'd1.2' }
  client.send({ ...history, ref: 1 })
  await world.clock.advance(400)
  expect(client.answers(1)).toEqual([])
  await world.clock.advance(200)
  expect(client.answers(1)).toMatchObject([{ op: 'ok', to: 1, stale: true }])
  client.send({ ...history, ref: 2 })
  await world.clock.advance(100)
  await world.project()
  await world.clock.settle()
  expect(client.answers(2)).toMatchObject([{ op: 'ok', to: 2 }])
  expect(client.answers(2)[0]).not.toHaveProperty('stale')
})

test('a frame that waited for its turn and meets a bug ends its connection and no other', async () => {
  const world = await createTestWorld()
  for (const user of [1, 2, 3]) await world.addUser(user)
  let busyMs = 0
  const clock = { ...world.clock, monotonic: () => world.clock.monotonic() + busyMs }
  const take: Ports['rateLimits']['take'] = ([{ rate, key }]) => {
    if (rate !== 'signalsOfUser') return undefined
    if (key === '1') busyMs += turnMaxMs
    if (key === '2') throw new Error('bug')
    return undefined
  }
  const connector = world.connector({ clock, rateLimits: { take, close: async () => {} }, limits: 'on' })
  await connector.service.start()
  const [ann, bob, cem] = await Promise.all([1, 2, 3].map((user) => connect(world, connector, user)))
  for (const client of [ann, bob, cem]) client?.send({ op: 'ping', ref: 1 })
  await world.clock.settle()
  expect(bob?.isPaused).toBe(true)
  await world.clock.advance(1)
  expect([ann?.closedWith?.code, bob?.closedWith?.code, cem?.closedWith?.code]).toEqual([undefined, 4500, undefined])
  expect([ann, bob, cem].map((client) => client?.answers(1).length)).toEqual([1, 0, 1])
  expect(connector.fatal).toEqual([])
})
