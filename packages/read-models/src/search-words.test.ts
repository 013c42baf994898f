import fc from 'fast-check'
import { expect, test } from 'vitest'
import { highlightsOf, searchTermsOf, searchWordsOf } from './search-words.ts'

test.each([
  ['Hello, hello WORLD 42', ['hello', 'world', '42']],
  ['ＡＢＣ straße', ['abc', 'strasse']],
  ['go東京へ', ['go', '東', '東京', '京', '京へ', 'へ']],
  ['ﾃｽﾄ', ['テ', 'テス', 'ス', 'スト', 'ト']],
  ['don’t', ['don', 't']],
  ['!?…', []],
  ['x'.repeat(100), ['x'.repeat(64)]],
])('%s is found by its words', (text, words) => {
  expect(searchWordsOf(text)).toEqual(words)
})

const highlighted = (text: string, query: string) => {
  const characters = Array.from(text)
  return highlightsOf(text, searchTermsOf(query))?.map(([from, to]) => characters.slice(from, to).join(''))
}

test('highlights are the places in the text as written', () => {
  expect(highlighted('😀 The Straße, the STRASSE', 'strasse')).toEqual(['Straße', 'STRASSE'])
  expect(highlighted('ＡＢＣ and abc', 'abc')).toEqual(['ＡＢＣ', 'abc'])
  expect(highlighted('今日は東京都', '東京 東京都')).toEqual(['東京都'])
  expect(highlighted('b\u200bad', 'bad')).toEqual(['b\u200bad'])
  expect(highlighted('one two', 'one three')).toBeUndefined()
})

const units = fc.string({ unit: fc.constantFrom(...'aAbß ，.東京都はガﾞ가😀', '\u0301', '\u200b'), maxLength: 30 })

test('a text is found by every part of it that search terms can be made of', () => {
  fc.assert(
    fc.property(units, (text) => {
      const terms = searchTermsOf(text)
      const words = new Set(searchWordsOf(text))
      expect(terms.indexed.every((word) => words.has(word))).toBe(true)
      expect(highlightsOf(text, terms)).toBeDefined()
    }),
    { numRuns: 1_000 },
  )
})

test('highlights lie in the text, apart and in order', () => {
  fc.assert(
    fc.property(units, units, (text, query) => {
      let end = -1
      for (const [from, to] of highlightsOf(text, searchTermsOf(query)) ?? []) {
        expect(from).toBeGreaterThan(end)
        expect(to).toBeGreaterThan(from)
        end = to
      }
      expect(end).toBeLessThanOrEqual(Array.from(text).length)
    }),
    { numRuns: 1_000 },
  )
})

test('no word has a space, which the index takes for the end of one', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(searchWordsOf(text).some((word) => /[\s\0]/u.test(word) || word === '')).toBe(false)
    }),
  )
})
