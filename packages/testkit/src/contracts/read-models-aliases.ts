import { partitionOfId } from '@chat/schemas'
import { expect, test } from 'vitest'
import { groupImported, userImported } from '../given-accounts.ts'
import type { ReadModelsScene } from './read-models-story.ts'

/** Old numbers of imported users and groups. */
export const aliasTests = (scene: () => ReadModelsScene): void => {
  const importUser = (id: number, oldId: number, dialect = 'json-to') =>
    scene().story.raw(partitionOfId(id, 4), userImported(id, oldId, { dialect }))

  test('an old number leads to its user and back, in its dialect alone', async () => {
    const { readModels, story, project } = scene()
    for (const id of [101, 102, 103]) story.register(id)
    importUser(101, 7)
    importUser(102, 8)
    importUser(102, 9, 'unit')
    await project()
    expect(await readModels.idsOfOld('json-to', 'user', [7, 8, 9, 101])).toEqual(
      new Map([
        [7, 101],
        [8, 102],
      ]),
    )
    expect(await readModels.idsOfOld('unit', 'user', [7, 8, 9])).toEqual(new Map([[9, 102]]))
    expect(await readModels.oldIdsOf('json-to', 'user', [101, 102, 103, 7])).toEqual(
      new Map([
        [101, 7],
        [102, 8],
      ]),
    )
    expect(await readModels.oldIdsOf('action', 'user', [101, 102])).toEqual(new Map())
  })

  test('groups have numbers of their own, beside those of users', async () => {
    const { readModels, story, project } = scene()
    story.register(101)
    const group = story.group(102, 101)
    importUser(101, 7)
    story.raw(story.partitionOf(group), groupImported(group, 7))
    await project()
    expect(await readModels.idsOfOld('json-to', 'user', [7])).toEqual(new Map([[7, 101]]))
    expect(await readModels.idsOfOld('json-to', 'group', [7])).toEqual(new Map([[7, 102]]))
    expect(await readModels.oldIdsOf('json-to', 'group', [101, 102])).toEqual(new Map([[102, 7]]))
    story.post(group, 101) // Its import took no place in it.
    await project()
    expect(await readModels.visibleSeq(101, group)).toBe(2)
  })

  test('of two who claim one number the one with the least id has it, whichever came first', async () => {
    const { readModels, story, project } = scene()
    for (const id of [101, 102, 103, 104]) story.register(id)
    importUser(101, 7)
    importUser(103, 8)
    await project()
    importUser(102, 7)
    importUser(102, 7)
    importUser(104, 8, 'unit')
    importUser(102, 8, 'json-toid')
    importUser(101, 7)
    await project()
    expect(await readModels.idsOfOld('json-to', 'user', [7])).toEqual(new Map([[7, 101]]))
    expect(await readModels.oldIdsOf('json-to', 'user', [101, 102])).toEqual(new Map([[101, 7]]))
    story.register(100)
    importUser(100, 8)
    await project()
    expect(await readModels.idsOfOld('json-to', 'user', [8])).toEqual(new Map([[8, 100]]))
    expect(await readModels.oldIdsOf('json-to', 'user', [100, 103])).toEqual(new Map([[100, 8]]))
  })

  test('what is no number of anybody is asked for in vain', async () => {
    const { readModels } = scene()
    const odd = [0, -1, 0.5, Number.NaN, 2 ** 31, 2 ** 53]
    expect(await readModels.idsOfOld('json-to', 'user', odd)).toEqual(new Map())
    expect(await readModels.oldIdsOf('\u0000', 'group', [])).toEqual(new Map())
  })

  test('nobody asks for more numbers than a call may have', async () => {
    const { readModels } = scene()
    const many = Array.from({ length: 1001 }, (_, index) => index + 1)
    expect(await readModels.idsOfOld('json-to', 'user', many.slice(1))).toEqual(new Map())
    await expect(readModels.idsOfOld('json-to', 'user', many)).rejects.toThrow('bounded')
    await expect(readModels.oldIdsOf('json-to', 'user', many)).rejects.toThrow('bounded')
  })
}
