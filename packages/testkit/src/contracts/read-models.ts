import type { Projection, ReadModels } from '@chat/read-models'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { accountTests } from './read-models-accounts.ts'
import { aliasTests } from './read-models-aliases.ts'
import { cursorTests } from './read-models-cursors.ts'
import { groupTests } from './read-models-groups.ts'
import { historyTests } from './read-models-history.ts'
import { messageTests } from './read-models-messages.ts'
import { relationTests } from './read-models-relations.ts'
import { reportTests } from './read-models-reports.ts'
import { roomTests } from './read-models-rooms.ts'
import { popularTests, searchTests } from './read-models-search.ts'
import { seatTests } from './read-models-seats.ts'
import { createStory, listed, type ReadModelsScene } from './read-models-story.ts'
import { syncTests } from './read-models-sync.ts'
import { userTests } from './read-models-users.ts'

export interface OpenedReadModels {
  readonly readModels: ReadModels
  readonly projection: Projection
  close(): Promise<void>
}

/** What every store of read models must do. `open` gives an empty one. */
export const readModelsContract = (name: string, open: () => Promise<OpenedReadModels>): void => {
  describe(`read models (${name})`, () => {
    let opened: OpenedReadModels
    let scene: ReadModelsScene
    beforeEach(async () => {
      opened = await open()
      const story = createStory(4)
      const { readModels, projection } = opened
      scene = { readModels, projection, story, project: () => story.applyTo(projection) }
    })
    afterEach(() => opened.close())
    const current = () => scene

    projectionTests(current)
    receiptWaitTests(current)
    directoryTests(current)
    userTests(current)
    accountTests(current)
    aliasTests(current)
    reportTests(current)
    conversationTests(current)
    cursorTests(current)
    seatTests(current)
    relationTests(current)
    groupTests(current)
    roomTests(current)
    historyTests(current)
    messageTests(current)
    syncTests(current)
    searchTests(current)
    popularTests(current)
  })
}

const projectionTests = (scene: () => ReadModelsScene): void => {
  test('stands at offset 0 before anything is projected', async () => {
    const { projection } = scene()
    expect(await projection.offset('events', 3)).toEqual({ nextOffset: 0, lastPos: -1, chain: '0000000000000000' })
    expect(await projection.offset('receipts', 3)).toMatchObject({ nextOffset: 0 })
  })

  test('refuses a batch that does not begin where the last one ended, and changes nothing', async () => {
    const { projection, readModels, story, project } = scene()
    story.register(1)
    await project()
    const again = story.events[0] ?? []
    const to = { nextOffset: 1, lastPos: 0, chain: 'aaaaaaaaaaaaaaaa' }
    const batch = { partition: 0, from: 0, to, events: again }
    await expect(projection.applyEvents(batch)).rejects.toMatchObject({ code: 'projection_overtaken' })
    await expect(projection.applyEvents({ ...batch, from: 5 })).rejects.toMatchObject({ code: 'projection_overtaken' })
    await expect(projection.applyReceipts({ partition: 0, from: 3, to: 4, receipts: [] })).rejects.toMatchObject({
      code: 'projection_overtaken',
    })
    story.register(5)
    await expect(
      projection.applyEvents({
        ...batch,
        from: 2,
        to: { ...to, nextOffset: 3 },
        events: story.events[0]?.slice(1) ?? [],
      }),
    ).rejects.toMatchObject({ code: 'projection_overtaken' })
    expect(await readModels.userById(5)).toBeUndefined()
    expect(await projection.offset('events', 0)).toMatchObject({ nextOffset: 1, lastPos: 0 })
  })

  test('of two projectors at one offset one is overtaken', async () => {
    const { projection, story } = scene()
    story.register(1)
    const batch = {
      partition: 0,
      from: 0,
      to: { nextOffset: 1, lastPos: 0, chain: 'aaaaaaaaaaaaaaaa' },
      events: story.events[0] ?? [],
    }
    const outcomes = await Promise.allSettled([projection.applyEvents(batch), projection.applyEvents(batch)])
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  test('parks the aggregate whose handler fails, from there on, while the others go on', async () => {
    const { projection, readModels, story, project } = scene()
    story.group(1, 1)
    story.group(5, 1)
    await project()
    const at = { actor: 1, device: 'd', at: 0, clientMsgId: 'x', keyId: null, replyTo: null, mentions: [] }
    const body = Buffer.from('no json')
    story.raw(0, { type: 'MessagePosted', conversation: 'g1', seq: 2, ...at, body })
    story.post('g5', 1)
    const from = 2
    const events = story.events[0]?.slice(from) ?? []
    const to = { nextOffset: 4, lastPos: 3, chain: 'aaaaaaaaaaaaaaaa' }
    const parked = await projection.applyEvents({ partition: 0, from, to, events })
    expect(parked).toMatchObject([{ aggregate: 'g1', partition: 0, pos: 2 }])
    story.raw(0, { type: 'MessagePosted', conversation: 'g1', seq: 3, ...at, body: Buffer.from('{"kind":"text"}') })
    await project()
    expect(await readModels.visibleSeq(1, 'g1')).toBe(1)
    expect(await readModels.visibleSeq(1, 'g5')).toBe(2)
    expect(await projection.offset('events', 0)).toMatchObject({ nextOffset: 5 })
  })

  test('a wait ends when the position is projected, or with false at its deadline or when it is given up', async () => {
    const { readModels, story, project } = scene()
    const position = story.register(1)
    expect(await readModels.waitFor([], 1000)).toBe(true)
    expect(await readModels.waitFor([position], 30)).toBe(false)
    expect(await readModels.waitFor([position], 5000, AbortSignal.abort())).toBe(false)
    const giveUp = new AbortController()
    const givenUp = readModels.waitFor([position], 5000, giveUp.signal)
    const reached = readModels.waitFor([position, { partition: 0, pos: 0 }], 5000)
    giveUp.abort()
    await project()
    expect(await givenUp).toBe(false)
    expect(await reached).toBe(true)
    expect(await readModels.waitFor([position], 5000)).toBe(true)
    expect(await readModels.waitFor([{ ...position, pos: position.pos + 1 }], 30)).toBe(false)
  })
}

const receiptWaitTests = (scene: () => ReadModelsScene): void => {
  test('a wait for receipts goes by what is projected of them, not of the events', async () => {
    const { readModels, story, project } = scene()
    const group = story.group(1, 1)
    for (let i = 0; i < 3; i++) story.post(group, 1)
    await project()
    const position = { partition: story.partitionOf(group), pos: 0 }
    expect(await readModels.waitForReceipts([], 1000)).toBe(true)
    expect(await readModels.waitForReceipts([position], 30)).toBe(false)
    expect(await readModels.waitForReceipts([position], 5000, AbortSignal.abort())).toBe(false)
    const reached = readModels.waitForReceipts([position], 5000)
    story.receipt(group, 1, { read: 2 })
    await project()
    expect(await reached).toBe(true)
    expect(await readModels.cursor(1, 'device-1', group)).toEqual({ deliveredSeq: 0, readSeq: 2 })
    expect(await readModels.waitForReceipts([{ ...position, pos: 1 }], 30)).toBe(false)
  })
}

const directoryTests = (scene: () => ReadModelsScene): void => {
  test('says which registrations have a user, and nothing once events are parked', async () => {
    const { readModels, story, project } = scene()
    story.register(1)
    story.register(2)
    await project()
    const asked = ['registration-1', 'nobody', 'registration-2']
    expect(await readModels.registered(asked)).toEqual(new Set(['registration-1', 'registration-2']))
    expect(await readModels.registered([])).toEqual(new Set())
    story.leave(story.group(1, 1), 7)
    await project()
    expect(await readModels.registered(asked)).toBeUndefined()
  })

  test('finds users by id and by normalised name', async () => {
    const { readModels, story, project } = scene()
    story.register(7, 'Ann', 'Ann 🦊 Lee')
    await project()
    const ann = {
      id: 7,
      name: 'Ann',
      normalisedName: 'ann',
      displayName: 'Ann 🦊 Lee',
      registrationId: 'registration-7',
      createdAt: expect.any(Number),
      about: '',
      isOperator: false,
      isSuspended: false,
    }
    expect(await readModels.userById(7)).toEqual(ann)
    expect(await readModels.userByName('ann')).toEqual(ann)
    expect(await readModels.userByName('Ann')).toBeUndefined()
    expect(await readModels.userById(8)).toBeUndefined()
    expect(await readModels.userById(2 ** 40)).toBeUndefined()
    expect(await readModels.userById(1.5)).toBeUndefined()
    expect(await readModels.existingUsers([7, 8, -1, 2 ** 33])).toEqual(new Set([7]))
    expect(await readModels.existingUsers([])).toEqual(new Set())
  })

  test('keeps text with characters that a database may refuse', async () => {
    const { readModels, story, project } = scene()
    story.register(1, 'a', 'x\0y')
    story.group(3, 1, { title: 'x\0y' })
    story.post('g3', 1, 'nul \0 and quotes "\\ \ud83d\ude00')
    await project()
    expect(await readModels.userById(1)).toMatchObject({ displayName: 'x\ufffdy' })
    const page = await readModels.history({ user: 1, conversation: 'g3', after: 1, limit: 1 })
    expect(page?.events[0]?.data).toMatchObject({ body: { kind: 'text', text: 'nul \0 and quotes "\\ \ud83d\ude00' } })
    expect(await readModels.conversation(1, 'g3\0')).toBeUndefined()
    expect(await readModels.userByName('a\0')).toBeUndefined()
  })

  test('finds a public group by its name, and no private one', async () => {
    const { readModels, story, project } = scene()
    story.group(2, 1, { name: 'Open' })
    story.group(3, 1, { title: 'hidden' })
    await project()
    expect(await readModels.groupByName('open')).toBe('g2')
    expect(await readModels.groupByName('hidden')).toBeUndefined()
  })

  test('lists the members of a conversation to its members only, by id, page by page', async () => {
    const { readModels, story, project } = scene()
    for (const id of [1, 2, 3, 4]) story.register(id)
    const group = story.group(9, 3, { members: [1, 2] })
    const direct = story.direct(2, 4)
    const joined = story.join(group, 4)
    story.leave(group, 2)
    await project()
    const first = listed(await readModels.members(3, group, undefined, 2))
    expect(first.items).toMatchObject([
      { user: { id: 1, name: 'user1' }, role: 'member', joinedSeq: 1 },
      { user: { id: 3 }, role: 'owner', joinedSeq: 1 },
    ])
    const second = listed(await readModels.members(3, group, first.next, 2))
    expect(second.items).toMatchObject([{ user: { id: 4 }, joinedSeq: joined }])
    expect(second).not.toHaveProperty('next')
    expect(await readModels.members(2, group, undefined, 2)).toBeUndefined()
    expect(await readModels.members(3, 'g4711', undefined, 2)).toBeUndefined()
    expect(listed(await readModels.members(2, direct, undefined, 9)).items.map(({ user }) => user.id)).toEqual([2, 4])
  })
}

const conversationTests = (scene: () => ReadModelsScene): void => {
  test('lists the conversations of a user newest first, page by page, without those he left', async () => {
    const { readModels, story, project } = scene()
    for (const id of [1, 2]) story.register(id)
    const groups = Array.from({ length: 5 }, (_, index) => story.group(10 + index, 1))
    const direct = story.direct(2, 1, 'hi')
    story.post('g11', 1)
    story.leave('g12', 1)
    await project()
    const first = await readModels.conversations(1, undefined, 3)
    const second = await readModels.conversations(1, first.next, 3)
    expect(groups).toHaveLength(5)
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(['g11', direct, 'g14', 'g13', 'g10'])
    expect(second).not.toHaveProperty('next')
    expect(first.items[1]).toEqual({
      id: direct,
      kind: 'direct',
      title: 'User 2',
      with: 2,
      lastSeq: 1,
      lastAt: expect.any(Number),
      unread: 1,
      readSeq: 0,
      deliveredSeq: 0,
    })
    expect((await readModels.conversations(1, 'no cursor', 9)).items).toHaveLength(5)
    expect((await readModels.conversations(99, undefined, 9)).items).toEqual([])
  })

  test('shows a conversation to its members, a public group to everybody, and a private one to nobody else', async () => {
    const { readModels, story, project } = scene()
    story.group(1, 1, { name: 'Open', history: 'all', title: 'The open one' })
    story.group(2, 1)
    story.post('g1', 1)
    await project()
    expect(await readModels.conversation(1, 'g1')).toMatchObject({
      id: 'g1',
      kind: 'group',
      title: 'The open one',
      name: 'Open',
      description: '',
      visibility: 'public',
      joinPolicy: 'open',
      history: 'all',
      lastSeq: 2,
      unread: 0,
    })
    expect(await readModels.conversation(2, 'g1')).toMatchObject({ id: 'g1', lastSeq: 0, unread: 0 })
    expect(await readModels.conversation(2, 'g2')).toBeUndefined()
    expect(await readModels.conversation(1, 'g3')).toBeUndefined()
    expect(await readModels.visibleSeq(2, 'g1')).toBeUndefined()
  })

  test('shows whoever left the conversation as it was when he left', async () => {
    const { readModels, story, project } = scene()
    story.group(1, 1, { members: [2] })
    const left = story.leave('g1', 2)
    await project()
    const then = await readModels.conversation(2, 'g1')
    story.post('g1', 1)
    await project()
    expect(await readModels.conversation(2, 'g1')).toEqual(then)
    expect(then).toMatchObject({ lastSeq: left })
    expect(await readModels.visibleSeq(2, 'g1')).toBe(left)
  })

  test('a conversation with oneself has one member and its own name', async () => {
    const { readModels, story, project } = scene()
    story.register(5)
    const id = story.direct(5, 5)
    await project()
    expect((await readModels.conversations(5, undefined, 9)).items).toMatchObject([
      { id, with: 5, title: 'User 5', unread: 0 },
    ])
    expect(listed(await readModels.members(5, id, undefined, 9)).items).toHaveLength(1)
  })

  test('counts as unread what others posted behind the read cursor, exactly', async () => {
    const { readModels, story, project } = scene()
    const group = story.group(1, 1, { members: [2, 3] })
    const unread = async (user: number) => (await readModels.conversation(user, group))?.unread
    story.post(group, 1)
    story.post(group, 2)
    story.join(group, 4)
    story.post(group, 2)
    const seen = story.post(group, 1)
    story.leave(group, 3)
    story.post(group, 2)
    story.post(group, 1)
    await project()
    expect([await unread(1), await unread(2), await unread(3), await unread(4)]).toEqual([3, 3, 4, 4])
    story.receipt(group, 2, { read: seen })
    story.receipt(group, 1, { read: 2 })
    story.receipt(group, 3, { read: 3 })
    story.receipt(group, 4, { read: 3 })
    await project()
    expect([await unread(1), await unread(2), await unread(3), await unread(4)]).toEqual([3, 1, 2, 4])
    story.receipt(group, 1, { read: 9999 })
    await project()
    expect(await readModels.conversation(1, group)).toMatchObject({ unread: 0, readSeq: story.lastSeq(group) })
  })

  test('counts what lies in all stays and nothing between them', async () => {
    const { readModels, story, project } = scene()
    const group = story.group(1, 1, { members: [2] })
    const unread = async () => (await readModels.conversation(2, group))?.unread
    story.post(group, 1)
    story.leave(group, 2)
    story.post(group, 1)
    story.post(group, 1)
    story.join(group, 2)
    story.post(group, 2)
    story.post(group, 1)
    await project()
    expect(await unread()).toBe(2)
    story.receipt(group, 2, { read: 4 })
    await project()
    expect(await unread()).toBe(1)
  })

  test('a cursor is the greatest of all devices, never goes back, and is kept per device', async () => {
    const { readModels, story, project } = scene()
    const group = story.group(1, 1)
    for (let i = 0; i < 8; i++) story.post(group, 1)
    story.receipt(group, 1, { delivered: 5, read: 3 }, 'phone')
    story.receipt(group, 1, { delivered: 2, read: 4 }, 'desk')
    await project()
    story.receipt(group, 1, { delivered: 1, read: 1 }, 'desk')
    await project()
    expect(await readModels.conversation(1, group)).toMatchObject({ deliveredSeq: 5, readSeq: 4 })
    expect(await readModels.cursor(1, 'desk', group)).toEqual({ deliveredSeq: 2, readSeq: 4 })
    expect(await readModels.cursor(1, 'other', group)).toEqual({ deliveredSeq: 0, readSeq: 0 })
  })
}
