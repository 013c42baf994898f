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
