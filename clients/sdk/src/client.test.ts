import { expect, test } from 'vitest'
import type { ChatEvent } from './domain/event.ts'
import { emptySync, session, setUpClient, user } from './test-client.ts'
import type { createTestServer } from './test-server.ts'

const posted = (seq: number, clientMsgId: string, actor = 7, conversation = 'd3.7') => ({
  ...{ op: 'event', conversation, seq, type: 'messagePosted', actor, at: `2026-01-01T00:00:0${seq}.000Z` },
  data: { clientMsgId, body: { kind: 'text', text: clientMsgId } },
})

const sends = (server: ReturnType<typeof createTestServer>) =>
  server
    .last()
    .sent.filter(({ op }) => op === 'send')
    .map(({ clientMsgId }) => clientMsgId)

test('logs in, asks the gateway, dials the first ready connector and then the next', async () => {
  const { client, clock, server, states, welcome, logIn } = setUpClient()
  await logIn()
  const connecting = client.connect()
  await clock.settle()
  expect(server.last().url).toBe('ws://a')
  server.last().end(1006)
  await clock.settle()
  expect(server.last().url).toBe('ws://b')
  await welcome()
  await connecting
  expect(server.last().sent[0]).toMatchObject({ op: 'hello', ref: 1, token: 'access-1' })
  expect(states).toEqual(['connecting', 'connected'])
})

test('shows an own message at once, and once: at its place when its event or its ok comes', async () => {
  const { client, clock, server, connect } = setUpClient()
  await connect()
  const chat = client.direct(7)
  const { clientMsgId, accepted } = chat.send('hi')
  expect(chat.messages).toMatchObject([{ clientMsgId, state: 'sending', actor: 3 }])
  expect(server.last().sent.at(-1)).toMatchObject({ op: 'send', to: { user: 7 }, clientMsgId })
  server.last().push(posted(1, clientMsgId, 3))
  expect(chat.messages).toMatchObject([{ clientMsgId, state: 'logged', seq: 1 }])
  server.last().answer('send', { conversation: 'd3.7', seq: 1, at: '', position: 'p' })
  expect(await accepted).toEqual({ conversation: 'd3.7', seq: 1 })
  const second = chat.send('again')
  server.last().answer('send', { conversation: 'd3.7', seq: 2, at: '2026', position: 'p' })
  await second.accepted
  await clock.settle()
  expect(chat.messages.map(({ state }) => state)).toEqual(['logged', 'logged'])
})

test('keeps what was not sent over a restart, and sends it with the same ids in order', async () => {
  const before = setUpClient()
  await before.connect()
  const chat = before.client.direct(7)
  const sent = [chat.send('one'), chat.send('two')]
  before.server.last().end(1006)
  sent.push(chat.send('three'))
  const closed = Promise.allSettled(sent.map(({ accepted }) => accepted))
  await before.client.close()
  expect((await closed).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])

  const { client, server, welcome } = setUpClient(before.storage)
  expect(await client.resume()).toEqual(user)
  expect(client.direct(7).messages.map(({ state }) => state)).toEqual(['sending', 'sending', 'sending'])
  const connecting = client.connect()
  await welcome()
  await connecting
  const ids = sent.map(({ clientMsgId }) => clientMsgId)
  expect(sends(server)).toEqual(ids)
  expect(
    server
      .last()
      .sent.filter(({ op }) => op === 'send')
      .map(({ after }) => after),
  ).toEqual([undefined, ids[0], ids[1]])
})

test('a refused message is shown as failed with its code until it is discarded', async () => {
  const { client, server, connect } = setUpClient()
  await connect()
  const chat = client.conversation('g9')
  const failed: object[] = []
  client.on('failed', (one) => failed.push(one))
  const { clientMsgId, accepted } = chat.send('hi')
  server.last().refuse('send', { code: 'not_member', message: 'not member', retry: 'never' })
  await expect(accepted).rejects.toMatchObject({ code: 'not_member' })
  expect(failed).toEqual([{ conversation: 'g9', clientMsgId, code: 'not_member', message: 'not member' }])
  expect(chat.messages).toMatchObject([{ clientMsgId, state: 'failed', code: 'not_member' }])
  chat.discard(clientMsgId)
  expect(chat.messages).toEqual([])
})

test('a gap is read by history after 200 ms, and events come to the reader in order, each once', async () => {
  const { client, clock, server, connect } = setUpClient()
  await connect()
  const seen: number[] = []
  const reading = (async () => {
    for await (const event of client) {
      seen.push(event.seq)
      if (event.seq === 4) return
    }
  })()
  server.last().push(posted(1, 'a'))
  server.last().push(posted(3, 'c'))
  await clock.advance(199)
  expect([seen, client.direct(7).events.length]).toEqual([[1], 1])
  await clock.advance(1)
  expect(server.last().sent.at(-1)).toMatchObject({ op: 'history', conversation: 'd3.7', after: 1 })
  const events: readonly object[] = [posted(2, 'b'), posted(3, 'c')]
  server.last().answer('history', { from: 2, to: 3, events, hasMore: false })
  server.last().push(posted(3, 'c'))
  server.last().push(posted(4, 'd'))
  await reading
  expect(seen).toEqual([1, 2, 3, 4])
})

test('reads of a lost connection are refused, and a write to a group goes on with its id', async () => {
  const { client, clock, server, connect, welcome } = setUpClient()
  await connect()
  const reading = client.findUser({ name: 'bob' })
  const creating = client.createGroup({ title: 'Lunch', visibility: 'private' })
  await clock.settle()
  const first = server.last().sent.findLast(({ op }) => op === 'group.create')
  const lost = expect(reading).rejects.toMatchObject({ code: 'disconnected' })
  server.last().end(1006)
  await lost
  await clock.advance(500)
  await welcome()
  expect(server.last().sent.findLast(({ op }) => op === 'group.create')).toMatchObject({
    clientMsgId: first?.clientMsgId,
  })
  server.last().answer('group.create', { conversation: 'g21', groupId: 21, position: 'p' })
  expect((await creating).id).toBe('g21')
})

test('asks for a sign of life after a silence, and makes a new connection without one', async () => {
  const { clock, server, connect, states } = setUpClient()
  await connect()
  await clock.advance(25_000)
  expect(server.last().sent.at(-1)).toMatchObject({ op: 'ping' })
  server.last().answer('ping')
  await clock.advance(25_000)
  await clock.advance(10_000)
  expect(server.sockets[0]?.isClosed()).toBe(true)
  expect(states.slice(0, 3)).toEqual(['connecting', 'connected', 'offline lost'])
})

test('a token that ends soon is renewed before it is used, once for all who ask', async () => {
  const { client, clock, server, logIn, welcome } = setUpClient()
  await logIn()
  await clock.advance(14 * 60_000 + 1)
  server.answer('/v1/sessions/refresh', 200, session({ accessToken: 'access-2', refreshToken: 'refresh-2' }))
  const connecting = client.connect()
  await welcome()
  await connecting
  expect(server.asked.filter(({ path }) => path === '/v1/sessions/refresh')).toMatchObject([
    { body: { refreshToken: 'refresh-1' } },
  ])
  expect(server.last().sent[0]).toMatchObject({ token: 'access-2' })
})

test('a session that ended on the server closes the client with the reason', async () => {
  const { client, clock, server, connect } = setUpClient()
  await connect()
  server.answer('/v1/sessions/refresh', 401, { code: 'unauthorized', detail: 'over' })
  server.last().end(4401)
  await clock.advance(500)
  expect(client.state).toEqual({ status: 'closed', reason: 'sessionEnded' })
})

test('syncs every two minutes with a jitter of a quarter, and at once when pushes were dropped', async () => {
  const { clock, server, connect } = setUpClient()
  await connect()
  const syncs = () => server.last().sent.filter(({ op }) => op === 'sync')
  server.last().push({ op: 'resync' })
  expect(syncs()).toHaveLength(2)
  expect(syncs()[1]).toMatchObject({ token: 't0', known: {} })
  server.last().answer('sync', emptySync)
  for (let silentMs = 0; silentMs < 90_000; silentMs += 15_000) {
    await clock.advance(15_000)
    server.last().push({ op: 'unknown' })
  }
  expect(syncs()).toHaveLength(2)
  for (let silentMs = 0; silentMs < 75_000; silentMs += 15_000) {
    await clock.advance(15_000)
    server.last().push({ op: 'unknown' })
  }
  expect(syncs()).toHaveLength(3)
})

test('a listener that throws is a fault of its own; the others hear the event', async () => {
  const { client, server, connect, faults } = setUpClient()
  await connect()
  const heard: ChatEvent[] = []
  client.on('event', () => {
    throw new Error('mine')
  })
  client.on('event', (event) => heard.push(event))
  server.last().push(posted(1, 'a'))
  expect([heard.length, faults]).toEqual([1, [new Error('mine')]])
})

test('logging out ends the session and leaves nothing behind', async () => {
  const { client, server, connect, storage } = setUpClient()
  await connect()
  client.direct(7).send('unsent')
  server.answer('/v1/sessions/current', 204, undefined)
  await client.logOut()
  expect(server.asked.at(-1)).toMatchObject({ path: '/v1/sessions/current', token: 'access-1' })
  expect([await storage.load('session'), await storage.load('outbox')]).toEqual([undefined, undefined])
  expect([client.user, client.state]).toEqual([undefined, { status: 'closed', reason: 'stopped' }])
})

test('connect resolves once what was there is in the view; that is not told as new, what comes later is', async () => {
  const { client, clock, server, logIn } = setUpClient()
  await logIn()
  const told: number[] = []
  client.on('message', ({ seq }) => told.push(seq))
  let isConnected = false
  const connecting = client.connect().then(() => {
    isConnected = true
  })
  await clock.settle()
  server.last().open()
  server.last().answer('hello', { heartbeatMs: 25_000 })
  await clock.settle()
  const range = { from: 1, to: 2, lastSeq: 2, events: [posted(1, 'a'), posted(2, 'b')] }
  const conversation = { id: 'd3.7', title: 'Bob', with: 7, unread: 2, readSeq: 0, ...range }
  server.last().answer('sync', { token: 't1', conversations: [conversation], hasMore: true })
  await clock.settle()
  expect([isConnected, server.last().sent.at(-1)]).toMatchObject([
    false,
    { op: 'sync', token: 't1', known: { 'd3.7': 2 } },
  ])
  server.last().answer('sync', { token: 't2', conversations: [], hasMore: false })
  await connecting
  server.last().push(posted(3, 'c'))
  const chat = client.direct(7)
  expect(client.conversations()).toEqual([chat])
  expect(chat.messages.map(({ clientMsgId }) => clientMsgId)).toEqual(['a', 'b', 'c'])
  expect([told, chat.title, chat.with, chat.unread]).toEqual([[3], 'Bob', 7, 3])
})

test('connect rejects when it will not be, with the reason in the state', async () => {
  const { client, clock, server, logIn } = setUpClient()
  await logIn()
  const rejected = expect(client.connect()).rejects.toMatchObject({ code: 'closed' })
  await clock.settle()
  server.last().open()
  server.last().refuse('hello', { code: 'suspended', message: 'suspended', retry: 'never' })
  await clock.settle()
  server.last().end(4403)
  await rejected
  expect(client.state).toEqual({ status: 'closed', reason: 'suspended', code: 4403 })
})

test('a server that restarts names the time within which to come back', async () => {
  const { client, clock, server, connect } = setUpClient()
  await connect()
  const notices: object[] = []
  client.on('notice', (notice) => notices.push(notice))
  server.last().push({ op: 'notice', code: 'restarting', message: 'soon', reconnectWithinMs: 8_000 })
  server.last().end(1012)
  expect([notices, client.state]).toEqual([
    [{ code: 'restarting', message: 'soon' }],
    { status: 'offline', reason: 'restarting' },
  ])
  await clock.advance(8_000)
  expect(server.sockets).toHaveLength(2)
})

test('one who changes his mind while it is still preparing dials once', async () => {
  const { client, clock, server, logIn, welcome } = setUpClient()
  await logIn()
  const given = expect(client.connect()).rejects.toMatchObject({ code: 'closed' })
  const closing = client.close()
  const connecting = client.connect()
  await Promise.all([given, closing])
  await clock.settle()
  expect(server.sockets).toHaveLength(1)
  await welcome()
  await connecting
})

test('tells who is online, who writes and who has read, as the server says it', async () => {
  const { client, server, connect } = setUpClient()
  const heard: unknown[] = []
  client.on('presence', ({ user, online }) => heard.push([user, online]))
  client.on('typing', ({ user, isTyping }) => heard.push([user, isTyping]))
  client.on('receipt', ({ user, deliveredSeq, readSeq }) => heard.push([user, deliveredSeq, readSeq]))
  await connect()
  const watching = client.request('presence.watch', { users: [7] })
  server.last().answer('presence.watch', { users: [{ id: 7, online: false }] })
  expect((await watching).users).toEqual([{ id: 7, online: false }])
  server.last().push({ op: 'presence', user: 7, online: true })
  server.last().push({ op: 'typing', conversation: 'd3.7', user: 7, isTyping: true })
  server.last().push({ op: 'receipt', conversation: 'd3.7', user: 7, deliveredSeq: 2, readSeq: 1 })
  expect(heard).toEqual([
    [7, true],
    [7, true],
    [7, 2, 1],
  ])
})

test('in an online room no cursors are sent', async () => {
  const { client, clock, server, welcome, logIn } = setUpClient()
  await logIn()
  const connecting = client.connect()
  await clock.settle()
  const room = { id: 'g1', kind: 'group', title: 'Hall', membership: 'online', from: 1, to: 1, lastSeq: 1 }
  const events = [posted(1, 'a', 7, 'g1'), posted(1, 'b', 7, 'g2')].map(({ op: _op, ...event }) => event)
  await welcome({
    ...emptySync,
    conversations: [
      { ...room, unread: 0, readSeq: 0, events: events.slice(0, 1) },
      { ...room, id: 'g2', membership: undefined, unread: 1, readSeq: 0, events: events.slice(1) },
    ],
  })
  await connecting
  const [hall, group] = [client.conversation('g1'), client.conversation('g2')]
  expect([hall.membership, group.membership]).toEqual(['online', 'stored'])
  await hall.read()
  await hall.delivered()
  void group.delivered()
  await clock.settle()
  const cursors = server.last().sent.filter(({ op }) => op === 'read' || op === 'delivered')
  expect(cursors).toMatchObject([{ op: 'delivered', conversation: 'g2' }])
})
