import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hasCodePoints, isAllowedDisplayName, isAllowedName, normaliseName } from './names.ts'

test.each([
  ['Ann', 'ann'],
  ['STRASSE', normaliseName('Straße')],
  ['ΟΔΟΣ', normaliseName('οδος')],
  ['ＡＢＣ', 'abc'],
  ['ﬁn', 'fin'],
  ['①', '1'],
  ['e\u0301', '\u00e9'],
  ['a\u00adb', 'ab'],
  ['ſ', 's'],
])('%s is normalised to %s', (name, normalised) => {
  expect(normaliseName(name)).toBe(normalised)
})

test('a normalised name is its own normal form, whatever its characters are', () => {
  for (let point = 0; point <= 0x1ffff; point++) {
    if (point >= 0xd800 && point <= 0xdfff) continue
    const once = normaliseName(String.fromCodePoint(point))
    if (normaliseName(once) !== once) throw new Error(`U+${point.toString(16)}`)
  }
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (name) => normaliseName(normaliseName(name)) === normaliseName(name)),
    { numRuns: 2_000 },
  )
})

test('names that differ in case or form only are the same name', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (name) => {
      expect(normaliseName(name.normalize('NFD'))).toBe(normaliseName(name))
      expect(normaliseName(name.toLowerCase())).toBe(normaliseName(name))
    }),
  )
})

test.each(['ann', 'Ann Lee', 'Жанна', '张伟', 'مريم', '😀', 'a', 'x'.repeat(64), '😀'.repeat(64)])(
  '%s is allowed',
  (name) => {
    expect(isAllowedName(name)).toBe(true)
  },
)

test.each([
  '',
  ' ',
  ' ann',
  'ann ',
  'an\tn',
  'a\nn',
  'a\0n',
  'a\u200bn',
  'a\u202en',
  'a\u2066n',
  'a\u061cn',
  '\ufeffann',
  'a\u2028n',
  'a\u2029n',
  'a\ud800n',
  'a\ue000n',
  'a\u0378n',
  '\u3164',
  '\u00a0ann',
  'x'.repeat(65),
  '\ufdfa'.repeat(10),
])('%j is not allowed', (name) => {
  expect(isAllowedName(name)).toBe(false)
})

test('a display name may hold the joiners of emoji and scripts but no direction marks or line breaks', () => {
  expect(isAllowedDisplayName('👩‍💻 Ann')).toBe(true)
  for (const text of ['', '  ', 'a\u202eb', 'a\nb', 'x'.repeat(65)]) expect(isAllowedDisplayName(text)).toBe(false)
})

test('code points are counted, not UTF-16 units', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (text) => {
      const count = [...text].length
      expect(hasCodePoints(text, count, count)).toBe(true)
      expect(hasCodePoints(text, count + 1, 100)).toBe(false)
      expect(hasCodePoints(text, 0, count - 1)).toBe(false)
    }),
  )
  expect(hasCodePoints('\udc00\ud800', 2, 2)).toBe(true)
})
