import { describe, expect, test } from 'vitest'
import { listed, type ReadModelsScene, startMs } from './read-models-story.ts'

const asItIs = { title: null, description: null, keyId: null, joinPolicy: null, history: null, posting: null }
const far = startMs + 1_000_000_000

/** What the read models tell of a group that is run by somebody. */
export const groupTests = (scene: () => ReadModelsScene): void => {
  describe('a group', () => {
    settingsTests(scene)
    standingTests(scene)
    endOfStayTests(scene)
    largeGroupTests(scene)
  })
}

const settingsTests = (scene: () => ReadModelsScene): void => {
  test('shows its settings as they were last set, and that it is closed', async () => {
    const { readModels, story, project } = scene()
    const group = story.group(1, 1, { members: [2] })
    const view = (user: number) => readModels.conversation(user, group)
    await project()
    expect(await view(2)).toMatchObject({ title: 'Group 1', posting: 'all', role: 'member', history: 'sinceJoin' })
    expect(await view(2)).not.toHaveProperty('closed')
    story.act(group, 1, { type: 'GroupChanged', ...asItIs, title: Buffer.from('Tea\0'), posting: 'admins' })
    story.act(group, 1, { type: 'GroupChanged', ...asItIs, description: Buffer.from('d'), joinPolicy: 'request' })
    story.act(group, 1, { type: 'GroupChanged', ...asItIs, history: 'all' })
    await project()
    expect(await view(2)).toMatchObject({
      ...{ title: 'Tea\ufffd', description: 'd', posting: 'admins', joinPolicy: 'request', history: 'all' },
    })
    const last = story.act(group, 1, { type: 'GroupClosed' })
    await project()
    expect(await view(1)).toMatchObject({ closed: true, role: 'owner', lastSeq: last })
  })

  test('of the history, joiners see what its setting says now', async () => {
    const { readModels, story, project } = scene()
    const group = story.group(1, 1)
    story.post(group, 1)
    const joined = story.join(group, 2)
    const first = async () => (await readModels.history({ user: 2, conversation: group, limit: 9 }))?.events[0]?.seq
    await project()
    expect(await first()).toBe(joined)
    story.act(group, 1, { type: 'GroupChanged', ...asItIs, history: 'all' })
    await project()
    expect(await first()).toBe(1)
    expect(await readModels.conversation(2, group)).toMatchObject({ unread: 1 })
  })

  test('lists roles to all, and mutes to the muted, admins and owners', async () => {
    const { readModels, story, project } = scene()
    for (const id of [1, 2, 3, 4]) story.register(id)
    const group = story.group(9, 1, { members: [2, 3, 4] })
    story.act(group, 1, { type: 'RoleChanged', user: 2, role: 'admin' })
    story.act(group, 1, { type: 'MemberMuted', user: 3, untilMs: far })
    story.act(group, 1, { type: 'MemberMuted', user: 4, untilMs: far })
    story.act(group, 1, { type: 'MemberMuted', user: 4, untilMs: 0 })
    await project()
    const shown = async (user: number) =>
      listed(await readModels.members(user, group, undefined, 9)).items.map((item) => [item.role, item.mutedUntil])
    const all = [
      ['owner', undefined],
      ['admin', undefined],
      ['member', far],
      ['member', undefined],
    ]
    expect(await shown(1)).toEqual(all)
    expect(await shown(2)).toEqual(all)
    expect(await shown(3)).toEqual(all)
    expect((await shown(4))[2]).toEqual(['member', undefined])
    expect(await readModels.conversation(3, group)).toMatchObject({ role: 'member', mutedUntil: far })
    expect(await readModels.conversation(4, group)).not.toHaveProperty('mutedUntil')
  })
}

const standingTests = (scene: () => ReadModelsScene): void => {
  test('is told to the invited, a private one too, until the invitation ends', async () => {
    const { readModels, story, project } = scene()
    const [one, two] = [story.group(1, 1), story.group(2, 1)]
    for (const group of [one, two, one]) story.act(group, 1, { type: 'MemberInvited', user: 7 })
    story.act(two, 1, { type: 'MemberInvited', user: 8 })
    await project()
    const invitations = async (user: number) => (await readModels.conversations(user, undefined, 9)).invitations
    expect(await invitations(7)).toEqual([
      { conversation: one, title: 'Group 1', by: 1, at: expect.any(Number) },
      { conversation: two, title: 'Group 2', by: 1, at: expect.any(Number) },
    ])
    const invited = await readModels.conversation(7, one)
    expect(invited).toMatchObject({ id: one, title: 'Group 1', invited: true, lastSeq: 0, unread: 0 })
    expect(invited).not.toHaveProperty('role')
    expect(invited?.lastAt).toBe((await invitations(7))?.[0]?.at)
    expect((await readModels.conversations(7, undefined, 9)).items).toEqual([])
    expect(await readModels.conversations(7, 'a cursor', 9)).not.toHaveProperty('invitations')
    expect(await readModels.history({ user: 7, conversation: one, limit: 9 })).toBeUndefined()
    expect(await readModels.members(7, one, undefined, 9)).toBeUndefined()
    story.act(one, 7, { type: 'JoinRefused', user: 7 })
    story.join(two, 7)
    story.act(two, 1, { type: 'MemberBanned', user: 8 })
    await project()
    expect([await invitations(7), await invitations(8)]).toEqual([[], []])
    expect(await readModels.conversation(7, one)).toBeUndefined()
    expect(await readModels.conversation(7, two)).not.toHaveProperty('invited')
  })

  test('lists who asks to join, to admins and owners on the first page, the first first', async () => {
    const { readModels, story, project } = scene()
    for (const id of [1, 2, 3, 7, 8]) story.register(id)
    const group = story.group(9, 1, { name: 'Tea', members: [2, 3] })
    story.act(group, 1, { type: 'RoleChanged', user: 2, role: 'admin' })
    for (const user of [8, 7]) story.act(group, user, { type: 'JoinRequested', user })
    await project()
    const requests = async (user: number) =>
      listed(await readModels.members(user, group, undefined, 2)).requests?.map((request) => request.user.id)
    expect([await requests(1), await requests(2), await requests(3)]).toEqual([[8, 7], [8, 7], undefined])
    const { next } = listed(await readModels.members(1, group, undefined, 2))
    expect(await readModels.members(1, group, next, 2)).not.toHaveProperty('requests')
    expect(await readModels.conversation(8, group)).toMatchObject({ requested: true, lastSeq: 0 })
    story.act(group, 2, { type: 'MemberJoined', user: 8 })
    story.act(group, 2, { type: 'JoinRefused', user: 7 })
    await project()
    expect(await requests(1)).toEqual([])
    expect(await readModels.conversation(8, group)).not.toHaveProperty('requested')
    expect(await readModels.conversation(7, group)).not.toHaveProperty('requested')
  })
}

const endOfStayTests = (scene: () => ReadModelsScene): void => {
  test.each(['MemberRemoved', 'MemberBanned'] as const)(
    'who was in it until a %s sees everything up to that, and sync says that he left',
    async (type) => {
      const { readModels, story, project } = scene()
      const group = story.group(1, 1, { members: [2] })
      story.post(group, 1)
      await project()
      const { token } = await readModels.sync({ user: 2 })
      const gone = story.act(group, 1, { type, user: 2 })
      story.post(group, 1)
      await project()
      const page = await readModels.history({ user: 2, conversation: group, limit: 9 })
      expect(page?.events.map(({ seq }) => seq)).toEqual([1, 2, gone])
      expect(page?.to).toBe(gone)
      const synced = await readModels.sync({ user: 2, token })
      expect(synced.conversations).toMatchObject([{ id: group, left: true, to: gone, events: [{ seq: gone }] }])
      expect((await readModels.conversations(2, undefined, 9)).items).toEqual([])
    },
  )

  test('a ban of somebody who was not in it ends no stay, and who comes back later has no old mute or role', async () => {
    const { readModels, story, project } = scene()
    const group = story.group(1, 1, { name: 'Tea', members: [2] })
    story.act(group, 1, { type: 'MemberBanned', user: 3 })
    story.act(group, 1, { type: 'MemberUnbanned', user: 3 })
    story.act(group, 1, { type: 'RoleChanged', user: 2, role: 'admin' })
    story.act(group, 1, { type: 'MemberMuted', user: 2, untilMs: far })
    story.act(group, 1, { type: 'MemberRemoved', user: 2 })
    story.join(group, 2)
    await project()
    const view = await readModels.conversation(2, group)
    expect(view).toMatchObject({ role: 'member' })
    expect(view).not.toHaveProperty('mutedUntil')
    expect(await readModels.visibleSeq(3, group)).toBeUndefined()
  })
}

const largeGroupTests = (scene: () => ReadModelsScene): void => {
  test('large ones are those with so many members now, told of present stays with the seq that they are as of', async () => {
    const { readModels, story, project } = scene()
    const small = story.group(1, 1, { members: [2] })
    const large = story.group(2, 1, { members: [2, 3] })
    story.leave(large, 3)
    const joined = story.join(large, 3)
    story.direct(1, 2)
    await project()
    const largeOf = async (...users: readonly number[]) =>
      (await readModels.largeGroups(users, 3)).toSorted((a, b) => a.user - b.user)
    const of = (user: number, joinedSeq: number) => ({ conversation: large, user, joinedSeq, lastSeq: joined })
    expect(await largeOf(3, 1, 1, 4)).toEqual([of(1, 1), of(3, joined)])
    expect((await readModels.largeGroups([2], 2)).map(({ conversation }) => conversation).toSorted()).toEqual(
      [small, large].toSorted(),
    )
    expect([await largeOf(), await readModels.largeGroups([1, 2, 3], 4)]).toEqual([[], []])
    story.leave(large, 3)
    await project()
    expect(await largeOf(1, 2, 3)).toEqual([])
  })
}
