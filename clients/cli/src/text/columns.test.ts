import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { columnsOf, fitted, wrapped } from './columns.ts'
import { graphemesOf, safeText } from './safe-text.ts'

test.each([
  ['abc', 3],
  ['你好', 4],
  ['ﾃｽﾄ', 3],
  ['👩🏽‍❤️‍💋‍👨🏿', 2],
  ['🇩🇪', 2],
  ['e\u0301', 1],
])('%s is %i columns wide', (text, columns) => {
  expect(columnsOf(text)).toBe(columns)
})

test.each([
  ['ab', 4, 'ab  '],
  ['abcdef', 4, 'abc…'],
  ['你好世界', 5, '你好…'],
  ['你好世界', 6, '你好… '],
  ['abc', 0, ''],
])('%s in %i columns is "%s"', (text, columns, expected) => {
  expect(fitted(text, columns)).toBe(expected)
})

describe('wrapping', () => {
  test.each([
    ['the quick brown fox', 10, ['the quick', 'brown fox']],
    ['abcdefghij', 4, ['abcd', 'efgh', 'ij']],
    ['a abcdefghij', 4, ['a', 'abcd', 'efgh', 'ij']],
    ['你好世界', 5, ['你好', '世界']],
    ['ok 你好世界', 6, ['ok 你', '好世界']],
    ['one\n\ntwo', 10, ['one', '', 'two']],
    ['👍🏽👍🏽👍🏽', 4, ['👍🏽👍🏽', '👍🏽']],
    ['宽', 1, ['宽']],
    [' a好', 2, ['', 'a', '好']],
  ])('%s in %i columns', (text, columns, lines) => {
    expect(wrapped(text, columns)).toEqual(lines)
  })

  test('no line is too wide, and nothing but blanks is lost', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '好', '👍🏽', 'e\u0301', '\n'), maxLength: 60 })
    fc.assert(
      fc.property(text, fc.integer({ min: 2, max: 20 }), (raw, columns) => {
        const safe = safeText(raw)
        const lines = wrapped(safe, columns)
        for (const line of lines) expect(columnsOf(line)).toBeLessThanOrEqual(columns)
        const marks = (all: string) => graphemesOf(all.replaceAll(/[ \n]/g, ''))
        expect(marks(lines.join(''))).toEqual(marks(safe))
      }),
      { numRuns: 1_000 },
    )
  })

  test('what fits is exactly as wide as asked', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '好', '👍🏽', ' '), maxLength: 30 })
    fc.assert(
      fc.property(text, fc.nat(20), (raw, columns) => {
        expect(columnsOf(fitted(raw, columns))).toBe(columns)
      }),
    )
  })
})
