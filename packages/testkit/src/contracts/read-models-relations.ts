import { expect, test } from 'vitest'
import { type ReadModelsScene, startMs } from './read-models-story.ts'

/** Friendship and blocks. */
export const relationTests = (scene: () => ReadModelsScene): void => {
  const everybody = () => {
    const { story } = scene()
    for (const id of [1, 2, 3, 4, 5]) story.register(id)
  }

  test('lists friends by id, page by page, whoever of the two has the lower id', async () => {
    const { readModels, story, project } = scene()
    everybody()
    for (const other of [5, 1, 4, 2]) {
      story.befriend('FriendRequested', 3, other)
      story.befriend('FriendAccepted', other, 3)
    }
    await project()
    const first = await readModels.friends(3, undefined, 3)
    expect(first.items).toMatchObject([
      { user: { id: 1, name: 'user1' }, since: startMs + 9 * 1000, isHidden: false },
      { user: { id: 2 } },
      { user: { id: 4 } },
    ])
    expect(first).toMatchObject({ requests: [], blocked: [] })
    const second = await readModels.friends(3, first.next, 3)
    expect(second.items.map(({ user }) => user.id)).toEqual([5])
    expect(Object.keys(second)).toEqual(['items'])
    expect((await readModels.friends(1, 'garbage', 9)).items).toMatchObject([{ user: { id: 3 } }])
    story.befriend('FriendRemoved', 4, 3)
    await project()
    expect((await readModels.friends(3, undefined, 9)).items.map(({ user }) => user.id)).toEqual([1, 2, 5])
    expect((await readModels.friends(4, undefined, 9)).items).toEqual([])
  })

  test('says who asked whom, newest first, until it is answered or taken back', async () => {
    const { readModels, story, project } = scene()
    everybody()
    story.befriend('FriendRequested', 1, 2, 'it is\0me')
    story.befriend('FriendRequested', 3, 1)
    story.befriend('FriendRequested', 4, 1)
    story.befriend('FriendDeclined', 1, 4)
    story.befriend('FriendRequested', 1, 5)
    story.befriend('FriendWithdrawn', 1, 5)
    await project()
    const { requests } = await readModels.friends(1, undefined, 9)
    expect(requests).toMatchObject([
      { user: { id: 3 }, direction: 'incoming' },
      { user: { id: 2 }, direction: 'outgoing', note: 'it is\ufffdme' },
    ])
    expect(requests?.[0]).not.toHaveProperty('note')
    expect((await readModels.friends(2, undefined, 9)).requests).toMatchObject([
      { user: { id: 1 }, direction: 'incoming', note: 'it is\ufffdme' },
    ])
    story.befriend('FriendAccepted', 2, 1)
    await project()
    expect((await readModels.friends(2, undefined, 9)).requests).toEqual([])
  })

  test('what is asked has its place in the conversation, which begins with it, and is no message', async () => {
    const { readModels, story, project } = scene()
    everybody()
    const seq = story.befriend('FriendRequested', 1, 2, 'hi')
    story.block('UserBlocked', 2, 1)
    await project()
    expect(await readModels.history({ user: 2, conversation: 'd1.2', limit: 9 })).toMatchObject({
      events: [{ seq, type: 'friendRequested', actor: 1, data: { user: 2, note: 'hi' } }],
      to: 1,
    })
    expect((await readModels.conversations(2, undefined, 9)).items).toMatchObject([
      { id: 'd1.2', with: 1, lastSeq: 1, unread: 0 },
    ])
    expect(await readModels.conversation(3, 'd1.2')).toBeUndefined()
  })

  test('lists whom he blocks to him alone, and hides him from those', async () => {
    const { readModels, story, project } = scene()
    everybody()
    story.befriend('FriendRequested', 1, 2)
    story.befriend('FriendAccepted', 2, 1)
    story.block('UserBlocked', 2, 3)
    story.block('UserBlocked', 2, 1)
    await project()
    const two = await readModels.friends(2, undefined, 9)
    expect(two.blocked?.map(({ user }) => user.id)).toEqual([1, 3])
    expect(two.items).toMatchObject([{ user: { id: 1 }, isHidden: false }])
    const one = await readModels.friends(1, undefined, 9)
    expect(one).toMatchObject({ items: [{ user: { id: 2 }, isHidden: true }], blocked: [] })
    const between = async (by: readonly number[], whom: readonly number[]) =>
      (await readModels.blocksBetween(by, whom)).toSorted((a, b) => a.whom - b.whom)
    expect(await between([1, 2, 3, -1, 2 ** 40], [1, 2, 4])).toEqual([{ by: 2, whom: 1 }])
    expect(await between([2], [1, 3, 1])).toEqual([
      { by: 2, whom: 1 },
      { by: 2, whom: 3 },
    ])
    expect(await between([1, 3], [1, 2, 3])).toEqual([])
    expect(await between([], [1])).toEqual([])
    story.block('UserUnblocked', 2, 1)
    await project()
    expect((await readModels.friends(2, undefined, 9)).blocked?.map(({ user }) => user.id)).toEqual([3])
    expect(await between([2], [1])).toEqual([])
  })

  test('a block of two who never wrote makes no conversation, and moves none', async () => {
    const { readModels, story, project } = scene()
    everybody()
    story.block('UserBlocked', 4, 5)
    story.direct(1, 2)
    await project()
    const { token } = await readModels.sync({ user: 1 })
    story.block('UserBlocked', 1, 2)
    await project()
    expect(await readModels.conversation(4, 'd4.5')).toBeUndefined()
    expect(await readModels.sync({ user: 1, token })).toMatchObject({ conversations: [], hasMore: false })
  })
}
