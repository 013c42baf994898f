import { partitionOfId } from '@chat/schemas'
import { profileChanged } from '@chat/testkit'
import { expect, test } from 'vitest'
import { ask, connect, createReadyWorld, deviceOf } from '../test-world.ts'
import { createWordFilter } from './word-filter.ts'
import { createWordList } from './word-list.ts'

const wordFilter = createWordFilter('mask', () => createWordList(['badword']))

/** Everybody says it of himself. */
const createRudeWorld = async () => {
  const { world, connector } = await createReadyWorld({ wordFilter })
  const { users, userById, friends } = world.readModels
  const rude = <U extends object>(user: U): U => ({ ...user, displayName: 'Mr. Badword', about: 'I say badword' })
  world.readModels.userById = async (id) => {
    const user = await userById(id)
    return user && rude(user)
  }
  world.readModels.users = async (...query) => {
    const page = await users(...query)
    return { ...page, items: page.items.map(rude) }
  }
  world.readModels.friends = async (...query) => {
    const user = await world.readModels.userById(2)
    if (user === undefined) throw new Error('there is no user 2')
    return {
      ...(await friends(...query)),
      items: [{ user, since: 0, isHidden: false }],
      requests: [
        { user, direction: 'incoming', note: 'badword!', at: 0 },
        { user, direction: 'outgoing', note: 'my own badword', at: 0 },
      ],
      blocked: [{ user, since: 0 }],
    }
  }
  return { world, connector, client: await connect(world, connector, 1) }
}

const shown = { displayName: 'Mr. *******', about: 'I say *******' }

test('what people say of themselves is masked wherever they are shown', async () => {
  const { world, client } = await createRudeWorld()
  expect(await ask(world, client, { op: 'user', ref: 1, id: 2 })).toMatchObject({ user: { id: 2, ...shown } })
  const { items } = await ask(world, client, { op: 'users', ref: 2, query: 'user' })
  for (const user of items as readonly object[]) expect(user).toMatchObject(shown)
  expect(await ask(world, client, { op: 'friends', ref: 3 })).toMatchObject({
    items: [{ user: shown }],
    requests: [
      { user: shown, note: '*******!' },
      { user: shown, note: 'my own badword' },
    ],
    blocked: [{ user: shown }],
  })
})

test('a conversation of two has a title that is masked as the display name that it is', async () => {
  const { world, connector } = await createReadyWorld({ wordFilter })
  const partition = partitionOfId(2, world.topics.events.partitions)
  await world.append(partition, profileChanged(2, { displayName: Buffer.from('Mr. Badword') }))
  await world.post(2, 'd1.2', 'hi')
  const client = await connect(world, connector, 1)
  const one = { id: 'd1.2', title: 'Mr. *******' }
  expect(await ask(world, client, { op: 'conversations', ref: 1 })).toMatchObject({ items: [one] })
  expect(await ask(world, client, { op: 'conversation', ref: 2, conversation: 'd1.2' })).toMatchObject({
    conversation: one,
  })
  expect(await ask(world, client, { op: 'sync', ref: 3 })).toMatchObject({ conversations: [one] })
})

test('whoever takes out his own data has what he wrote as he wrote it, and of others what they are shown as', async () => {
  const { world, connector } = await createRudeWorld()
  await world.post(1, 'd1.2', 'my badword')
  const answer = await connector.sockets.api.exportOwn({ userId: 1, sessionId: 's1', device: deviceOf(1) })
  if (!('lines' in answer)) return expect.fail(JSON.stringify(answer))
  const lines: Record<string, unknown>[] = []
  for await (const line of answer.lines) lines.push(JSON.parse(line))
  answer.done()
  const of = (kind: string) => lines.filter((line) => line.kind === kind)
  expect(of('profile')).toMatchObject([{ user: { displayName: 'Mr. Badword', about: 'I say badword' } }])
  expect(of('friend')).toMatchObject([{ user: shown }])
  expect(of('friendRequest')).toMatchObject([{ note: '*******!' }, { note: 'my own badword' }])
  expect(of('message')).toMatchObject([{ message: { data: { body: { text: 'my badword' } } } }])
})
