import { expect, test } from 'vitest'
import type { ReadModelsScene } from './read-models-story.ts'

/** How people are found, and what is a person's own. */
export const userTests = (scene: () => ReadModelsScene): void => {
  test('lists users by prefix of name or display name, by name, page by page', async () => {
    const { readModels, story, project } = scene()
    story.register(1, 'anton', 'Zoe')
    story.register(2, 'Bert', 'Antonia')
    story.register(3, 'cleo', 'Cleo')
    story.register(4, 'AN_%', 'x')
    story.register(5, '🦊', 'Fox')
    story.register(6, '￮', 'Halfwidth')
    await project()
    const names = async (query: string) => (await readModels.users(query, undefined, 10)).items.map(({ id }) => id)
    expect(await names('ANT')).toEqual([1, 2])
    expect(await names('an_%')).toEqual([4])
    expect(await names('%')).toEqual([])
    expect(await names('')).toEqual([4, 1, 2, 3, 6, 5])
    const first = await readModels.users('', undefined, 4)
    expect(first.items.map(({ id }) => id)).toEqual([4, 1, 2, 3])
    const rest = await readModels.users('', first.next, 4)
    expect(rest.items.map(({ id }) => id)).toEqual([6, 5])
    expect(rest).not.toHaveProperty('next')
    expect((await readModels.users('', 'garbage \0', 1)).items).toHaveLength(1)
  })

  test('finds those with similar names behind those that begin with the query, the most similar first', async () => {
    const { readModels, story, project } = scene()
    story.register(1, 'johanna', 'Johanna S.')
    story.register(2, 'john', 'J.')
    story.register(3, 'bert', 'Bert Johnson')
    story.register(4, 'jonh', 'typed in haste')
    story.register(5, 'xavier', 'Nobody')
    story.register(6, 'mei', '张伟丽王')
    await project()
    const names = async (query: string) => (await readModels.users(query, undefined, 10)).items.map(({ id }) => id)
    expect(await names('john')).toEqual([2, 3, 1, 4])
    expect(await names('jonn')).toEqual([4, 1, 2])
    expect(await names('jon')).toEqual([4])
    expect(await names('xaver')).toEqual([5])
    expect(await names('jo')).toEqual([1, 2, 4])
    expect(await names('张伟力王')).toEqual([6])
    expect(await names('伟丽王')).toEqual([])
    expect(await names('zzzz')).toEqual([])
    expect(await names("' or 1")).toEqual([])
  })

  test('pages of a search go from those that begin with the query to those that are similar, each once', async () => {
    const { readModels, story, project } = scene()
    for (let i = 1; i <= 5; i++) story.register(i, `martin${i}`, `M ${i}`)
    for (let i = 6; i <= 70; i++) story.register(i, `x martin ${i}`, `X ${i}`)
    await project()
    for (const limit of [1, 2, 5, 7, 100]) {
      const seen: number[] = []
      let after: string | undefined
      do {
        const page = await readModels.users('martin', after, limit)
        expect(page.items.length).toBeLessThanOrEqual(limit)
        seen.push(...page.items.map(({ id }) => id))
        after = page.next
      } while (after !== undefined)
      expect(seen.slice(0, 5)).toEqual([1, 2, 3, 4, 5])
      expect(seen).toHaveLength(55)
      expect(new Set(seen).size).toBe(55)
    }
  })

  test('gives every conversation a user is or was in, and what he wrote there, page by page', async () => {
    const { readModels, story, project } = scene()
    for (const id of [1, 2, 3]) story.register(id)
    for (let i = 0; i < 5; i++) {
      story.post('d1.2', 1, `mine ${i}`)
      story.post('d1.2', 2, `theirs ${i}`)
    }
    story.group(2, 2, { members: [1, 3] })
    story.post('g2', 1, 'before I left')
    story.leave('g2', 1)
    story.post('d2.3', 3, 'not his')
    await project()
    const all = await readModels.everConversations(1, '', 10)
    expect(all).toMatchObject([
      { id: 'd1.2', kind: 'direct', with: 2, isMember: true },
      { id: 'g2', kind: 'group', isMember: false },
    ])
    expect(await readModels.everConversations(1, 'd1.2', 10)).toEqual(all.slice(1))
    expect(await readModels.everConversations(1, '', 1)).toEqual(all.slice(0, 1))
    const first = await readModels.ownMessages(1, 'd1.2', 0, 3)
    expect(first.map(({ data }) => JSON.stringify(data))).toEqual(
      [0, 1, 2].map((i) => expect.stringContaining(`mine ${i}`)),
    )
    const rest = await readModels.ownMessages(1, 'd1.2', first.at(-1)?.seq ?? 0, 10)
    expect(rest).toMatchObject([{ actor: 1 }, { actor: 1 }])
    expect(await readModels.ownMessages(1, 'g2', 0, 10)).toMatchObject([{ type: 'messagePosted' }])
    expect(await readModels.ownMessages(1, 'd2.3', 0, 10)).toEqual([])
  })

  test('finds whoever has a registration', async () => {
    const { readModels, story, project } = scene()
    story.register(3, 'ann')
    await project()
    const { registrationId } = (await readModels.userById(3)) ?? { registrationId: 'none' }
    expect(await readModels.userByRegistration(registrationId)).toMatchObject({ id: 3, name: 'ann' })
    expect(await readModels.userByRegistration('unknown')).toBeUndefined()
  })
}
