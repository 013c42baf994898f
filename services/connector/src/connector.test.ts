import { Fault, type Logger, silentLogger } from '@chat/runtime'
import { decodePosition } from '@chat/schemas'
import { expect, test } from 'vitest'
import { ask, connect, createReadyWorld, createTestWorld, deviceOf, failing, pushed } from './test-world.ts'

const hi = { kind: 'text', text: 'hi' }

test('a message gets its place, and reaches every device of both', async () => {
  const { world, connector } = await createReadyWorld()
  const ann = await connect(world, connector, 1)
  const phone = await connect(world, connector, 2, { device: 20 })
  const laptop = await connect(world, connector, 2, { device: 21 })
  const answer = await ask(world, ann, { op: 'send', to: { user: 2 }, clientMsgId: world.newId(), body: hi })
  expect(answer).toMatchObject({ op: 'ok', ref: 1, conversation: 'd1.2', seq: 1, at: '2026-01-01T00:00:00.000Z' })
  expect(decodePosition(String(answer.position))).toBeDefined()
  for (const client of [ann, phone, laptop])
    expect(client.pushes('event')).toMatchObject([
      { conversation: 'd1.2', seq: 1, type: 'messagePosted', actor: 1, data: { body: hi } },
    ])
})

test('hello is answered with who, where and the limits', async () => {
  const { world, connector } = await createReadyWorld()
  const ann = await connect(world, connector, 1)
  expect(ann.answers(0)).toMatchObject([
    {
      op: 'ok',
      user: { id: 1, name: 'user1', displayName: 'user1', createdAt: '2026-01-01T00:00:00.000Z' },
      session: 's1',
      connector: expect.stringMatching(/^c-/),
      time: '2026-01-01T00:00:00.000Z',
      heartbeatMs: 25_000,
      limits: { frameBytes: 65_536 },
    },
  ])
  expect(ann.answers(0)[0]).not.toHaveProperty('sync')
})

test('requests are answered from the read models', async () => {
  const { world, connector } = await createReadyWorld()
  const ann = await connect(world, connector, 1)
  const created = await ask(world, ann, {
    ...{ op: 'group.create', ref: 2, name: 'Tea', title: 'Tea', visibility: 'public', members: [2, 2, 1, 3] },
  })
  expect(created).toMatchObject({ op: 'ok', conversation: expect.stringMatching(/^g/), groupId: expect.any(Number) })
  const { conversation } = created
  expect(world.commands.at(-1)).toMatchObject({ members: [2, 3], normalisedName: 'tea', joinPolicy: 'open' })
  const answers = {
    ping: await ask(world, ann, { op: 'ping', ref: 3 }),
    me: await ask(world, ann, { op: 'me', ref: 4 }),
    user: await ask(world, ann, { op: 'user', ref: 5, name: 'USER3' }),
    users: await ask(world, ann, { op: 'users', ref: 6, query: 'user', limit: 2 }),
    history: await ask(world, ann, { op: 'history', ref: 7, conversation }),
    conversations: await ask(world, ann, { op: 'conversations', ref: 8 }),
    conversation: await ask(world, ann, { op: 'conversation', ref: 9, conversation }),
    members: await ask(world, ann, { op: 'members', ref: 10, conversation }),
    sync: await ask(world, ann, { op: 'sync', ref: 11 }),
  }
  expect(answers).toMatchObject({
    ping: { op: 'ok', ref: 3 },
    me: { user: { id: 1 } },
    user: { user: { id: 3 } },
    users: { items: [{ name: 'user1' }, { name: 'user2' }], next: expect.any(String) },
    history: { events: [{ seq: 1, type: 'groupCreated' }], from: 1, to: 1, hasMore: false },
    conversations: { items: [{ id: conversation, title: 'Tea' }] },
    conversation: { conversation: { id: conversation, kind: 'group', lastAt: '2026-01-01T00:00:00.000Z' } },
    members: { items: [{ user: { id: 1 }, role: 'owner' }, { user: { id: 2 } }, { user: { id: 3 } }] },
    sync: { token: expect.any(String), conversations: [{ id: conversation, to: 1 }], hasMore: false },
  })
})

test('the same requests are answered by HTTP, those of a socket are refused', async () => {
  const { world, connector } = await createReadyWorld()
  const { api } = connector.sockets
  const identity = { userId: 1, sessionId: 's1', device: deviceOf(1) }
  const request = async (frame: object, minPos?: string) => {
    const answering = api.request(identity, { ref: 1, ...frame }, minPos)
    await world.clock.advance(600)
    return answering
  }
  const sent = await request({ op: 'send', to: { user: 2 }, clientMsgId: world.newId(), body: hi })
  expect(sent).toMatchObject({ ok: { conversation: 'd1.2', seq: 1 } })
  const { position } = 'ok' in sent ? sent.ok : {}
  const read = { op: 'history', conversation: 'd1.2' }
  expect(await request(read, String(position))).toMatchObject({ ok: { to: 1 } })
  expect(await request(read, String(position))).not.toHaveProperty('ok.stale')
  const ahead = Buffer.from('0.999').toString('base64url')
  expect(await request(read, ahead)).toMatchObject({ ok: { to: 1, stale: true } })
  expect(await request(read, 'nonsense')).toMatchObject({ error: 'invalid' })
  expect(await request({ op: 'hello', token: 'x', device: deviceOf(1) })).toMatchObject({ error: 'invalid' })
  expect(await request({ op: 'ping' })).toMatchObject({ error: 'invalid' })
  expect(await api.request(identity, 'nonsense', undefined)).toMatchObject({ error: 'invalid' })
})

test('more than 32 unanswered writes by HTTP of one device are refused', async () => {
  const { world, connector } = await createReadyWorld()
  world.flags.routes = false
  const identity = { userId: 1, sessionId: 's1', device: deviceOf(1) }
  const send = () =>
    connector.sockets.api.request(
      identity,
      { op: 'send', ref: 1, to: { user: 1 }, clientMsgId: world.newId(), body: hi },
      undefined,
    )
  const first = Array.from({ length: 32 }, send)
  expect(await send()).toMatchObject({ error: 'too_many' })
  await world.routeAll()
  await world.clock.settle()
  expect((await Promise.all(first)).every((answer) => 'ok' in answer)).toBe(true)
  const again = send()
  await world.clock.settle()
  expect(await again).toHaveProperty('ok')
})

test('while a dependency is away the connector says which, listens, and refuses; then it goes on', async () => {
  const world = await createTestWorld()
  await world.addUser(1)
  const state = { isAway: true }
  const lease = async (...args: Parameters<typeof world.presence.lease>) => {
    if (state.isAway) throw new Fault('presence_unavailable', 'away')
    return world.presence.lease(...args)
  }
  const connector = world.connector({ presence: { ...world.presence, lease } })
  const started = connector.service.start()
  await world.clock.advance(5_000)
  expect(connector.health.reasons()).toMatchObject({ presence: 'presence cannot be reached' })
  const early = await connect(world, connector, 1)
  expect(early.answers(0)).toMatchObject([{ code: 'unavailable', retry: 'later' }])
  expect(early.closedWith).toMatchObject({ code: 4503 })
  state.isAway = false
  await world.clock.advance(3_000)
  await started
  expect(connector.health.isReady()).toBe(true)
  expect((await connect(world, connector, 1)).answers(0)).toMatchObject([{ op: 'ok' }])
})

test.each([
  ['off', 1],
  ['on', 0],
] as const)('with rate limits %s, the log says so at start %i times', async (limits, times) => {
  const world = await createTestWorld()
  const warned: string[] = []
  const logger: Logger = { ...silentLogger, warn: (_, phrase) => void warned.push(phrase) }
  const connector = world.connector({ limits, logger })
  await connector.service.start()
  expect(warned.filter((phrase) => phrase.startsWith('rate limits are off'))).toHaveLength(times)
})

test('a connector that is full refuses new connections', async () => {
  const { world, connector } = await createReadyWorld({ capacity: 1 })
  await connect(world, connector, 1)
  expect((await connect(world, connector, 2)).closedWith).toMatchObject({ code: 4503 })
})

test('a failed append closes the connection, and nothing that it pipelined behind is answered', async () => {
  const { world, connector } = await createReadyWorld({})
  await connector.service.stop()
  const state = { fails: false }
  const second = world.connector({ log: failing(world.log, () => state.fails) })
  await second.service.start()
  const ann = await connect(world, second, 1)
  const bob = await connect(world, second, 2)
  state.fails = true
  for (const ref of [1, 2]) ann.send({ op: 'send', ref, to: { user: 2 }, clientMsgId: world.newId(), body: hi })
  await world.clock.settle()
  expect({ closed: ann.closedWith?.code, answers: ann.answers(1) }).toEqual({ closed: 4503, answers: [] })
  expect(bob.isOpen).toBe(true)
  expect(pushed(bob)).toEqual([])
})

test('no reply within 30 seconds is answered timeout, and the connection lives', async () => {
  const { world, connector } = await createReadyWorld()
  const ann = await connect(world, connector, 1)
  world.flags.routes = false
  ann.send({ op: 'send', ref: 1, to: { user: 2 }, clientMsgId: world.newId(), body: hi })
  for (let i = 0; i < 4; i++) {
    await world.clock.advance(8_000)
    ann.pong()
  }
  expect(ann.answers(1)).toMatchObject([{ op: 'error', code: 'timeout', retry: 'later' }])
  expect(ann.isOpen).toBe(true)
})

test('a stop notices, answers what was taken, closes with 1012, and gives the slot back', async () => {
  const { world, connector } = await createReadyWorld()
  const ann = await connect(world, connector, 1)
  const bob = await connect(world, connector, 2)
  world.flags.routes = false
  ann.send({ op: 'send', ref: 1, to: { user: 2 }, clientMsgId: world.newId(), body: hi })
  await world.clock.settle()
  const stopping = connector.service.stop()
  await world.clock.settle()
  expect(connector.health.reasons()).toMatchObject({ connector: 'stopping' })
  for (const client of [ann, bob])
    expect(client.pushes('notice')).toMatchObject([{ code: 'restarting', reconnectWithinMs: expect.any(Number) }])
  await world.clock.advance(500)
  expect({ ann: ann.closedWith, bob: bob.closedWith?.code }).toEqual({ ann: undefined, bob: 1012 })
  await world.routeAll()
  await world.clock.advance(100)
  expect(ann.answers(1)).toMatchObject([{ op: 'ok', seq: 1 }])
  expect(ann.closedWith?.code).toBe(1012)
  await world.clock.advance(2_000)
  await stopping
  await connector.service.stop()
  expect(await world.presence.connectors()).toEqual([])
  expect(connector.fatal).toEqual([])
})

test('who is welcomed while the connector stops is told that it does before it is closed', async () => {
  const world = await createTestWorld()
  for (const id of [1, 2]) await world.addUser(id)
  const { promise: mayRegister, resolve: letRegister } = Promise.withResolvers<void>()
  const register: typeof world.presence.register = async (lease, users, orderMin) => {
    if (users.includes(2)) await mayRegister
    return world.presence.register(lease, users, orderMin)
  }
  const connector = world.connector({ presence: { ...world.presence, register }, drainSpreadMs: 18_000 })
  await connector.service.start()
  // As many as are closed in more than one step.
  for (let device = 1; device < 60; device++) await connect(world, connector, 1, { device })
  const bob = await connect(world, connector, 2, { device: 60 })
  const stopping = connector.service.stop()
  await world.clock.settle()
  letRegister()
  await world.clock.settle()
  expect(bob.answers(0)).toMatchObject([{ op: 'ok', user: { id: 2 } }])
  expect(bob.pushes('notice')).toMatchObject([{ code: 'restarting' }])
  expect(bob.isOpen).toBe(true)
  await world.clock.advance(2_000)
  expect(bob.closedWith?.code).toBe(1012)
  await stopping
})

test('a stop ends within 25 seconds although writes are never answered and presence is away', async () => {
  const world = await createTestWorld()
  await world.addUser(1)
  const state = { isAway: false }
  const never = new Promise<never>(() => {})
  const presence = {
    ...world.presence,
    release: (...args: Parameters<typeof world.presence.release>) =>
      state.isAway ? never : world.presence.release(...args),
  }
  const connector = world.connector({ presence, drainSpreadMs: 18_000 })
  await connector.service.start()
  const ann = await connect(world, connector, 1)
  world.flags.routes = false
  ann.send({ op: 'send', ref: 1, to: { user: 1 }, clientMsgId: world.newId(), body: hi })
  await world.clock.settle()
  state.isAway = true
  let isStopped = false
  void connector.service.stop().then(() => {
    isStopped = true
  })
  await world.clock.advance(5_000)
  expect({ isStopped, closed: ann.closedWith?.code }).toEqual({ isStopped: true, closed: 1012 })
})

test('a stop while it still waits for its first lease ends the start', async () => {
  const world = await createTestWorld()
  const lease = () => Promise.reject(new Fault('presence_unavailable', 'away'))
  const connector = world.connector({ presence: { ...world.presence, lease } })
  const started = connector.service.start().then(
    () => 'ready',
    () => 'stopped',
  )
  await world.clock.advance(100)
  const stopped = connector.service.stop()
  await world.clock.advance(2_000)
  await stopped
  expect(await started).toBe('stopped')
  expect(connector.fatal).toEqual([])
})
