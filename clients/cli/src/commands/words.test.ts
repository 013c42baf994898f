import { expect, test } from 'vitest'
import { runCommandLine } from '../shell/run.ts'
import { createTestSurroundings, testLogin, testUser } from '../test-surroundings.ts'

type Fields = Readonly<Record<string, unknown>>

const run = async (args: readonly string[], answers: Readonly<Record<string, Fields>>, env = {}) => {
  const surroundings = createTestSurroundings({
    env,
    login: testLogin(),
    answer: (_path, { body }) => ({ status: 200, body: { op: 'ok', ...answers[String((body as Fields).op)] } }),
  })
  const code = await runCommandLine(args, surroundings)
  return { code, out: surroundings.written.join(''), told: surroundings.told.join(''), asked: surroundings.requests }
}

const found = {
  ...{ conversation: 'g31', seq: 4, at: '2026-01-01T00:00:00.000Z', actor: 7 },
  ...{ snippet: '👍 more \x1b[2J tea', highlights: [[2, 6]] },
}

test('search shows where it was found and what, and nothing that acts on the terminal', async () => {
  const answers = { search: { items: [found] }, user: { user: testUser } }
  const { code, out, asked } = await run(['search', 'more', '--in', 'g31', '--limit', '5'], answers, {
    FORCE_COLOR: '1',
  })
  expect(code).toBe(0)
  expect(out).toContain('g31/4')
  expect(out).toContain('ann: 👍 \x1b[1mmore\x1b[22m ␛[2J tea')
  expect(asked[0]?.body).toMatchObject({ op: 'search', query: 'more', conversation: 'g31', limit: 5 })
})

test('search goes on to the next page, and --json gives the items as they are', async () => {
  const pages = [{ items: [found], next: 'n' }, { items: [{ ...found, seq: 3 }] }]
  const surroundings = createTestSurroundings({
    login: testLogin(),
    answer: (_path, { body }) => {
      const isSearch = (body as Fields).op === 'search'
      return { status: 200, body: { op: 'ok', ...(isSearch ? pages.shift() : { user: testUser }) } }
    },
  })
  expect(await runCommandLine(['search', 'more', '--json'], surroundings)).toBe(0)
  const lines = surroundings.written.join('').trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line))).toEqual([found, { ...found, seq: 3 }])
})

test('popular lists words with how often they were written', async () => {
  const words = [
    { word: 'tea', count: 12 },
    { word: '茶', count: 3 },
  ]
  const { code, out, asked } = await run(['popular', '--n', '2', '--from', '2026-01-01T12:00Z'], { popular: { words } })
  expect([code, out]).toEqual([0, '    12  tea\n     3  茶\n'])
  expect(asked[0]?.body).toMatchObject({ op: 'popular', n: 2, from: '2026-01-01T12:00:00.000Z' })
})

test('a time that is none is a mistake of the command line', async () => {
  expect(await run(['popular', '--from', 'noon'], {})).toMatchObject({ code: 2 })
})
