import { expect, test } from 'vitest'
import type { ReadModelsScene } from './read-models-story.ts'

export const historyTests = (scene: () => ReadModelsScene): void => {
  const read = async (
    user: number,
    conversation: string,
    query: { before?: number; after?: number; limit?: number },
  ) => {
    const page = await scene().readModels.history({ user, conversation, limit: 200, ...query })
    return page && { ...page, events: page.events.map(({ seq }) => seq) }
  }

  test('gives events as clients see them', async () => {
    const { readModels, story, project } = scene()
    const group = story.group(1, 1, { members: [2], title: 'T' })
    story.post(group, 2, 'hi')
    await project()
    const page = await readModels.history({ user: 1, conversation: group, limit: 10 })
    expect(page?.events).toEqual([
      {
        conversation: group,
        seq: 1,
        type: 'groupCreated',
        actor: 1,
        at: '2031-01-01T00:00:01.000Z',
        data: {
          title: 'T',
          description: '',
          visibility: 'private',
          joinPolicy: 'open',
          history: 'sinceJoin',
          members: [2],
        },
      },
      {
        conversation: group,
        seq: 2,
        type: 'messagePosted',
        actor: 2,
        at: '2031-01-01T00:00:02.000Z',
        data: { clientMsgId: 'message-2', body: { kind: 'text', text: 'hi' } },
      },
    ])
  })

  test('between two bounds it pages forward, and answers for no more than lies between them', async () => {
    const { story, project } = scene()
    const group = story.group(1, 1)
    for (let seq = 2; seq <= 10; seq++) story.post(group, 1)
    story.join(group, 2)
    story.post(group, 1)
    await project()
    const between = (after: number, before: number, limit = 200, user = 1) =>
      read(user, group, { after, before, limit })
    expect(await between(3, 7)).toEqual({ events: [4, 5, 6], from: 4, to: 6, hasMore: false })
    expect(await between(3, 9, 2)).toEqual({ events: [4, 5], from: 4, to: 5, hasMore: true })
    expect(await between(5, 9, 3)).toEqual({ events: [6, 7, 8], from: 6, to: 8, hasMore: false })
    expect(await between(0, 2)).toEqual({ events: [1], from: 1, to: 1, hasMore: false })
    expect(await between(10, 99)).toEqual({ events: [11, 12], from: 11, to: 12, hasMore: false })
    for (const [after, before] of [
      [5, 6],
      [5, 5],
      [7, 2],
      [0, 0],
      [99, 200],
    ] as const) {
      const page = await between(after, before)
      expect(page).toMatchObject({ events: [], hasMore: false })
      expect(page?.from).toBeGreaterThan(page?.to ?? 0)
    }
    // Who joined at 11 sees nothing before it, and that is the answer for the range.
    expect(await between(3, 7, 200, 2)).toEqual({ events: [], from: 4, to: 6, hasMore: false })
  })

  test('pages backward from the newest and forward from any place, and says what each page answers for', async () => {
    const { story, project } = scene()
    const group = story.group(1, 1)
    for (let seq = 2; seq <= 10; seq++) story.post(group, 1)
    await project()
    expect(await read(1, group, { limit: 4 })).toEqual({ events: [7, 8, 9, 10], from: 7, to: 10, hasMore: true })
    expect(await read(1, group, { before: 7, limit: 4 })).toEqual({
      events: [3, 4, 5, 6],
      from: 3,
      to: 6,
      hasMore: true,
    })
    expect(await read(1, group, { before: 3, limit: 4 })).toEqual({ events: [1, 2], from: 1, to: 2, hasMore: false })
    expect(await read(1, group, { before: 3, limit: 2 })).toEqual({ events: [1, 2], from: 1, to: 2, hasMore: false })
    expect(await read(1, group, { after: 0, limit: 4 })).toEqual({
      events: [1, 2, 3, 4],
      from: 1,
      to: 4,
      hasMore: true,
    })
    expect(await read(1, group, { after: 7, limit: 4 })).toEqual({
      events: [8, 9, 10],
      from: 8,
      to: 10,
      hasMore: false,
    })
    expect(await read(1, group, { after: 10 })).toEqual({ events: [], from: 11, to: 10, hasMore: false })
    expect(await read(1, group, { after: 2 ** 40 })).toMatchObject({ events: [], hasMore: false })
    expect(await read(1, group, { before: 1 })).toEqual({ events: [], from: 1, to: 0, hasMore: false })
    expect(await read(1, group, { before: 2 ** 40, limit: 1 })).toMatchObject({ events: [10], to: 10 })
  })

  test('a page has at most 200 events', async () => {
    const { story, project } = scene()
    const group = story.group(1, 1)
    for (let seq = 2; seq <= 230; seq++) story.post(group, 1)
    await project()
    expect(await read(1, group, { limit: 1000 })).toMatchObject({ from: 31, to: 230, hasMore: true })
    expect(await read(1, group, { limit: 0 })).toMatchObject({ events: [230] })
  })

  test('a joiner sees what happens from his joining on, and all of it where the history is for all', async () => {
    const { story, project } = scene()
    for (const history of ['all', 'sinceJoin'] as const) {
      const group = story.group(history === 'all' ? 1 : 2, 1, { history })
      story.post(group, 1)
      story.join(group, 2)
      story.post(group, 1)
    }
    await project()
    expect(await read(2, 'g1', {})).toEqual({ events: [1, 2, 3, 4], from: 1, to: 4, hasMore: false })
    expect(await read(2, 'g2', {})).toEqual({ events: [3, 4], from: 1, to: 4, hasMore: false })
    expect(await read(3, 'g1', {})).toBeUndefined()
  })

  test('whoever left sees up to his leaving, that included; who came back sees his stays', async () => {
    const { story, project } = scene()
    const [closed, open] = [story.group(1, 1, { members: [2] }), story.group(2, 1, { members: [2], history: 'all' })]
    for (const group of [closed, open]) {
      story.post(group, 1)
      story.leave(group, 2)
      story.post(group, 1)
      story.post(group, 1)
    }
    await project()
    expect(await read(2, closed, {})).toEqual({ events: [1, 2, 3], from: 1, to: 3, hasMore: false })
    expect(await read(2, open, { after: 1 })).toEqual({ events: [2, 3], from: 2, to: 3, hasMore: false })
    for (const group of [closed, open]) {
      story.join(group, 2)
      story.post(group, 1)
    }
    await project()
    expect(await read(2, closed, {})).toEqual({ events: [1, 2, 3, 6, 7], from: 1, to: 7, hasMore: false })
    expect(await read(2, open, {})).toMatchObject({ events: [1, 2, 3, 4, 5, 6, 7] })
    expect(await read(2, closed, { limit: 3 })).toEqual({ events: [3, 6, 7], from: 3, to: 7, hasMore: true })
    expect(await read(2, closed, { after: 2, limit: 2 })).toEqual({ events: [3, 6], from: 3, to: 6, hasMore: true })
    expect(await read(2, closed, { before: 6, limit: 9 })).toEqual({
      events: [1, 2, 3],
      from: 1,
      to: 5,
      hasMore: false,
    })
  })

  test('both of a direct conversation see all of it, and nobody else anything', async () => {
    const { story, project } = scene()
    const direct = story.direct(1, 2)
    story.post(direct, 2)
    await project()
    expect(await read(1, direct, {})).toMatchObject({ events: [1, 2] })
    expect(await read(2, direct, {})).toMatchObject({ events: [1, 2] })
    expect(await read(3, direct, {})).toBeUndefined()
    expect(await read(1, 'd1.9', {})).toBeUndefined()
  })
}
