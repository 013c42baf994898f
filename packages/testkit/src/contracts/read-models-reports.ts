import type { ReportState } from '@chat/read-models'
import { expect, test } from 'vitest'
import { messageReported, reportResolved } from '../given-acts.ts'
import type { ReadModelsScene } from './read-models-story.ts'

/** What people told operators of messages, and what operators may look at. */
export const reportTests = (scene: () => ReadModelsScene): void => {
  const report = (by: number, conversation: string, seq: number, at: number, reason = 'spam') => {
    const { story } = scene()
    const options = { at, reason: Buffer.from(reason), author: 2 }
    return story.raw(story.partitionOf(conversation), messageReported(by, conversation, seq, options))
  }
  const people = () => {
    for (const id of [1, 2, 3]) scene().story.register(id)
  }

  test('lists reports, the newest first, page by page, each person once for each message', async () => {
    const { readModels, story, project } = scene()
    people()
    const pair = story.direct(1, 2, 'hi')
    const group = story.group(9, 2)
    story.post(group, 2, 'buy this')
    report(1, pair, 1, 500)
    report(3, group, 2, 600, 'rude \0')
    report(1, group, 2, 700)
    await project()
    const first = await readModels.reports('all', undefined, 2)
    expect(first.items).toMatchObject([
      { conversation: group, seq: 2, by: 1, author: 2, reason: 'spam', at: 700 },
      { conversation: group, seq: 2, by: 3, reason: 'rude \ufffd', message: { data: { body: { text: 'buy this' } } } },
    ])
    const second = await readModels.reports('all', first.next, 2)
    expect(second.items).toMatchObject([{ conversation: pair, seq: 1, by: 1 }])
    expect(second).not.toHaveProperty('next')
    report(1, pair, 1, 800, 'again')
    await project()
    expect((await readModels.reports('all', undefined, 9)).items.map(({ by, at, reason }) => [by, at, reason])).toEqual(
      [
        [1, 800, 'again'],
        [1, 700, 'spam'],
        [3, 600, 'rude \ufffd'],
      ],
    )
    expect((await readModels.reports('all', 'nonsense', 9)).items).toHaveLength(3)
    expect(await readModels.reports('all', '0.0.0', 9)).toEqual({ items: [] })
  })

  test('a report is open until an operator is done with it, and again when it is made anew', async () => {
    const { readModels, story, project } = scene()
    people()
    const pair = story.direct(1, 2, 'hi')
    story.post(pair, 2, 'ho')
    const [first, second] = [report(1, pair, 1, 500), report(1, pair, 2, 600)]
    await project()
    const of = async (state: ReportState) =>
      (await readModels.reports(state, undefined, 9)).items.map(({ id, done }) => [id, done])
    expect(await of('open')).toEqual([
      [second, undefined],
      [first, undefined],
    ])
    expect(await readModels.report(first)).toEqual({ conversation: pair, seq: 1, by: 1 })
    for (const at of [700, 800])
      story.raw(first.partition, reportResolved(7, pair, { message: 1, user: 1, report: first.pos, at }))
    await project()
    const done = { at: 800, by: 7 }
    expect([await of('open'), await of('done')]).toEqual([[[second, undefined]], [[first, done]]])
    expect(await of('all')).toEqual([
      [second, undefined],
      [first, done],
    ])
    const page = await readModels.reports('all', undefined, 1)
    expect((await readModels.reports('open', page.next, 9)).items).toEqual([])
    expect((await readModels.reports('done', page.next, 9)).items).toMatchObject([{ id: first }])
    const again = report(1, pair, 1, 900)
    await project()
    expect([await of('open'), await of('done')]).toEqual([
      [
        [again, undefined],
        [second, undefined],
      ],
      [],
    ])
    expect(await readModels.report(first)).toBeUndefined()
    expect(await readModels.report({ partition: again.partition, pos: 2 ** 50 })).toBeUndefined()
  })

  test('of one time they are in the order of the log', async () => {
    const { readModels, story, project } = scene()
    people()
    const pair = story.direct(1, 2, 'hi')
    story.post(pair, 2, 'ho')
    report(1, pair, 1, 500)
    report(1, pair, 2, 500)
    await project()
    const first = await readModels.reports('all', undefined, 1)
    expect([first.items, (await readModels.reports('all', first.next, 1)).items]).toMatchObject([
      [{ seq: 2 }],
      [{ seq: 1 }],
    ])
  })

  test('gives the message as it is now, and of a deleted one no body', async () => {
    const { readModels, story, project } = scene()
    people()
    const pair = story.direct(2, 1, 'rude')
    story.edit(pair, 2, 1, 'kind')
    report(1, pair, 1, 500)
    await project()
    const [edited] = (await readModels.reports('all', undefined, 9)).items
    expect(edited?.message).toMatchObject({ seq: 1, actor: 2, data: { body: { text: 'kind' }, editedSeq: 2 } })
    story.remove(pair, 2, 1)
    await project()
    const [deleted] = (await readModels.reports('all', undefined, 9)).items
    expect(deleted?.message?.data).toMatchObject({ deleted: true })
    expect(deleted?.message?.data).not.toHaveProperty('body')
  })

  test('a report changes nothing for those who talk there', async () => {
    const { readModels, story, project } = scene()
    people()
    const pair = story.direct(1, 2, 'hi')
    await project()
    const before = await readModels.conversation(1, pair)
    report(2, pair, 1, 500)
    await project()
    expect(await readModels.conversation(1, pair)).toEqual(before)
    expect((await readModels.history({ user: 1, conversation: pair, limit: 9 }))?.events).toHaveLength(1)
  })

  test('says of any message whose it is and since when, as long as it is there', async () => {
    const { readModels, story, project } = scene()
    people()
    const group = story.group(9, 2)
    story.post(group, 2, 'buy this')
    await project()
    const facts = await readModels.anyMessage(group, 2)
    expect(facts).toMatchObject({ author: 2, postedAt: expect.any(Number), asOf: story.position(group).pos + 1 })
    for (const seq of [1, 3]) expect(await readModels.anyMessage(group, seq)).toMatchObject({ author: null })
    expect(await readModels.anyMessage('g77', 1)).toEqual({ author: null, postedAt: 0, asOf: 0 })
    story.remove(group, 2, 2)
    await project()
    expect(await readModels.anyMessage(group, 2)).toMatchObject({ author: null })
  })
}
