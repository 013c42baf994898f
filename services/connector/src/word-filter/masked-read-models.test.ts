import { expect, test } from 'vitest'
import { ask, connect, createReadyWorld } from '../test-world.ts'
import { createWordFilter } from './word-filter.ts'
import { createWordList } from './word-list.ts'

const wordFilter = createWordFilter('mask', () => createWordList(['badword']))

/** Everybody says it of himself. */
const createRudeWorld = async () => {
  const { world, connector } = await createReadyWorld({ wordFilter })
  const { users, userById, friends } = world.readModels
  const rude = <U extends object>(user: U): U => ({ ...user, about: 'I say badword' })
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
      requests: [{ user, direction: 'incoming', note: 'badword!', at: 0 }],
      blocked: [{ user, since: 0 }],
    }
  }
  return { world, client: await connect(world, connector, 1) }
}

test('what people say of themselves is masked wherever they are shown', async () => {
  const { world, client } = await createRudeWorld()
  const about = 'I say *******'
  expect(await ask(world, client, { op: 'user', ref: 1, id: 2 })).toMatchObject({ user: { id: 2, about } })
  const { items } = await ask(world, client, { op: 'users', ref: 2, query: 'user' })
  expect(new Set((items as readonly { readonly about: string }[]).map((user) => user.about))).toEqual(new Set([about]))
  expect(await ask(world, client, { op: 'friends', ref: 3 })).toMatchObject({
    items: [{ user: { about } }],
    requests: [{ user: { about }, note: '*******!' }],
    blocked: [{ user: { about } }],
  })
})
