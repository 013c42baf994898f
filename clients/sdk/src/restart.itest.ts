import { getJson, logIn, waitUntil } from '@chat/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ChatEvent, Client, Conversation, Sent, User } from './index.ts'
import { createClient, memoryStorage } from './index.ts'
import { type EmbeddedServer, startEmbeddedServer } from './test-embedded.ts'

let server: EmbeddedServer
const clients: Client[] = []

beforeAll(async () => {
  server = await startEmbeddedServer()
}, 120_000)

afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()))
  await server?.close()
}, 60_000)

const password = 'correct horse'
const connected = async (name: string, storage = memoryStorage()): Promise<Client> => {
  const client = createClient({ url: server.url, storage })
  clients.push(client)
  await client.logIn({ name, password })
  await client.connect()
  return client
}
const shown = (conversation: Conversation) =>
  conversation.messages.map(({ clientMsgId, state, actor, ...message }) => {
    const seq = 'seq' in message ? message.seq : 0
    return { clientMsgId, state, actor, seq }
  })
const until = (condition: () => boolean, what: string) => waitUntil(condition, { deadlineMs: 60_000, what })
const idsOf = (sent: readonly Sent[]) => sent.map(({ clientMsgId }) => clientMsgId)

const expectBothShow = async (
  { ann, bob }: { readonly ann: Client; readonly bob: Client },
  id: string,
  sentBy: { readonly ann: readonly Sent[]; readonly bob: readonly Sent[] },
  users: { readonly ann: User; readonly bob: User },
) => {
  const count = sentBy.ann.length + sentBy.bob.length
  const views = [ann.conversation(id), bob.conversation(id)] as const
  await until(
    () =>
      views.every((view) => view.messages.length === count && view.messages.every(({ state }) => state === 'logged')),
    `both show the ${count} messages of ${id}`,
  )
  expect(shown(views[0])).toEqual(shown(views[1]))
  for (const name of ['ann', 'bob'] as const) {
    const ofSender = views[0].messages.filter(({ actor }) => actor === users[name].id)
    expect(ofSender.map(({ clientMsgId }) => clientMsgId)).toEqual(idsOf(sentBy[name]))
  }
}

test('two who talk while the server is killed and comes back see the same, every message once and in order', async () => {
  const setUp = createClient({ url: server.url })
  const users = {
    ann: await setUp.register({ name: 'ann', password }),
    bob: await setUp.register({ name: 'bob', password }),
  }
  const [ann, bob] = [await connected('ann'), await connected('bob')]
  const told: ChatEvent[] = []
  bob.on('event', (event) => told.push(event))
  const toldOfGroup = () => told.filter(({ conversation }) => conversation === group.id).map(({ seq }) => seq)
  const group = await ann.createGroup({ title: 'Lunch', visibility: 'private', members: [users.bob.id] })
  const direct = ann.direct(users.bob.id)
  const ids = [group.id, direct.id]
  const sent = new Map(ids.map((id) => [id, { ann: [] as Sent[], bob: [] as Sent[] }]))
  const talk = (text: string, count: number) => {
    for (let i = 0; i < count; i++)
      for (const id of ids) {
        sent.get(id)?.ann.push(ann.conversation(id).send(`${text} ${i} of ann`))
        sent.get(id)?.bob.push(bob.conversation(id).send(`${text} ${i} of bob`))
      }
  }
  const allAccepted = () =>
    Promise.all([...sent.values()].flatMap(({ ann, bob }) => [...ann, ...bob]).map(({ accepted }) => accepted))

  talk('before', 5)
  await allAccepted()
  talk('at the kill', 15)
  await server.kill()
  await until(() => ann.state.status !== 'connected' && bob.state.status !== 'connected', 'both notice')
  talk('while it is away', 5)
  expect(ann.conversation(group.id).messages.at(-1)?.state).toBe('sending')
  await server.start()
  for (const client of [ann, bob]) client.retry()
  await allAccepted()

  for (const id of ids) await expectBothShow({ ann, bob }, id, sent.get(id) ?? { ann: [], bob: [] }, users)
  expect(toldOfGroup()).toEqual(bob.conversation(group.id).events.map(({ seq }) => seq))

  const token = await logIn(server.url, { userId: users.ann.id, name: 'ann', password }, crypto.randomUUID())
  // Asked without a position: the read models may still be on their way.
  const log = await waitUntil(
    async () => {
      const { body } = await getJson(`${server.url}/v1/conversations/${direct.id}/events?limit=200`, token)
      const events = body.events as { readonly seq: number; readonly data: { readonly clientMsgId: string } }[]
      return events.length >= direct.messages.length && events.map(({ seq, data }) => [seq, data.clientMsgId])
    },
    { deadlineMs: 10_000, what: 'the history has all of it' },
  )
  expect(shown(direct).map(({ seq, clientMsgId }) => [seq, clientMsgId])).toEqual(log)
}, 180_000)

test('a client that was closed with unsent messages sends them when the next one goes on with its storage', async () => {
  const storage = memoryStorage()
  const setUp = createClient({ url: server.url })
  const carol = await setUp.register({ name: 'carol', password })
  const first = await connected('carol', storage)
  const notes = await first.createGroup({ title: 'Notes', visibility: 'private' })
  await server.kill()
  await until(() => first.state.status !== 'connected', 'it notices')
  const sent = [notes.send('one'), notes.send('two'), notes.send('three')]
  await first.close()

  await server.start()
  const next = createClient({ url: server.url, storage })
  clients.push(next)
  expect((await next.resume())?.id).toBe(carol.id)
  await next.connect()
  const view = next.conversation(notes.id)
  await until(() => view.messages.length === 3 && view.messages.every(({ state }) => state === 'logged'), 'it has sent')
  expect(view.messages.map(({ clientMsgId }) => clientMsgId)).toEqual(idsOf(sent))
}, 180_000)

test('a second device, cursors, members, leaving and logging out', async () => {
  const setUp = createClient({ url: server.url })
  const [dora, emil] = [
    await setUp.register({ name: 'dora', password }),
    await setUp.register({ name: 'emil', password, displayName: 'Emil' }),
  ]
  const one = await connected('dora')
  const group = await one.createGroup({ title: 'Open', name: 'open-to-all', visibility: 'public' })
  const other = await connected('emil')
  expect((await other.findUser({ name: 'dora' })).id).toBe(dora.id)
  const joined = await other.joinGroup({ name: 'open-to-all' })
  expect(joined.id).toBe(group.id)
  await one.conversation(group.id).send('welcome').accepted
  await until(() => joined.messages.length === 1, 'emil sees it')
  expect((await joined.members()).items.map(({ user }) => user.id).sort()).toEqual([dora.id, emil.id].sort())
  await joined.read()
  expect(joined.unread).toBe(0)

  const second = await connected('emil')
  await until(() => second.conversations().some(({ id }) => id === group.id), 'the second device knows of the group')
  await until(() => second.conversation(group.id).messages.length === 1, 'the second device has its message')

  await other.leaveGroup(group.id)
  await until(() => second.conversation(group.id).isLeft, 'the second device hears of it')
  await expect(joined.send('too late').accepted).rejects.toMatchObject({ code: 'not_member' })
  await other.logOut()
  expect(other.state).toEqual({ status: 'closed', reason: 'stopped' })
}, 120_000)
