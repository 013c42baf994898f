import { expect, test } from 'vitest'
import type { ReadModelsScene } from './read-models-story.ts'

/** How far the members of a conversation are, as others see it. */
export const cursorTests = (scene: () => ReadModelsScene): void => {
  test('members see the cursors of all members, the greatest of the devices of each', async () => {
    const { readModels, story, project } = scene()
    for (const id of [1, 2, 3]) story.register(id)
    const group = story.group(9, 1, { members: [2, 3] })
    story.post(group, 1)
    story.post(group, 1)
    story.receipt(group, 2, { delivered: 3, read: 1 }, 'one')
    story.receipt(group, 2, { delivered: 2, read: 2 }, 'two')
    story.receipt(group, 3, { delivered: 99 })
    await project()
    expect(await readModels.cursors(1, group, 64)).toEqual([
      { user: 1, deliveredSeq: 0, readSeq: 0 },
      { user: 2, deliveredSeq: 3, readSeq: 2 },
      { user: 3, deliveredSeq: 3, readSeq: 0 },
    ])
  })

  test('receipts that are told again from an earlier place on change nothing', async () => {
    const { projection, readModels, story, project } = scene()
    story.register(2)
    const group = story.group(9, 2)
    const partition = (9 - 1) % story.events.length
    for (let read = 1; read <= 3; read++) {
      story.post(group, 2)
      story.receipt(group, 2, { delivered: read, read })
    }
    await project()
    await projection.applyReceipts({ partition, from: 3, to: 1, receipts: [] })
    expect(await projection.offset('receipts', partition)).toMatchObject({ nextOffset: 1 })
    expect(await readModels.conversation(2, group)).toMatchObject({ readSeq: 3 })
    await project()
    expect(await projection.offset('receipts', partition)).toMatchObject({ nextOffset: 3 })
    expect(await readModels.conversation(2, group)).toMatchObject({ readSeq: 3 })
  })

  test('above so many members, and to whoever is none, cursors are not told; members can have them counted', async () => {
    const { readModels, story, project } = scene()
    for (const id of [1, 2, 3, 4]) story.register(id)
    const group = story.group(9, 1, { members: [2, 3] })
    story.post(group, 1)
    story.receipt(group, 2, { delivered: 2, read: 1 })
    story.receipt(group, 3, { delivered: 2, read: 2 })
    await project()
    expect(await readModels.cursors(1, group, 3)).toHaveLength(3)
    expect(await readModels.cursors(1, group, 2)).toBeUndefined()
    expect(await readModels.cursors(4, group, 64)).toBeUndefined()
    expect(await readModels.cursorCounts(1, group, 2)).toEqual({ delivered: 2, read: 1 })
    expect(await readModels.cursorCounts(1, group, 3)).toEqual({ delivered: 0, read: 0 })
    expect(await readModels.cursorCounts(4, group, 1)).toBeUndefined()
    story.leave(group, 3)
    await project()
    expect(await readModels.cursorCounts(1, group, 2)).toEqual({ delivered: 1, read: 0 })
    expect(await readModels.cursors(3, group, 64)).toBeUndefined()
  })
}
