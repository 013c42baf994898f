import type { LogEvent } from '@chat/schemas'
import { partitionOfId } from '@chat/schemas'
import { expect, test } from 'vitest'
import { operatorGranted, operatorRevoked, profileChanged, userReinstated, userSuspended } from '../given-accounts.ts'
import type { ReadModelsScene } from './read-models-story.ts'

/** Of accounts after their registration: profiles, operators, suspensions. */
export const accountTests = (scene: () => ReadModelsScene): void => {
  const happen = (id: number, event: LogEvent) => scene().story.raw(partitionOfId(id, 4), event)
  const bytes = (text: string) => Buffer.from(text)

  test('shows the profile as it was changed last, and finds people by what they are called now', async () => {
    const { readModels, story, project } = scene()
    story.register(1, 'ann', 'Ann')
    happen(1, profileChanged(1, { displayName: bytes('Zoë'), about: bytes('tea') }))
    await project()
    expect(await readModels.userById(1)).toMatchObject({ name: 'ann', displayName: 'Zoë', about: 'tea' })
    happen(1, profileChanged(1, { about: bytes('') }))
    await project()
    expect(await readModels.userById(1)).toMatchObject({ displayName: 'Zoë', about: '' })
    const found = async (query: string) => (await readModels.users(query, undefined, 5)).items.map(({ id }) => id)
    expect([await found('zoë'), await found('ann'), await found('tea')]).toEqual([[1], [1], []])
  })

  test('lists operators by name, page by page, until they are none any more', async () => {
    const { readModels, story, project } = scene()
    for (const [id, name] of [
      ['3', 'ann'],
      ['1', 'bob'],
      ['2', 'cem'],
    ] as const)
      story.register(Number(id), name)
    for (const id of [1, 2, 3]) happen(id, operatorGranted(id, { at: 100 + id }))
    happen(3, operatorGranted(3, { at: 900 }))
    await project()
    const first = await readModels.operators(undefined, 2)
    expect(first.items).toMatchObject([
      { user: { id: 3, isOperator: true }, operatorSince: 103 },
      { user: { id: 1 }, operatorSince: 101 },
    ])
    const second = await readModels.operators(first.next, 2)
    expect(second.items).toMatchObject([{ user: { id: 2 } }])
    expect(second).not.toHaveProperty('next')
    happen(3, operatorRevoked(3))
    await project()
    expect((await readModels.operators(undefined, 9)).items.map(({ user }) => user.id)).toEqual([1, 2])
    expect(await readModels.userById(3)).toMatchObject({ isOperator: false })
  })

  test('says of an account by whom, when and why it is suspended, until it is reinstated', async () => {
    const { readModels, story, project } = scene()
    story.register(1)
    story.register(2, 'bob')
    await project()
    happen(2, userSuspended(1, 2, { at: 77, reason: bytes('spam') }))
    await project()
    const suspension = { at: 77, by: 1, reason: 'spam' }
    expect(await readModels.account(2)).toMatchObject({ user: { id: 2, isSuspended: true }, suspension })
    expect((await readModels.accounts('BO', undefined, 5)).items).toMatchObject([{ user: { id: 2 }, suspension }])
    happen(2, userReinstated(1, 2))
    await project()
    expect(await readModels.account(2)).toEqual({
      user: expect.objectContaining({ id: 2, isSuspended: false }),
      operatorSince: null,
      suspension: undefined,
    })
    expect(await readModels.account(9)).toBeUndefined()
  })

  test('tells who keeps the suspended ones what changed since, and all of them when it cannot', async () => {
    const { readModels, story, project } = scene()
    for (const id of [1, 2, 3, 4]) story.register(id)
    happen(2, userSuspended(1, 2))
    await project()
    const first = await readModels.suspensions(undefined)
    expect(first).toMatchObject({ kind: 'all', users: [{ id: 2, partition: 1, pos: 1, isSuspended: true }] })
    expect(await readModels.suspensions(first.mark)).toEqual({ kind: 'changes', users: [], mark: first.mark })
    happen(2, userReinstated(1, 2))
    happen(3, userSuspended(1, 3))
    happen(4, profileChanged(4))
    await project()
    const { kind, users, mark } = await readModels.suspensions(first.mark)
    expect([kind, [...users].sort((a, b) => a.id - b.id)]).toMatchObject([
      'changes',
      [
        { id: 2, pos: 2, isSuspended: false },
        { id: 3, pos: 1, isSuspended: true },
        { id: 4, pos: 1, isSuspended: false },
      ],
    ])
    expect((await readModels.suspensions(mark)).users).toEqual([])
    const foreign = await readModels.suspensions({ ...mark, generation: 'another' })
    expect(foreign).toMatchObject({ kind: 'all', users: [{ id: 3 }] })
    const ahead = await readModels.suspensions({ ...mark, events: mark.events.map((offset) => offset + 1) })
    expect(ahead.kind).toBe('all')
  })

  test('an account that nobody registered is parked, and the others go on', async () => {
    const { readModels, story, project } = scene()
    happen(1, userSuspended(5, 1))
    story.register(5)
    await project()
    expect(await readModels.userById(5)).toMatchObject({ id: 5 })
    expect(await readModels.userById(1)).toBeUndefined()
  })
}
