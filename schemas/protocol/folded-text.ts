import { fold } from './names.ts'

/** A text as it is compared, and where each part of that came from. */
export interface FoldedText {
  readonly folded: string
  /** The UTF-16 range of the original text, end exclusive, that the folded units from `start` to `end` (exclusive) came from. */
  originalRange(start: number, end: number): { readonly start: number; readonly end: number }
}

/**
 * How texts are compared: NFKC (so the full-width `ＢＡＤ` equals `bad`), full case folding, without invisible characters. Cheap for
 * ASCII. Lengths may change: `ß` becomes `ss`; `foldWithRanges` tells what became what.
 */
export const foldText = (text: string): string => (isAscii.test(text) ? text.toLowerCase() : fold(text))

/** The same with the way back, at some 100 ns a character that is not ASCII: for the few texts that need it. */
export const foldWithRanges = (text: string): FoldedText => {
  if (isAscii.test(text)) return { folded: text.toLowerCase(), originalRange: (start, end) => ({ start, end }) }
  let folded = ''
  const starts: number[] = []
  const ends: number[] = []
  for (const { 0: piece, index } of text.matchAll(pieces)) {
    const part = fold(piece)
    folded += part
    for (let unit = 0; unit < part.length; unit++) {
      starts.push(index)
      ends.push(index + piece.length)
    }
  }
  return {
    folded,
    originalRange: (start, end) => ({ start: starts[start] ?? text.length, end: ends[end - 1] ?? 0 }),
  }
}

const isAscii = /^[\0-\x7f]*$/

/**
 * A character with all that normalisation may join to it: marks, half-width voicing marks, vowels and finals of Hangul, and the
 * invisible characters that are left out. Folding one piece after the other gives what folding the whole gives.
 */
const pieces =
  /[\s\S][\p{M}\p{Default_Ignorable_Code_Point}\u{1160}-\u{11ff}\u{d7b0}-\u{d7ff}\u{314f}-\u{3163}\u{ff9e}\u{ff9f}\u{ffc2}-\u{ffdc}]*/gu

/** How many code points. */
export const codePointsOf = (text: string): number => {
  let count = 0
  for (const _ of text) count++
  return count
}
