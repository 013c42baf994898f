import { describe, expect, test } from 'vitest'
import type { ReadModelsScene } from './read-models-story.ts'

/** An online room as everybody sees it: nobody is stored as its member, and nothing in it is unread. */
export const roomTests = (scene: () => ReadModelsScene): void => {
  describe('an online room', () => {
    const open = () => {
      const { story } = scene()
      for (const id of [1, 2, 3]) story.register(id)
      return story.group(9, 1, { name: 'Hall', title: 'The hall', membership: 'online' })
    }

    readingTests(scene, open)
    memberTests(scene, open)
    syncTests(scene, open)
  })
}

const readingTests = (scene: () => ReadModelsScene, open: () => string): void => {
  test('is listed and shown to everybody, its operator and whoever comes later alike, without a role', async () => {
    const { readModels, story, project } = scene()
    const room = open()
    story.post(room, 2)
    story.register(17)
    await project()
    for (const user of [1, 2, 17]) {
      const view = await readModels.conversation(user, room)
      expect(view).toMatchObject({
        ...{ id: room, kind: 'group', title: 'The hall', name: 'Hall', visibility: 'public', membership: 'online' },
        ...{ lastSeq: 2, unread: 0, readSeq: 0, deliveredSeq: 0 },
      })
      expect(view).not.toHaveProperty('role')
      expect((await readModels.conversations(user, undefined, 9)).items).toEqual([view])
    }
    expect(await readModels.groupByName('hall')).toBe(room)
  })

  test('stands among the conversations of a user by its last event, page by page', async () => {
    const { readModels, story, project } = scene()
    const room = open()
    const [first, second] = [story.group(13, 1), story.group(17, 1)]
    story.post(room, 3)
    story.post(second, 1)
    await project()
    const page = await readModels.conversations(1, undefined, 2)
    expect(page.items.map(({ id }) => id)).toEqual([second, room])
    expect((await readModels.conversations(1, page.next, 2)).items.map(({ id }) => id)).toEqual([first])
  })

  test('is read from its beginning, messages in their present state, their versions and what is found', async () => {
    const { readModels, story, project } = scene()
    const room = open()
    const message = story.post(room, 2, 'green tea')
    story.edit(room, 2, message, 'black tea')
    story.react(room, 3, message, '👍')
    await project()
    const page = await readModels.history({ user: 3, conversation: room, limit: 9 })
    expect(page).toMatchObject({ from: 1, to: 4, hasMore: false })
    expect(page?.events[0]).toMatchObject({
      type: 'groupCreated',
      actor: 1,
      data: { membership: 'online', members: [] },
    })
    expect(page?.events[1]).toMatchObject({
      seq: 2,
      data: { body: { text: 'black tea' }, reactions: [{ users: [3] }] },
    })
    expect(await readModels.edits({ user: 3, conversation: room, seq: message, limit: 9 })).toMatchObject({
      items: [{ body: { text: 'green tea' } }, { body: { text: 'black tea' } }],
    })
    expect(await readModels.message(3, room, message)).toMatchObject({ author: 2 })
    for (const asked of [{}, { conversation: room }])
      expect(await readModels.search({ user: 3, query: 'black', limit: 9, ...asked })).toMatchObject({
        items: [{ conversation: room, seq: message }],
      })
  })

  test('is among what somebody takes with him, with what he wrote there', async () => {
    const { readModels, story, project } = scene()
    const room = open()
    story.post(room, 2, 'mine')
    story.post(room, 3, 'not mine')
    await project()
    expect(await readModels.everConversations(2, '', 9)).toEqual([
      { id: room, kind: 'group', title: 'The hall', isMember: true },
    ])
    expect(await readModels.ownMessages(2, room, 0, 9)).toMatchObject([{ data: { body: { text: 'mine' } } }])
  })
}

const memberTests = (scene: () => ReadModelsScene, open: () => string): void => {
  test('has everybody in it, and no list of them, nor cursors, though somebody sent some', async () => {
    const { readModels, story, project } = scene()
    const room = open()
    const seq = story.post(room, 2)
    story.receipt(room, 3, { delivered: seq, read: seq })
    await project()
    const nothing = { isClosed: false, isBanned: false, isBlocked: false }
    expect(await readModels.seat(3, room)).toEqual({ ...nothing, role: 'member' })
    expect(await readModels.members(3, room, undefined, 9)).toBe('not_kept')
    expect(await readModels.visibleSeq(3, room)).toBe(seq)
    expect(await readModels.cursor(3, 'device-3', room)).toBe('not_kept')
    expect(await readModels.cursors(3, room, 64)).toBeUndefined()
    expect(await readModels.cursorCounts(3, room, 1)).toBeUndefined()
    expect(await readModels.conversation(3, room)).toMatchObject({ unread: 0, readSeq: 0, deliveredSeq: 0 })
  })

  test('counts among the popular words, and is closed like a group', async () => {
    const { readModels, story, project } = scene()
    const room = open()
    story.post(room, 2, 'samovar')
    const last = story.act(room, 1, { type: 'GroupClosed' })
    await project()
    const words = { from: 0, to: Date.UTC(2040, 0, 1), n: 1, isHidden: () => false }
    expect(await readModels.popularWords(words)).toEqual([{ word: 'samovar', count: 1 }])
    expect(await readModels.conversation(3, room)).toMatchObject({ closed: true, lastSeq: last })
  })
}

const syncTests = (scene: () => ReadModelsScene, open: () => string): void => {
  test('comes with a sync: whole to whoever knows nothing, and then what is new, never as unread or left', async () => {
    const { readModels, story, project } = scene()
    const room = open()
    story.post(room, 2)
    await project()
    const first = await readModels.sync({ user: 3 })
    expect(first.conversations).toMatchObject([
      { id: room, membership: 'online', from: 1, to: 2, lastSeq: 2, unread: 0, readSeq: 0, events: [{}, {}] },
    ])
    expect(first.conversations[0]).not.toHaveProperty('left')
    expect((await readModels.sync({ user: 3, token: first.token })).conversations).toEqual([])
    const seq = story.post(room, 2)
    await project()
    const next = await readModels.sync({ user: 3, token: first.token })
    expect(next.conversations).toMatchObject([{ id: room, unread: 0, from: seq, to: seq, events: [{ seq }] }])
  })

  test('that was made since comes with the next sync, and cursors in it bring nothing', async () => {
    const { readModels, story, project } = scene()
    story.register(3)
    await project()
    const { token } = await readModels.sync({ user: 3 })
    const room = open()
    await project()
    const next = await readModels.sync({ user: 3, token })
    expect(next.conversations).toMatchObject([{ id: room, events: [{ type: 'groupCreated' }] }])
    story.receipt(room, 3, { read: 1 })
    await project()
    expect((await readModels.sync({ user: 3, token: next.token })).conversations).toEqual([])
  })
}
