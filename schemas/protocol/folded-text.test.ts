import fc from 'fast-check'
import { expect, test } from 'vitest'
import { foldText, foldWithRanges } from './folded-text.ts'

test.each([
  ['BadWord', 'badword'],
  ['ＢＡＤ', 'bad'],
  ['Straße', 'strasse'],
  ['ΟΔΟΣ', 'οδοσ'],
  ['b\u200bad\u00adword', 'badword'],
  ['ｶﾞ', 'ガ'],
])('%s is compared as %s', (text, folded) => {
  expect(foldText(text)).toBe(folded)
})

test('a part of the folded text is traced back to what it came from, also where lengths change', () => {
  const { folded, originalRange } = foldWithRanges('aStraße ＢＡＤ!')
  expect(folded).toBe('astrasse bad!')
  const range = (part: string) => {
    const at = folded.indexOf(part)
    const { start, end } = originalRange(at, at + part.length)
    return 'aStraße ＢＡＤ!'.slice(start, end)
  }
  expect([range('strasse'), range('bad'), range('se'), range('!')]).toEqual(['Straße', 'ＢＡＤ', 'ße', '!'])
})

/** Letters that normalisation joins, splits, widens or drops. */
const awkward = [
  ...'aßİıΣςſﬁ㍿Ａｶﾞﾟガ가각ㅅㅏㄱ각한',
  '\u0301',
  '\u0308',
  '\u0345',
  '\u200b',
  '\u00ad',
  '\u{1F468}',
  '\u{1D400}',
  ' ',
]

test('folding piece by piece gives what folding the whole gives', () => {
  const texts = fc.oneof(fc.string({ unit: fc.constantFrom(...awkward) }), fc.string({ unit: 'grapheme' }))
  fc.assert(
    fc.property(texts, (text) => {
      expect(foldWithRanges(text).folded).toBe(foldText(text))
    }),
    { numRuns: 2_000 },
  )
})

test('ranges lie within the text and follow one another', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...awkward) }), (text) => {
      const { folded, originalRange } = foldWithRanges(text)
      let before = 0
      for (let unit = 0; unit < folded.length; unit++) {
        const { start, end } = originalRange(unit, unit + 1)
        expect(start).toBeGreaterThanOrEqual(before)
        expect(end).toBeGreaterThan(start)
        expect(end).toBeLessThanOrEqual(text.length)
        before = start
      }
    }),
  )
})
