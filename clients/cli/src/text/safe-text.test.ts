import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { graphemesOf, safeJson, safeLine, safeText } from './safe-text.ts'

describe('text of others', () => {
  test.each([
    ['an escape sequence shows, and does nothing', '\x1b[2J\x1b]0;title\x07', '␛[2J␛]0;title␇'],
    ['the one-byte escapes of C1 too', 'a\x9b31mb\x85', 'a\ufffd31mb\ufffd'],
    ['a carriage return cannot overwrite the line', 'nice\rbad', 'nice␍bad'],
    ['bidi controls are gone', 'abc\u202edcba\u202c\u2066x\u2069\u200f', 'abcdcbax'],
    ['zero width characters are gone', 'a\u200bd\u2060m\ufeffin\u00ad', 'admin'],
    ['lone surrogates, private and unassigned characters are replaced', '\ud800 \ue000 \u0378', '\ufffd \ufffd \ufffd'],
    ['a tab is a blank', 'a\tb', 'a b'],
    ['odd line ends are line ends', 'a\r\nb\u2028c\u2029d', 'a\nb\nc\nd'],
    ['wide text stays', '你好，世界\u3000ﾃｽﾄ', '你好，世界\u3000ﾃｽﾄ'],
    ['emoji stay whole', '👩🏽‍❤️‍💋‍👨🏿 👍🏽 🇩🇪 1️⃣', '👩🏽‍❤️‍💋‍👨🏿 👍🏽 🇩🇪 1️⃣'],
    ['a joiner outside of an emoji is gone', 'a\u200db', 'ab'],
    ['accents stay', 'e\u0301 ก็่', 'e\u0301 ก็่'],
  ])('%s', (_, text, safe) => {
    expect(safeText(text)).toBe(safe)
  })

  test('a tower of marks has four floors', () => {
    expect(safeText(`z${'\u0300'.repeat(10_000)}!`)).toBe(`z${'\u0300'.repeat(4)}!`)
  })

  test('a line has no line ends', () => {
    expect(safeLine('a\nb\r\nc')).toBe('a ⏎ b ⏎ c')
  })

  const hostile = fc.string({ unit: 'binary', maxLength: 200 })
  const acting = /(?!\n)[\p{Cc}\p{Cs}\p{Bidi_Control}\p{Zl}\p{Zp}\u200b\u2060\ufeff]/u

  test('nothing that acts on a terminal is left of any text, and a second time changes nothing', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const safe = safeText(text)
        expect(safe).not.toMatch(acting)
        expect(safeText(safe)).toBe(safe)
      }),
    )
  })

  test('JSON reads as the value, and nothing in it acts on a terminal', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const json = safeJson({ text })
        expect(JSON.parse(json)).toEqual({ text })
        expect(json).not.toMatch(/[\p{Cc}\p{Cs}\p{Bidi_Control}\p{Zl}\p{Zp}\u200b\u2060\ufeff\u{e0041}]/u)
      }),
    )
  })
})

test('graphemes are what people see', () => {
  expect(graphemesOf('e\u0301👍🏽字')).toEqual(['e\u0301', '👍🏽', '字'])
})
