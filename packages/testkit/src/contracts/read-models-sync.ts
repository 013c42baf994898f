import type { SyncPage, SyncQuery } from '@chat/read-models'
import { expect, test } from 'vitest'
import type { ReadModelsScene } from './read-models-story.ts'

export const syncTests = (scene: () => ReadModelsScene): void => {
  const sync = (user: number, query: Omit<SyncQuery, 'user'> = {}) => scene().readModels.sync({ user, ...query })

  /** All pages of a walk; `between` runs after each that is not the last. */
  const walk = async (user: number, token?: string, between?: (page: SyncPage) => Promise<void>) => {
    const pages: SyncPage[] = []
    for (let next = token; ; ) {
      const page = await sync(user, next === undefined ? {} : { token: next })
      pages.push(page)
      next = page.token
      if (!page.hasMore) break
      await between?.(page)
    }
    return { pages, token: pages.at(-1)?.token ?? '', conversations: pages.flatMap((page) => page.conversations) }
  }
  const seqs = (page: Pick<SyncPage, 'conversations'>) =>
    Object.fromEntries(page.conversations.map(({ id, events }) => [id, events.map(({ seq }) => seq)]))

  test('without a token gives the conversations newest first with their last events', async () => {
    const { story, project } = scene()
    story.register(2)
    const group = story.group(1, 1)
    for (let seq = 2; seq <= 30; seq++) story.post(group, 2)
    const direct = story.direct(2, 1)
    story.leave(story.group(5, 1), 1)
    await project()
    const page = await sync(1)
    expect(page).toMatchObject({
      hasMore: false,
      conversations: [
        { id: direct, kind: 'direct', title: 'User 2', with: 2, from: 1, to: 1, lastSeq: 1, unread: 1, readSeq: 0 },
        { id: group, kind: 'group', title: 'Group 1', from: 11, to: 30, lastSeq: 30, unread: 29, readSeq: 0 },
      ],
    })
    expect(seqs(page)[group]).toEqual(Array.from({ length: 20 }, (_, index) => 11 + index))
    expect(page).not.toHaveProperty('reset')
    expect(await sync(77)).toMatchObject({ conversations: [], hasMore: false })
  })

  test('with the last token gives what happened since, oldest first, and nothing when nothing did', async () => {
    const { story, project } = scene()
    const [a, b, quiet] = [story.group(1, 1), story.group(2, 1), story.group(3, 1)]
    await project()
    const { token } = await sync(1)
    expect(await sync(1, { token })).toMatchObject({ conversations: [], hasMore: false })
    story.post(a, 1)
    story.post(b, 2)
    story.post(a, 2)
    await project()
    const page = await sync(1, { token })
    expect(seqs(page)).toEqual({ [a]: [2, 3], [b]: [2] })
    expect(page.conversations[0]).toMatchObject({ from: 2, to: 3, lastSeq: 3, unread: 1 })
    expect(page.conversations.map(({ id }) => id)).not.toContain(quiet)
    expect((await sync(1, { token: page.token })).conversations).toEqual([])
  })

  test('gives the same again for a token that is used again', async () => {
    const { story, project } = scene()
    const group = story.group(1, 1)
    await project()
    const { token } = await sync(1)
    story.post(group, 1)
    await project()
    expect(seqs(await sync(1, { token }))).toEqual(seqs(await sync(1, { token })))
  })

  test('what the device says it holds decides which events come', async () => {
    const { story, project } = scene()
    const group = story.group(1, 1)
    for (let seq = 2; seq <= 5; seq++) story.post(group, 1)
    await project()
    const { token } = await sync(1)
    for (let seq = 6; seq <= 9; seq++) story.post(group, 1)
    await project()
    expect(await sync(1, { token, known: { [group]: 7, g99: 4 } })).toMatchObject({
      conversations: [{ from: 8, to: 9, events: [{ seq: 8 }, { seq: 9 }] }],
    })
    expect(await sync(1, { token, known: { [group]: 9 } })).toMatchObject({
      conversations: [{ from: 10, to: 9, events: [], unread: 0 }],
    })
    expect(await sync(1, { token, known: { [group]: 2 ** 40 } })).toMatchObject({ conversations: [{ events: [] }] })
    expect(seqs(await sync(1, { token, known: { [group]: 3 } }))).toEqual({ [group]: [4, 5, 6, 7, 8, 9] })
  })

  test('gives at most 200 events of a conversation and says that there are more', async () => {
    const { readModels, story, project } = scene()
    const group = story.group(1, 1)
    await project()
    const { token } = await sync(1)
    for (let seq = 2; seq <= 300; seq++) story.post(group, 1)
    await project()
    const { conversations, hasMore } = await sync(1, { token })
    expect(hasMore).toBe(false)
    expect(conversations).toMatchObject([{ from: 2, to: 201, lastSeq: 300, truncated: true }])
    expect(conversations[0]?.events).toHaveLength(200)
    const rest = await readModels.history({ user: 1, conversation: group, after: 201, limit: 200 })
    expect(rest).toMatchObject({ from: 202, to: 300, hasMore: false })
    expect(await sync(1, { token, known: { [group]: 100 } })).toMatchObject({ conversations: [{ from: 101, to: 300 }] })
  })

  test('a walk over many conversations misses none, repeats none, and ends at its beginning', async () => {
    const { story, project } = scene()
    for (let id = 1; id <= 120; id++) story.group(id, 1)
    await project()
    const first = await walk(1)
    expect(first.pages.map(({ conversations }) => conversations.length)).toEqual([50, 50, 20])
    expect(first.conversations.map(({ id }) => id)).toEqual(
      Array.from({ length: 120 }, (_, index) => `g${120 - index}`),
    )
    for (let id = 1; id <= 110; id++) story.post(`g${id}`, 2)
    await project()
    const second = await walk(1, first.token, async () => {
      story.post('g1', 2)
      await project()
    })
    expect(second.pages.map(({ conversations }) => conversations.length)).toEqual([50, 50, 10])
    expect(new Set(second.conversations.map(({ id }) => id)).size).toBe(110)
    const third = await sync(1, { token: second.token })
    expect(third.conversations.map(({ id }) => id)).toEqual(['g1'])
    expect(third.conversations[0]?.events.at(-1)?.seq).toBe(story.lastSeq('g1'))
  })

  test('a first walk gives also the conversations that became newer while it lasted', async () => {
    const { story, project } = scene()
    for (let id = 1; id <= 60; id++) story.group(id, 1)
    await project()
    const { conversations, pages, token } = await walk(1, undefined, async () => {
      if (story.lastSeq('g3') > 1) return
      story.post('g3', 2)
      story.group(100, 1)
      await project()
    })
    const ids = conversations.map(({ id }) => id)
    expect(new Set(ids)).toEqual(new Set([...Array.from({ length: 60 }, (_, index) => `g${index + 1}`), 'g100']))
    expect(pages.at(-1)?.conversations.find(({ id }) => id === 'g3')).toMatchObject({ from: 1, to: 2 })
    expect((await sync(1, { token })).conversations.map(({ id }) => id)).toEqual(['g100', 'g3'])
  })

  test('a page stays within 512 KiB', async () => {
    const { story, project } = scene()
    for (let id = 1; id <= 3; id++) story.group(id, 1)
    await project()
    const { token } = await sync(1)
    const text = '"'.repeat(4000)
    for (let id = 1; id <= 3; id++) for (let count = 0; count < 30; count++) story.post(`g${id}`, 1, text)
    for (let count = 0; count < 60; count++) story.post('g2', 1, text)
    await project()
    const { pages, conversations } = await walk(1, token)
    expect(pages.length).toBeGreaterThan(1)
    for (const page of pages) expect(Buffer.byteLength(JSON.stringify(page))).toBeLessThanOrEqual(512 * 1024 + 2000)
    expect(conversations.map(({ id }) => id)).toEqual(['g1', 'g2', 'g3'])
    expect(conversations.map(({ events }) => events.length)).toEqual([30, expect.any(Number), 30])
    const cut = conversations[1]
    expect(cut).toMatchObject({ truncated: true, from: 2, to: (cut?.events.length ?? 0) + 1 })
    expect(cut?.events.length).toBeLessThan(90)
  })

  test('whoever left gets the rest up to his leaving, once, marked as left', async () => {
    const { story, project } = scene()
    const group = story.group(1, 1, { members: [2] })
    await project()
    const { token } = await sync(2)
    story.post(group, 1)
    const left = story.leave(group, 2)
    story.post(group, 1)
    await project()
    const page = await sync(2, { token })
    expect(page.conversations).toMatchObject([{ id: group, left: true, from: 2, to: left, lastSeq: left, unread: 1 }])
    expect(seqs(page)).toEqual({ [group]: [2, left] })
    story.post(group, 1)
    await project()
    expect((await sync(2, { token: page.token })).conversations).toEqual([])
    const joined = story.join(group, 2)
    await project()
    const back = await sync(2, { token: page.token })
    expect(seqs(back)).toEqual({ [group]: [joined] })
    expect(back.conversations[0]).not.toHaveProperty('left')
  })

  test('lists a conversation whose read cursor moved, even without events', async () => {
    const { story, project } = scene()
    const group = story.group(1, 1, { members: [2] })
    story.post(group, 1)
    await project()
    const { token } = await sync(2)
    story.receipt(group, 2, { delivered: 2 }, 'phone')
    await project()
    expect((await sync(2, { token })).conversations).toEqual([])
    story.receipt(group, 2, { delivered: 2, read: 2 }, 'phone')
    await project()
    const page = await sync(2, { token })
    expect(page.conversations).toMatchObject([{ id: group, events: [], from: 3, to: 2, readSeq: 2, unread: 0 }])
    expect((await sync(2, { token: page.token })).conversations).toEqual([])
    expect((await sync(1, { token })).conversations).not.toMatchObject([{ readSeq: 2 }])
  })

  test('a token that is garbage, cut, or of somebody else is answered with a reset and a first page', async () => {
    const { story, project } = scene()
    const group = story.group(1, 1, { members: [2] })
    await project()
    const { token } = await sync(1)
    for (const bad of ['', 'x', '\0', 'ä', token.slice(0, -3), `${token}AAAA`, token.replace(/^.{4}/, 'BBBB')]) {
      const page = await sync(1, { token: bad })
      expect(page).toMatchObject({ reset: true, conversations: [{ id: group, from: 1 }] })
      expect(await sync(1, { token: page.token })).not.toHaveProperty('reset')
    }
    expect(await sync(2, { token })).toMatchObject({ reset: true })
  })

  test('a token that is ahead of the projection waits for it, and says stale when it does not come', async () => {
    const { readModels, story, project } = scene()
    const group = story.group(1, 1)
    await project()
    const { token } = await sync(1)
    const ahead = tokenAhead(token)
    expect(await sync(1, { token: ahead })).toMatchObject({ stale: true, conversations: [], token: ahead })
    const waiting = sync(1, { token: ahead })
    story.post(group, 1)
    story.post(group, 1)
    await project()
    const page = await waiting
    expect(page).not.toHaveProperty('stale')
    expect(seqs(page)).toEqual({ [group]: [3] })
    expect(await readModels.visibleSeq(1, group)).toBe(3)
  })
}

/** The same token with partition 0 one event further than the one event that was projected. */
const tokenAhead = (token: string): string => {
  const bytes = Buffer.from(token, 'base64url')
  const events = bytes.length - 2
  if (bytes[events] !== 1) throw new Error('the offset of partition 0 stands before the empty list of receipts')
  bytes[events] = 2
  return bytes.toString('base64url')
}
