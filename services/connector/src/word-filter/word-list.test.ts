import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createWordList } from './word-list.ts'

const list = createWordList(['badword', 'Straße', 'fish', '悪い', 'she', 'hers', 'two words'])

test.each([
  ['xxbadword1', 'xx*******1'],
  ['a ＢａＤWord b', 'a ******* b'],
  ['STRASSE straße', '******* ******'],
  ['ﬁsh and ﬂsh', '*** and ﬂsh'],
  ['b\u200bad\u00adword!', '*********!'],
  ['悪い子', '**子'],
  ['ushers', 'u*****'],
  ['badwordbadword', '**************'],
  ['two words, two  words', '*********, two  words'],
  ['😀badword😀', '😀*******😀'],
  ['İbadword', 'İ*******'],
])('%s is shown as %s', (text, masked) => {
  expect([list.mask(text), list.hasWord(text)]).toEqual([masked, true])
})

test('a character is masked whole though a word lies on a part of it only, and once for each code point of the original', () => {
  expect(createWordList(['fi']).mask('oﬃce')).toBe('o*ce')
  expect(createWordList(['가']).mask('a\u1100\u1161b')).toBe('a**b')
})

test('letters with marks are other letters', () => {
  expect([list.mask('bädword'), list.mask('ba\u0308dword')]).toEqual(['bädword', 'ba\u0308dword'])
})

test('a text without listed words stays the same string', () => {
  const text = 'nothing to see, Straß'
  expect(list.mask(text)).toBe(text)
  expect(list.hasWord(text)).toBe(false)
})

test('masking keeps the number of code points, leaves no listed word, and changes nothing a second time', () => {
  const units = [...'badworshetfiſ悪いＢＡＤﬁß* ', '\u200b', '\u0301', '😀']
  const texts = fc.oneof(
    fc
      .array(fc.constantFrom(...units, 'badword', 'straße', 'fish', 'hers'), { maxLength: 30 })
      .map((all) => all.join('')),
    fc.string({ unit: 'grapheme' }),
  )
  fc.assert(
    fc.property(texts, (text) => {
      const masked = list.mask(text)
      expect([...masked]).toHaveLength([...text].length)
      expect(list.hasWord(masked)).toBe(false)
      expect(list.mask(masked)).toBe(masked)
      const shown = [...masked].filter((character, index) => character !== [...text][index])
      expect(shown.every((character) => character === '*')).toBe(true)
    }),
    { numRuns: 2_000 },
  )
})

test('the longest text and 10,000 marks on one letter are masked like any other', () => {
  expect(list.mask(`${'x'.repeat(3_993)}badword`)).toBe(`${'x'.repeat(3_993)}*******`)
  expect(list.mask(`a${'\u0301'.repeat(10_000)} badword`)).toBe(`a${'\u0301'.repeat(10_000)} *******`)
})
