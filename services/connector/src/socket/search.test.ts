import { expect, test } from 'vitest'
import { ask, connect, createReadyWorld } from '../test-world.ts'
import { createWordFilter } from '../word-filter/word-filter.ts'
import { createWordList } from '../word-filter/word-list.ts'
import { snippetOf } from './frames/snippet.ts'

const masking = () => ({ wordFilter: createWordFilter('mask', () => createWordList(['badword'])) })

test('a search answers with snippets of plain text and where in them the words are', async () => {
  const { world, connector } = await createReadyWorld()
  const client = await connect(world, connector, 1)
  await world.post(2, 'd1.2', 'some <b>bold</b> words')
  await world.post(2, 'd1.2', 'other words')
  expect(await ask(world, client, { op: 'search', ref: 1, query: 'BOLD words' })).toMatchObject({
    op: 'ok',
    items: [
      {
        ...{ conversation: 'd1.2', seq: 1, actor: 2, at: '2026-01-01T00:00:00.000Z' },
        snippet: 'some <b>bold</b> words',
        highlights: [
          [8, 12],
          [17, 22],
        ],
      },
    ],
  })
  const page = await ask(world, client, { op: 'search', ref: 2, query: 'words', limit: 1 })
  expect((page.items as unknown[]).length).toBe(1)
  const next = await ask(world, client, { op: 'search', ref: 3, query: 'words', limit: 1, after: page.next })
  expect(next).toMatchObject({ items: [{ seq: 1 }] })
})

test('other people’s conversations are not found, and not there', async () => {
  const { world, connector } = await createReadyWorld()
  await world.post(2, 'd1.2', 'secret words')
  const stranger = await connect(world, connector, 3)
  expect(await ask(world, stranger, { op: 'search', ref: 1, query: 'secret' })).toMatchObject({ items: [] })
  for (const [ref, conversation] of [
    [2, 'd1.2'],
    [3, 'g77'],
  ] as const)
    expect(await ask(world, stranger, { op: 'search', ref, query: 'secret', conversation })).toMatchObject({
      op: 'error',
      code: 'not_found',
    })
})

test('snippets are masked, and what is highlighted stays in its place', async () => {
  const { world, connector } = await createReadyWorld(masking())
  const client = await connect(world, connector, 1)
  await world.post(2, 'd1.2', 'xxbadword1 and more')
  expect(await ask(world, client, { op: 'search', ref: 1, query: 'more' })).toMatchObject({
    items: [{ snippet: 'xx*******1 and more', highlights: [[15, 19]] }],
  })
})

test('popular words are those of the current hour unless a window is named; listed words are not told', async () => {
  const { world, connector } = await createReadyWorld(masking())
  const client = await connect(world, connector, 1)
  const made = await ask(world, client, {
    ...{ op: 'group.create', ref: 1, name: 'room', title: 'room', visibility: 'public' },
  })
  const room = String(made.conversation)
  await world.post(1, room, 'apple apple badword')
  await world.post(1, 'd1.2', 'secret')
  expect(await ask(world, client, { op: 'popular', ref: 2 })).toMatchObject({
    op: 'ok',
    words: [{ word: 'apple', count: 2 }],
  })
  await world.clock.advance(3_600_000)
  // Nothing was heard of the first one for an hour.
  const later = await connect(world, connector, 1, { clock: world.clock })
  const popular = (ref: number, fields: object = {}) => ask(world, later, { op: 'popular', ref, ...fields })
  expect(await popular(3)).toMatchObject({ words: [] })
  await world.post(1, room, 'banana')
  expect(await popular(4)).toMatchObject({ words: [{ word: 'banana', count: 1 }] })
  const window = { from: '2026-01-01T00:00:00.000Z', to: '2026-01-01T02:00:00.000Z' }
  expect(await popular(5, { ...window, n: 1 })).toMatchObject({ words: [{ word: 'apple', count: 2 }] })
  expect(await popular(6, { from: window.to, to: window.from })).toMatchObject({ code: 'invalid' })
})

test('a snippet of a long text is the part around the first place, at most 160 characters', () => {
  const text = `${'😀'.repeat(300)}needle${'x'.repeat(300)}`
  const { snippet, highlights } = snippetOf(text, [
    [300, 306],
    [500, 510],
  ])
  expect([...snippet]).toHaveLength(160)
  expect(highlights).toEqual([[40, 46]])
  expect([...snippet].slice(40, 46).join('')).toBe('needle')
  expect(snippetOf(text, [[600, 606]])).toMatchObject({ highlights: [[154, 160]] })
  expect(snippetOf('short', [])).toEqual({ snippet: 'short', highlights: [] })
})
