import { expect, test } from 'vitest'
import { type ReadModelsScene, startMs } from './read-models-story.ts'

const far = startMs + 1_000_000_000
const nothing = { isClosed: false, isBanned: false, isBlocked: false }

/** What somebody is to a conversation: by that it is decided what he may do there besides writing. */
export const seatTests = (scene: () => ReadModelsScene): void => {
  test('a seat in a group says who is a member and as what, who is muted and who is banned', async () => {
    const { readModels, story, project } = scene()
    for (const id of [1, 2, 3, 4, 5]) story.register(id)
    const group = story.group(9, 1, { name: 'tea', members: [2, 3, 4] })
    story.act(group, 1, { type: 'RoleChanged', user: 2, role: 'admin' })
    story.act(group, 1, { type: 'MemberMuted', user: 3, untilMs: far })
    story.act(group, 1, { type: 'MemberBanned', user: 4 })
    await project()
    expect(await readModels.seat(1, group)).toEqual({ ...nothing, role: 'owner' })
    expect(await readModels.seat(2, group)).toEqual({ ...nothing, role: 'admin' })
    expect(await readModels.seat(3, group)).toEqual({ ...nothing, role: 'member', mutedUntil: far })
    expect(await readModels.seat(4, group)).toEqual({ ...nothing, isBanned: true })
    expect(await readModels.seat(5, group)).toEqual(nothing)
    story.act(group, 1, { type: 'MemberUnbanned', user: 4 })
    story.act(group, 1, { type: 'GroupClosed' })
    await project()
    expect(await readModels.seat(4, group)).toEqual({ ...nothing, isClosed: true })
    expect(await readModels.seat(1, group)).toEqual({ ...nothing, isClosed: true, role: 'owner' })
  })

  test('a private group has seats for those alone who are or were members, invited or banned', async () => {
    const { readModels, story, project } = scene()
    for (const id of [1, 2, 3, 4, 5]) story.register(id)
    const group = story.group(9, 1, { members: [2] })
    story.leave(group, 2)
    for (const user of [3, 4]) story.act(group, 1, { type: 'MemberInvited', user })
    story.act(group, 4, { type: 'JoinRefused', user: 4 })
    await project()
    for (const user of [2, 3, 4]) expect(await readModels.seat(user, group)).toEqual(nothing)
    expect(await readModels.seat(5, group)).toBeUndefined()
    expect(await readModels.seat(1, 'g77')).toBeUndefined()
  })

  test('between two both have a seat, and a block of either is the same for both', async () => {
    const { readModels, story, project } = scene()
    for (const id of [1, 2, 3]) story.register(id)
    const [pair, alone] = [story.direct(1, 2, 'hi'), story.direct(1, 1, 'a note')]
    await project()
    expect(await readModels.seat(1, 'd1.3')).toBeUndefined()
    expect(await readModels.seat(3, pair)).toBeUndefined()
    expect(await readModels.seat(1, alone)).toEqual({ ...nothing, role: 'member' })
    story.block('UserBlocked', 2, 1)
    await project()
    for (const user of [1, 2])
      expect(await readModels.seat(user, pair)).toEqual({ ...nothing, isBlocked: true, role: 'member' })
    story.block('UserUnblocked', 2, 1)
    await project()
    expect(await readModels.seat(1, pair)).toEqual({ ...nothing, role: 'member' })
  })
}
