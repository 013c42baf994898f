import fc from 'fast-check'
import { expect, test } from 'vitest'
import { countedWordsOf } from './counted-words.ts'

test.each([
  ['Hello hello, WORLD!', ['hello', 'hello', 'world']],
  ["don't stop e.g. a_b", ["don't", 'stop', 'e.g', 'a_b']],
  ['I a 1 22 3.14 😀 ok', ['ok']],
  ['東京に行きました', ['東京', '行き', 'した']],
  ['สวัสดีครับ', ['สวัสดี', 'ครับ']],
  ['Straße ＡＢＣ', ['strasse', 'abc']],
  ['x'.repeat(65), []],
])('of %s these words count', (text, words) => {
  expect(countedWordsOf(text)).toEqual(words)
})

test('the short way for ASCII finds the words that the segmenter finds', () => {
  const segmenter = new Intl.Segmenter('und', { granularity: 'word' })
  const segmented = (text: string) =>
    Array.from(segmenter.segment(text.toLowerCase()))
      .filter(({ segment, isWordLike }) => isWordLike && segment.length >= 2 && segment.length <= 64)
      .map(({ segment }) => segment)
      .filter((word) => /[a-z]/.test(word))
  const texts = fc.oneof(
    fc.string({ unit: fc.constantFrom(...`aB1_.,:;'"- \n@#/`), maxLength: 40 }),
    fc.string({ unit: 'grapheme-ascii', maxLength: 60 }),
  )
  fc.assert(
    fc.property(texts, (text) => {
      expect(countedWordsOf(text)).toEqual(segmented(text))
    }),
    { numRuns: 5_000 },
  )
})
