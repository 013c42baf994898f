/**
 * Text of others as a terminal may be given it: no escape sequence, no control character, nothing that turns the direction of the line
 * or hides itself. Control characters become visible pictures, the rest of what does not belong is dropped or becomes U+FFFD.
 */

/** Marks on one character: scripts stack up to four, beyond that it is a tower over other lines. */
const marksMax = 4
/** Code points of one emoji: two people with skins who kiss have ten. */
const graphemeCodePointsMax = 16
const replacement = '\ufffd'

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
const emoji = /\p{Extended_Pictographic}|[#*0-9]\ufe0f?\u20e3|\p{Regional_Indicator}/u
const plain = /^[\x20-\x7e]*$/

/** With `\n` as the only control character. */
export const safeText = (text: string): string => {
  if (plain.test(text)) return text
  const lines = text.replaceAll(/\r\n|[\u2028\u2029]/g, '\n')
  let safe = ''
  for (const { segment } of segmenter.segment(lines)) safe += safeGrapheme(segment)
  return safe
}

/** The same as one line. */
export const safeLine = (text: string): string => safeText(text).replaceAll(/ ?\n ?/g, ' ⏎ ')

/** What a user sees as one character, for cursors and widths. */
export const graphemesOf = (text: string): readonly string[] =>
  Array.from(segmenter.segment(text), ({ segment }) => segment)

const safeGrapheme = (grapheme: string): string => {
  if (plain.test(grapheme)) return grapheme
  const isEmoji = emoji.test(grapheme)
  let safe = ''
  let marks = 0
  let count = 0
  for (const character of grapheme) {
    if (/\p{M}/u.test(character) && ++marks > marksMax) continue
    if (++count > graphemeCodePointsMax) break
    safe += safeCharacter(character, isEmoji)
  }
  return safe
}

const safeCharacter = (character: string, isInEmoji: boolean): string => {
  const code = character.codePointAt(0) ?? 0
  if (code === 0x0a) return character
  if (code === 0x09) return ' '
  if (code < 0x20) return String.fromCodePoint(0x2400 + code)
  if (code === 0x7f) return '\u2421'
  if (/[\p{Cc}\p{Cs}\p{Co}\p{Cn}]/u.test(character)) return replacement
  if (/[\u200d\ufe0e\ufe0f]/u.test(character)) return isInEmoji ? character : ''
  if (/[\p{Cf}\p{Default_Ignorable_Code_Point}]/u.test(character)) return ''
  return /\p{Zs}/u.test(character) && character !== '\u3000' ? ' ' : character
}

/** What JSON may hold but a terminal must not get. */
const unsafeInJson =
  /[\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\udb40[\udc00-\udfff]/g

/** One line of JSON that reads as the value and holds nothing that acts on a terminal. */
export const safeJson = (value: unknown): string =>
  JSON.stringify(value).replaceAll(unsafeInJson, (found) =>
    Array.from({ length: found.length }, (_, i) => `\\u${found.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''),
  )
