import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Verdict } from './report.ts'
import type { Row } from './rows.ts'
import { chunkRowsMax, runStep, type Step } from './step.ts'

interface Key {
  readonly key: string
}

/** A step whose rows are keys; `why` refuses. Rows of one key are never together, of a lane at most two. */
const stepOf = (chunks: string[][]): Step<'friendships', Key> => ({
  kind: 'friendships',
  parse: ({ userid, friendid }) => (friendid === 'no' ? { why: 'no' } : { key: userid }),
  bounds: ({ key }) => [
    [key, 1],
    [key.slice(0, 1), 2],
  ],
  take: async (rows) => {
    chunks.push(rows.map(({ key }) => key))
    return rows.map(({ key }): Verdict => (key.endsWith('t') ? 'taken' : key.endsWith('h') ? 'there' : { why: key }))
  },
})

async function* rowsOf(rows: readonly Row<'friendships'>[]): AsyncIterable<Row<'friendships'>> {
  yield* rows
}

const run = async (rows: readonly Row<'friendships'>[]) => {
  const chunks: string[][] = []
  const noted: [number, Verdict][] = []
  await runStep(stepOf(chunks), rowsOf(rows), async (line, verdict) => void noted.push([line, verdict]))
  return { chunks: chunks.filter((chunk) => chunk.length > 0), noted }
}

test('every row comes to one verdict, in the order of the file', async () => {
  const key = fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('1', '2', '3'), fc.constantFrom('t', 'h', 'x'))
  const kind = fc.constantFrom('row', 'refused', 'broken')
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(key, kind), { maxLength: 60 }), async (all) => {
      const rows = all.map(([parts, what], line): Row<'friendships'> => {
        if (what === 'broken') return { line, why: 'broken' }
        return { line, fields: { userid: parts.join(''), friendid: what === 'refused' ? 'no' : '' } }
      })
      const { noted, chunks } = await run(rows)
      expect(noted.map(([line]) => line)).toEqual(rows.map(({ line }) => line))
      const wanted = all.map(([[a, b, c], what]) => {
        if (what !== 'row') return { why: what === 'broken' ? 'broken' : 'no' }
        return c === 't' ? 'taken' : c === 'h' ? 'there' : { why: a + b + c }
      })
      expect(noted.map(([, verdict]) => (typeof verdict === 'string' ? verdict : { why: verdict.why }))).toEqual(wanted)
      for (const chunk of chunks) {
        expect(new Set(chunk).size).toBe(chunk.length)
        for (const lane of ['a', 'b', 'c']) expect(chunk.filter((one) => one.startsWith(lane)).length).toBeLessThan(3)
      }
    }),
  )
})

test('no more rows are worked on at once than a chunk has', async () => {
  const letter = (index: number) => String.fromCodePoint(0x4e00 + index)
  const rows = Array.from({ length: chunkRowsMax + 1 }, (_, line) => ({
    ...{ line, fields: { userid: `${letter(line)}t`, friendid: '' } },
  }))
  const { chunks } = await run(rows)
  expect(chunks.map(({ length }) => length)).toEqual([chunkRowsMax, 1])
})

test('a step that forgets a row is a bug, not a row less', async () => {
  const forgetful = { ...stepOf([]), take: async () => [] }
  const rows = rowsOf([{ line: 2, fields: { userid: 'at', friendid: '' } }])
  await expect(runStep(forgetful, rows, async () => {})).rejects.toThrow('came to nothing')
})
