import { expect, test } from 'vitest'
import { type ReadModelsScene, startMs } from './read-models-story.ts'

export const searchTests = (scene: () => ReadModelsScene): void => {
  const find = async (
    user: number,
    query: string,
    more: { conversation?: string; after?: string; limit?: number } = {},
  ) => {
    const page = await scene().readModels.search({ user, query, limit: 50, ...more })
    return page?.items.map(({ conversation, seq }) => `${conversation}:${seq}`)
  }

  test('finds messages that have all words, newest first, whatever their case and width', async () => {
    const { readModels, story, project } = scene()
    const group = story.group(1, 1, { members: [2] })
    story.post(group, 1, 'The quick brown fox')
    const direct = story.direct(1, 3, 'a QUICK answer')
    story.post(group, 2, 'quicker than a fox')
    story.post(group, 2, 'ｆｏｘ, quick!')
    await project()
    expect(await find(1, 'quick')).toEqual(['g1:4', `${direct}:1`, 'g1:2'])
    expect(await find(1, 'FOX quick')).toEqual(['g1:4', 'g1:2'])
    expect(await find(1, 'fox', { conversation: group })).toEqual(['g1:4', 'g1:3', 'g1:2'])
    expect(await find(1, 'wolf')).toEqual([])
    const page = await readModels.search({ user: 2, query: 'fox brown', limit: 5 })
    expect(page).toEqual({
      items: [
        {
          ...{ conversation: group, seq: 2, at: startMs + 2000, actor: 1, text: 'The quick brown fox' },
          highlights: [
            [10, 15],
            [16, 19],
          ],
        },
      ],
    })
  })

  test('finds Chinese, Japanese, Korean and Thai text by any part of it, and only what has that part in one piece', async () => {
    const { story, project } = scene()
    const group = story.group(1, 1)
    story.post(group, 1, '今日は東京都に行きました。')
    story.post(group, 1, '京の都と東の京')
    story.post(group, 1, '我们明天去北京')
    story.post(group, 1, '안녕하세요 세계')
    story.post(group, 1, 'สวัสดีครับ')
    await project()
    expect(await find(1, '東京')).toEqual(['g1:2'])
    expect(await find(1, '東京都に')).toEqual(['g1:2'])
    expect(await find(1, '京')).toEqual(['g1:4', 'g1:3', 'g1:2'])
    expect(await find(1, '北京')).toEqual(['g1:4'])
    expect(await find(1, '京都')).toEqual(['g1:2'])
    expect(await find(1, '京の東')).toEqual([])
    expect(await find(1, '하세')).toEqual(['g1:5'])
    expect(await find(1, 'สดี')).toEqual(['g1:6'])
  })

  test('finds nothing that history would not show: stays, later joiners, whoever left, strangers', async () => {
    const { readModels, story, project } = scene()
    const [closed, open] = [
      story.group(1, 1, { members: [2] }),
      story.group(2, 1, { name: 'open', members: [2], history: 'all' }),
    ]
    for (const group of [closed, open]) {
      story.post(group, 1, 'secret one')
      story.leave(group, 2)
      story.post(group, 1, 'secret two')
      story.join(group, 3)
      story.post(group, 1, 'secret three')
    }
    await project()
    expect(await find(1, 'secret')).toEqual(['g2:6', 'g2:4', 'g2:2', 'g1:6', 'g1:4', 'g1:2'])
    expect(await find(2, 'secret')).toEqual(['g2:2', 'g1:2'])
    expect(await find(3, 'secret')).toEqual(['g2:6', 'g2:4', 'g2:2', 'g1:6'])
    expect(await find(4, 'secret')).toEqual([])
    for (const group of [closed, open, 'g3', 'd1.2']) {
      expect(await find(4, 'secret', { conversation: group })).toBeUndefined()
      expect(await readModels.history({ user: 4, conversation: group, limit: 1 })).toBeUndefined()
    }
    story.join(closed, 2)
    story.post(closed, 1, 'secret four')
    await project()
    expect(await find(2, 'secret', { conversation: closed })).toEqual(['g1:8', 'g1:2'])
  })

  test('goes by the present text: an edit is found by what it says now, a deleted message not at all', async () => {
    const { story, project } = scene()
    const group = story.group(1, 1, { members: [2] })
    const [edited, deleted] = [story.post(group, 1, 'first word'), story.post(group, 1, 'gone word')]
    story.post(group, 1, 'plain word')
    story.leave(group, 2)
    story.edit(group, 1, edited, 'second word')
    await project()
    expect(await find(1, 'second')).toEqual([`g1:${edited}`])
    expect(await find(1, 'first')).toEqual([])
    expect(await find(1, 'word')).toEqual(['g1:2', 'g1:4', 'g1:3'])
    // He left before the edit.
    expect(await find(2, 'first')).toEqual([`g1:${edited}`])
    expect(await find(2, 'second')).toEqual([])
    story.edit(group, 1, edited, 'third word')
    story.remove(group, 1, deleted)
    await project()
    expect(await find(1, 'word')).toEqual(['g1:2', 'g1:4'])
    expect(await find(1, 'second')).toEqual([])
    expect(await find(1, 'gone')).toEqual([])
    expect(await find(2, 'gone')).toEqual([])
    story.remove(group, 1, edited)
    await project()
    expect(await find(1, 'third word')).toEqual([])
  })

  test('pages are apart and complete', async () => {
    const { readModels, story, project } = scene()
    const groups = [1, 2, 5].map((id) => story.group(id, 1))
    for (let round = 0; round < 70; round++) for (const group of groups) story.post(group, 1, `word ${round}`)
    await project()
    const all = await find(1, 'word', { limit: 1000 })
    expect(all).toHaveLength(210)
    const walked: string[] = []
    let after: string | undefined
    do {
      const page = await readModels.search({
        user: 1,
        query: 'word',
        limit: 40,
        ...(after === undefined ? {} : { after }),
      })
      walked.push(...(page?.items.map(({ conversation, seq }) => `${conversation}:${seq}`) ?? []))
      after = page?.next
    } while (after !== undefined)
    expect(walked).toEqual(all)
    expect(await find(1, 'word', { after: 'nonsense', limit: 1000 })).toEqual(all)
  })

  test.each([
    `' or 1=1 --`,
    `"; drop table read.events_read; --`,
    '%',
    '_',
    '\\',
    '*',
    '!',
    '&',
    '|',
    '(',
    ')',
    ':*',
    '<->',
    '$1',
    '{a,b}',
    '\u0301',
    '\u200b',
    '\u202e',
    '😀',
    ' ',
    '...',
    'a & b | !c:*',
    'a'.repeat(256),
    '東'.repeat(256),
    'x '.repeat(128),
    '\u0301'.repeat(256),
    `${'wd '.repeat(80)}`,
  ])('a query is only words: %j finds nothing and breaks nothing', async (query) => {
    const { story, project } = scene()
    const group = story.group(1, 1)
    story.post(group, 1, 'plain')
    await project()
    expect(await find(1, query)).toEqual([])
    expect(await find(1, `plain ${query}`.slice(0, 256))).toBeDefined()
    expect(await find(1, 'plain')).toEqual(['g1:2'])
  })

  test('what has no text is not found, nor what is only a part of a word', async () => {
    const { story, project } = scene()
    const group = story.group(1, 1, { title: 'needle' })
    const common = { actor: 1, device: 'd', at: startMs + 60_000, keyId: null, replyTo: null, mentions: [] }
    const body = Buffer.from(JSON.stringify({ kind: 'custom', type: 'needle', data: { text: 'needle' } }))
    story.raw(0, { type: 'MessagePosted', conversation: group, seq: 2, ...common, clientMsgId: 'x', body })
    await project()
    expect(await find(1, 'needle')).toEqual([])
    story.direct(1, 2, 'needles')
    await project()
    expect(await find(1, 'needle')).toEqual([])
    expect(await find(1, 'needles')).toEqual(['d1.2:1'])
  })
}

const hourMs = 3_600_000

export const popularTests = (scene: () => ReadModelsScene): void => {
  const popular = async (from: number, to: number, n = 10, hidden: readonly string[] = []) => {
    const words = await scene().readModels.popularWords({ from, to, n, isHidden: (word) => hidden.includes(word) })
    return words.map(({ word, count }) => `${word} ${count}`)
  }

  /** A message at a time of its own. */
  const say = (conversation: string, seq: number, at: number, text: string) => {
    const { story } = scene()
    const body = Buffer.from(JSON.stringify({ kind: 'text', text }))
    const common = { actor: 1, device: 'd', clientMsgId: `m${seq}`, keyId: null, replyTo: null, mentions: [] }
    story.raw(story.partitionOf(conversation), { type: 'MessagePosted', conversation, seq, at, ...common, body })
  }

  test('counts words of groups that everybody may join, over all partitions, by count and then by word', async () => {
    const { story, project } = scene()
    const groups = [1, 2, 3].map((id) => story.group(id, 1, { name: `room${id}` }))
    story.post(groups[0] ?? '', 1, 'Apple banana, apple! ＡＰＰＬＥ')
    story.post(groups[1] ?? '', 1, 'banana cherry')
    story.post(groups[2] ?? '', 1, 'a I 1 22 3.14 don’t 東京')
    await project()
    expect(await popular(startMs, startMs + 1)).toEqual(['apple 3', 'banana 2', 'cherry 1', 'don’t 1', '東京 1'])
    expect(await popular(startMs, startMs + 1, 2)).toEqual(['apple 3', 'banana 2'])
    expect(await popular(startMs, startMs + 1, 2, ['apple'])).toEqual(['banana 2', 'cherry 1'])
  })

  test('tells nothing of what was said in private groups and direct conversations', async () => {
    const { story, project } = scene()
    story.post(story.group(1, 1), 1, 'secret')
    story.direct(1, 2, 'secret')
    story.post(story.group(2, 1, { name: 'room' }), 1, 'open')
    await project()
    expect(await popular(0, startMs * 2)).toEqual(['open 1'])
  })

  test('a window takes the hours that it touches, and batches do not matter', async () => {
    const { story, projection } = scene()
    const group = story.group(1, 1, { name: 'room' })
    const hour = Math.floor(startMs / hourMs) * hourMs
    const texts = ['early', 'middle middle', 'late late late']
    for (const [index, text] of texts.entries()) say(group, 2 + index, hour + index * hourMs + 60_000, text)
    // The clock of a partition does not go back: this counts in the newest hour.
    say(group, 5, hour + 60_000, 'early')
    await story.applyTo(projection, 1)
    expect(await popular(hour, hour + 1)).toEqual(['early 1'])
    expect(await popular(hour, hour + hourMs)).toEqual(['early 1'])
    expect(await popular(hour + hourMs - 1, hour + hourMs + 1)).toEqual(['middle 2', 'early 1'])
    expect(await popular(hour + 2 * hourMs, hour + 3 * hourMs)).toEqual(['late 3', 'early 1'])
    expect(await popular(hour + 3 * hourMs, hour + 9 * hourMs)).toEqual([])
    expect(await popular(0, hour * 2)).toEqual(['late 3', 'early 2', 'middle 2'])
  })

  test('counts at most 10,000 different words an hour and partition, and goes on counting those', async () => {
    const { story, project } = scene()
    const group = story.group(1, 1, { name: 'room' })
    for (let part = 0; part < 11; part++)
      story.post(group, 1, Array.from({ length: 1_000 }, (_, n) => `w${part}x${n}`).join(' '))
    story.post(group, 1, 'w0x0 newcomer')
    await project()
    expect(await popular(startMs, startMs + 1, 1)).toEqual(['w0x0 2'])
    const all = await popular(startMs, startMs + 1, 20_000)
    expect(all).toHaveLength(10_000)
    expect(all).not.toContain('newcomer 1')
  })
}
