import { aboutCodePointsMax, displayNameCodePointsMax, nameCodePointsMax } from './limits.ts'

/**
 * What is unique: NFKC and full case folding, without default-ignorable characters (Unicode's NFKC_Casefold, in the built-in
 * operations that come nearest: upper case first unfolds ß and ſ, the final sigma has no fold of its own there, and a second pass makes
 * it idempotent). It decides the partition of a name, so a change of its result would need a migration of the log.
 */
export const normaliseName = (name: string): string => fold(fold(name))

/** One pass of it: what `normaliseName` does twice. */
export const fold = (text: string): string =>
  text
    .normalize('NFKC')
    .toUpperCase()
    .toLowerCase()
    .replaceAll('ς', 'σ')
    .replaceAll(/\p{Default_Ignorable_Code_Point}/gu, '')
    .normalize('NFKC')

/** Control, format (bidi controls are among them), private, surrogate, unassigned; line and paragraph separators. */
const refusedInNames = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}\p{Zl}\p{Zp}]/u

/** Display text may hold the joiners that scripts and emoji need, but nothing that breaks a line or turns its direction. */
const refusedInTitles = /[\p{Cc}\p{Cs}\p{Cn}\p{Zl}\p{Zp}\p{Bidi_Control}]/u

/** What titles have not either, but for line ends. */
const refusedInTexts = /[\p{Cc}\p{Cs}\p{Cn}\p{Bidi_Control}]/u

/** Whether a user or a public group may be called this: 1-64 code points as written and as normalised, visible, no outer white space. */
export const isAllowedName = (name: string): boolean =>
  isVisible(name, nameCodePointsMax) &&
  !refusedInNames.test(name) &&
  isVisible(normaliseName(name), nameCodePointsMax) &&
  !refusedInNames.test(normaliseName(name))

/** One line of text for people: titles and display names. */
export const isAllowedTitle = (text: string, codePointsMax: number): boolean =>
  !refusedInTitles.test(text) && text.trim() !== '' && hasCodePoints(text, 1, codePointsMax)

/** Text for people, of any number of lines: nothing in it may turn the direction of what stands around it. */
export const isAllowedAbout = (text: string): boolean =>
  hasCodePoints(text, 0, aboutCodePointsMax) && !refusedInTexts.test(text.replaceAll(/[\t\n]/g, ''))

export const isAllowedDisplayName = (text: string): boolean => isAllowedTitle(text, displayNameCodePointsMax)

const isVisible = (text: string, codePointsMax: number): boolean =>
  hasCodePoints(text, 1, codePointsMax) && text.trim() === text

/** Whether `text` has from `min` to `max` Unicode code points. Stops counting beyond `max`. */
export const hasCodePoints = (text: string, min: number, max: number): boolean => {
  if (text.length > 2 * max) return false
  let count = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    const isTrailOfPair = unit >= 0xdc00 && unit <= 0xdfff && isLead(text.charCodeAt(i - 1))
    if (!isTrailOfPair) count++
  }
  return count >= min && count <= max
}

const isLead = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff
