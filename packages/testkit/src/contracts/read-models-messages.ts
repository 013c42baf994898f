import { expect, test } from 'vitest'
import type { ReadModelsScene } from './read-models-story.ts'

/** What became of messages: edits, deletions, reactions, pins. */
export const messageTests = (scene: () => ReadModelsScene): void => {
  const dataOf = async (user: number, conversation: string) => {
    const page = await scene().readModels.history({ user, conversation, limit: 200 })
    return new Map(page?.events.map(({ seq, type, data }) => [seq, { type, ...data }]))
  }
  const versionsOf = async (user: number, conversation: string, seq: number, limit = 50, after?: number) => {
    const query = { user, conversation, seq, limit, ...(after === undefined ? {} : { after }) }
    const page = await scene().readModels.edits(query)
    if (page === undefined || page === 'no_such_message') return page
    return { ...page, items: page.items.map(({ seq: place, body }) => [place, (body as { text: string }).text]) }
  }
  const unreadOf = async (user: number, conversation: string) =>
    (await scene().readModels.conversation(user, conversation))?.unread

  test('a message is given as it is now, and each edit at its own place', async () => {
    const { story, project } = scene()
    const group = story.group(1, 1, { members: [2] })
    story.post(group, 1, 'one')
    story.edit(group, 1, 2, 'two')
    await project()
    story.edit(group, 1, 2, 'three')
    await project()
    const seen = await dataOf(2, group)
    expect(seen.get(2)).toMatchObject({ type: 'messagePosted', body: { text: 'three' }, editedSeq: 4 })
    expect(seen.get(3)).toEqual({ type: 'messageEdited', seq: 2, body: { kind: 'text', text: 'two' } })
    expect(await versionsOf(2, group, 2)).toEqual({ items: [[2, 'one'], [3, 'two'], [4, 'three']] }) // biome-ignore format: a table
    const first = await versionsOf(2, group, 2, 2)
    expect(first).toEqual({ items: [[2, 'one'], [3, 'two']], next: '3' }) // biome-ignore format: a table
    expect(await versionsOf(2, group, 2, 2, 3)).toEqual({ items: [[4, 'three']] })
  })

  test('of a deleted message neither its body nor that of an edit is given, nor reactions', async () => {
    const { story, project, readModels } = scene()
    const group = story.group(1, 1, { members: [2] })
    story.post(group, 2, 'secret')
    story.edit(group, 2, 2, 'more secret')
    story.react(group, 1, 2, '👍')
    story.remove(group, 1, 2, 2)
    await project()
    const page = await readModels.history({ user: 1, conversation: group, limit: 50 })
    const { conversations } = await readModels.sync({ user: 1 })
    for (const events of [page?.events, conversations[0]?.events]) {
      expect(JSON.stringify(events)).not.toContain('secret')
      expect(events?.[1]).toMatchObject({ type: 'messagePosted', data: { deleted: true } })
      expect(events?.[1]?.data).not.toHaveProperty('reactions')
      expect(events?.[2]).toMatchObject({ type: 'messageEdited', data: { seq: 2, deleted: true } })
    }
    expect(await versionsOf(1, group, 2)).toBe('no_such_message')
    expect(await readModels.message(1, group, 2)).toMatchObject({ author: null })
  })

  test('whoever left sees what was said until then, and what is gone is gone for him too', async () => {
    const { story, project } = scene()
    const group = story.group(1, 1, { members: [2] })
    story.post(group, 1, 'one')
    story.post(group, 1, 'other')
    story.post(group, 1, 'third')
    story.edit(group, 1, 2, 'two')
    story.post(group, 1, 'fourth')
    for (const text of ['fourth, once', 'fourth, twice']) story.edit(group, 1, 6, text)
    story.leave(group, 2)
    story.edit(group, 1, 6, 'fourth, behind his back')
    story.edit(group, 1, 2, 'behind his back')
    story.edit(group, 1, 4, 'that too')
    story.react(group, 1, 2, '👍')
    story.remove(group, 1, 3)
    await project()
    const seen = await dataOf(2, group)
    expect(seen.get(2)).toMatchObject({ body: { text: 'two' }, editedSeq: 5 })
    expect(seen.get(2)).not.toHaveProperty('reactions')
    expect(seen.get(3)).toMatchObject({ deleted: true })
    expect(seen.get(4)).toMatchObject({ body: { text: 'third' } })
    expect(seen.get(4)).not.toHaveProperty('editedSeq')
    expect(seen.get(6)).toMatchObject({ body: { text: 'fourth, twice' }, editedSeq: 8 })
    expect(await versionsOf(2, group, 2)).toMatchObject({ items: [[2, 'one'], [5, 'two']] }) // biome-ignore format: a table
    expect((await dataOf(1, group)).get(2)).toMatchObject({ body: { text: 'behind his back' } })
  })

  test('reactions are counted by emoji, and some of the users named, whoever asks first', async () => {
    const { story, project } = scene()
    const users = Array.from({ length: 14 }, (_, index) => index + 2)
    const group = story.group(1, 1, { members: users })
    story.post(group, 1)
    for (const user of users) story.react(group, user, 2, '👍')
    story.react(group, 3, 2, '🎉')
    story.react(group, 3, 2, '🎉')
    story.react(group, 4, 2, '👀')
    story.react(group, 4, 2, '👀', false)
    story.react(group, 4, 2, '❤️', false)
    await project()
    story.react(group, 2, 2, '👍', false)
    await project()
    const shown = [3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    expect((await dataOf(1, group)).get(2)).toMatchObject({
      reactions: [
        { emoji: '👍', count: 13, users: shown },
        { emoji: '🎉', count: 1, users: [3] },
      ],
    })
    expect((await dataOf(15, group)).get(2)).toMatchObject({
      reactions: [{ emoji: '👍', count: 13, users: [15, 3, 4, 5, 6, 7, 8, 9, 10, 11] }, { emoji: '🎉' }],
    })
  })

  test('only so many emojis are shown, those first that were there first', async () => {
    const { story, project } = scene()
    const chat = story.direct(1, 2)
    const emojis = Array.from({ length: 25 }, (_, index) => String.fromCodePoint(0x1f600 + index))
    for (const emoji of emojis) story.react(chat, 2, 1, emoji)
    await project()
    const { reactions } = (await dataOf(1, chat)).get(1) as unknown as { reactions: { emoji: string }[] }
    expect(reactions.map(({ emoji }) => emoji)).toEqual(emojis.slice(0, 20))
  })

  test('what was deleted is not unread any more, and what is edited or reacted to is no new message', async () => {
    const { story, project } = scene()
    const group = story.group(1, 1, { members: [2] })
    for (let count = 0; count < 5; count++) story.post(group, 1)
    story.post(group, 2)
    story.receipt(group, 2, { read: 3 })
    await project()
    expect(await unreadOf(2, group)).toBe(3)
    story.edit(group, 1, 4, 'new')
    story.react(group, 1, 4, '👍')
    story.pin(group, 1, 4)
    await project()
    expect(await unreadOf(2, group)).toBe(3)
    story.remove(group, 1, 3)
    story.remove(group, 1, 5)
    story.remove(group, 2, 7)
    await project()
    expect(await unreadOf(2, group)).toBe(2)
    const { conversations } = await scene().readModels.sync({ user: 2 })
    expect(conversations[0]?.unread).toBe(2)
  })

  test('a conversation names its pinned messages in the order they were pinned', async () => {
    const { story, project, readModels } = scene()
    const group = story.group(1, 1, { members: [2] })
    for (let count = 0; count < 4; count++) story.post(group, 1)
    for (const message of [4, 2, 5, 4]) story.pin(group, 1, message)
    story.pin(group, 1, 5, false)
    story.remove(group, 1, 2)
    story.pin(group, 1, 3)
    await project()
    expect((await readModels.conversation(2, group))?.pins).toEqual([4, 3])
    expect((await readModels.conversations(2, undefined, 10)).items[0]?.pins).toEqual([4, 3])
    story.join(group, 3)
    await project()
    expect(await readModels.conversation(3, group)).not.toHaveProperty('pins')
    story.leave(group, 2)
    await project()
    expect(await readModels.conversation(2, group)).not.toHaveProperty('pins')
  })

  test('says of a message whose it is, since when and as of which place, to those who may see it', async () => {
    const { story, project, readModels } = scene()
    const group = story.group(1, 1, { members: [2] })
    story.post(group, 2)
    story.join(group, 3)
    await project()
    const asOf = story.position(group).pos + 1
    const [posted] =
      (await readModels.history({ user: 1, conversation: group, after: 1, before: 3, limit: 1 }))?.events ?? []
    expect(await readModels.message(1, group, 2)).toEqual({ author: 2, postedAt: Date.parse(posted?.at ?? ''), asOf })
    for (const [user, seq] of [[1, 1], [1, 3], [1, 9], [3, 2], [4, 2]] as const) // biome-ignore format: a table
      expect(await readModels.message(user, group, seq)).toMatchObject({ author: null, postedAt: 0 })
    expect(await versionsOf(4, group, 2)).toBeUndefined()
    expect(await versionsOf(3, group, 2)).toBe('no_such_message')
    expect(await versionsOf(1, group, 1)).toBe('no_such_message')
  })

  test('knows the ids of names', async () => {
    const { story, project, readModels } = scene()
    story.register(1, 'Ann Lee')
    story.register(2, 'Bob')
    await project()
    expect(await readModels.usersByNames(['ann lee', 'bob', 'eve'])).toEqual(new Map([['ann lee', 1], ['bob', 2]])) // biome-ignore format: a table
    expect(await readModels.usersByNames([])).toEqual(new Map())
  })

  test('a conversation with oneself has no unread messages, and everything may become of its own', async () => {
    const { story, project, readModels } = scene()
    story.register(1)
    const notes = story.direct(1, 1, 'note')
    story.edit(notes, 1, 1, 'better note')
    story.pin(notes, 1, 1)
    await project()
    expect(await readModels.conversation(1, notes)).toMatchObject({ with: 1, unread: 0, pins: [1] })
    expect((await dataOf(1, notes)).get(1)).toMatchObject({ body: { text: 'better note' }, editedSeq: 2 })
  })
}
