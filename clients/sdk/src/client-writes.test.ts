import { expect, test } from 'vitest'
import { outboxEntriesMax } from './domain/outbox.ts'
import { setUpClient } from './test-client.ts'

const busy = { code: 'unavailable', message: 'busy', retry: 'later', retryAfterMs: 400 }
const creations = (sent: readonly Readonly<Record<string, unknown>>[]) => sent.filter(({ op }) => op === 'group.create')

test('a write to a group that is refused for a while is asked again, with its id, after the time named', async () => {
  const { client, clock, server, connect } = setUpClient()
  await connect()
  const creating = client.createGroup({ title: 'Lunch', visibility: 'private' })
  await clock.settle()
  server.last().refuse('group.create', busy)
  await clock.advance(399)
  expect(creations(server.last().sent)).toHaveLength(1)
  await clock.advance(1)
  const [first, second] = creations(server.last().sent)
  expect(second?.clientMsgId).toBe(first?.clientMsgId)
  server.last().answer('group.create', { conversation: 'g21', groupId: 21, position: 'p' })
  expect((await creating).id).toBe('g21')
})

test('one that is refused for good, or too often, is rejected with the code', async () => {
  const { client, clock, server, connect } = setUpClient()
  await connect()
  const taken = client.createGroup({ title: 'Lunch', name: 'lunch', visibility: 'public' })
  await clock.settle()
  server.last().refuse('group.create', { code: 'name_taken', message: 'taken', retry: 'never' })
  await expect(taken).rejects.toMatchObject({ code: 'name_taken' })
  const unlucky = client.createGroup({ title: 'Lunch', visibility: 'private' })
  const rejected = expect(unlucky).rejects.toMatchObject({ code: 'unavailable', retryAfterMs: 400 })
  for (let tries = 0; tries < 8; tries++) {
    await clock.settle()
    server.last().refuse('group.create', busy)
    await clock.advance(400)
  }
  await rejected
})

test('messages are edited, deleted, reacted to and pinned with an id that survives a lost connection', async () => {
  const { client, clock, server, connect, welcome } = setUpClient()
  await connect()
  const chat = client.conversation('g1')
  const done = [
    chat.edit(1, 'new'),
    chat.delete(2),
    chat.react(3, '👍'),
    chat.unreact(3, '🎉'),
    chat.pin(4),
    chat.unpin(5),
  ]
  await clock.settle()
  const about = () => server.last().sent.filter(({ seq }) => seq !== undefined)
  const before = about()
  expect(before.map(({ op, seq, body, emoji }) => [op, seq, body ?? emoji])).toEqual([
    ['edit', 1, { kind: 'text', text: 'new' }],
    ['delete', 2, undefined],
    ['react', 3, '👍'],
    ['unreact', 3, '🎉'],
    ['pin', 4, undefined],
    ['unpin', 5, undefined],
  ])
  server.last().end(1006)
  await clock.advance(1_000)
  await welcome()
  expect(about().map(({ ref: _, ...frame }) => frame)).toEqual(before.map(({ ref: _, ...frame }) => frame))
  for (const { ref } of about()) server.last().push({ op: 'ok', ref, conversation: 'g1', seq: 9, position: 'p' })
  await Promise.all(done)
})

test('whatever else changes something is written once as well', async () => {
  const { client, clock, server, connect } = setUpClient()
  await connect()
  const blocking = client.write('block', { user: 7 })
  await clock.settle()
  expect(server.last().sent.at(-1)).toMatchObject({ op: 'block', user: 7, clientMsgId: expect.any(String) })
  server.last().refuse('block', { code: 'no_such_user', message: 'nobody', retry: 'never' })
  await expect(blocking).rejects.toMatchObject({ code: 'no_such_user' })
})

test('receipts stand at the messages: those that are asked for, then those that are pushed', async () => {
  const { client, clock, server, connect } = setUpClient()
  await connect()
  const chat = client.conversation('d3.7')
  const data = { clientMsgId: 'm', body: { kind: 'text', text: 'hi' } }
  const event = { op: 'event', conversation: 'd3.7', seq: 1, type: 'messagePosted', actor: 3, at: 't', data }
  server.last().push(event)
  const loading = chat.loadReceipts()
  const typing = chat.typing(true)
  await clock.settle()
  server.last().answer('typing')
  const cursors = [{ user: 7, deliveredSeq: 1, readSeq: 0 }]
  server.last().answer('conversation', { conversation: { id: 'd3.7', cursors } })
  await Promise.all([loading, typing])
  expect(chat.messages).toMatchObject([{ seq: 1, deliveredTo: [7] }])
  expect(chat.messages).toBe(chat.messages)
  server.last().push({ op: 'receipt', conversation: 'd3.7', user: 7, deliveredSeq: 1, readSeq: 1 })
  expect(chat.messages).toMatchObject([{ seq: 1, readBy: [7] }])
})

test('closing rejects what waits for its turn', async () => {
  const { client, clock, server, connect } = setUpClient()
  await connect()
  const creating = client.createGroup({ title: 'Lunch', visibility: 'private' })
  await clock.settle()
  server.last().refuse('group.create', busy)
  await clock.settle()
  await client.close()
  await expect(creating).rejects.toMatchObject({ code: 'disconnected' })
  expect(clock.pending()).toBe(0)
})

test('a message that is refused for a while goes again after the time named, and those behind it after it', async () => {
  const { client, clock, server, connect } = setUpClient()
  await connect()
  const chat = client.direct(7)
  const [first, second] = [chat.send('one'), chat.send('two')]
  const sends = () => server.last().sent.filter(({ op }) => op === 'send')
  const answer = (index: number, fields: object) => server.last().push({ ref: sends()[index]?.ref, ...fields })
  answer(0, { op: 'error', ...busy })
  answer(1, { op: 'error', code: 'out_of_order', message: 'early', retry: 'later' })
  await clock.advance(399)
  expect(sends()).toHaveLength(2)
  await clock.advance(1)
  expect(sends().slice(2)).toMatchObject([
    { clientMsgId: first.clientMsgId },
    { clientMsgId: second.clientMsgId, after: first.clientMsgId },
  ])
  expect(chat.messages.map(({ state }) => state)).toEqual(['sending', 'sending'])
})

test('no more than a thousand messages wait', async () => {
  const { client, logIn } = setUpClient()
  await logIn()
  const chat = client.direct(7)
  for (let count = 0; count < outboxEntriesMax; count++) chat.send('hi')
  expect(() => chat.send('hi')).toThrow(expect.objectContaining({ code: 'too_many' }))
  expect(chat.messages).toHaveLength(outboxEntriesMax)
})
