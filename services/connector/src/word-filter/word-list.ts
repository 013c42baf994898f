import { codePointsOf, foldText, foldWithRanges } from '@chat/schemas/protocol'
import AhoCorasick from 'modern-ahocorasick'

/** Listed words, found anywhere in a text: `badword` in `xxBADWORD1` too. */
export interface WordList {
  readonly size: number
  hasWord(text: string): boolean
  /** The text with one `*` for each code point that a listed word lies on. The same string when there is none. */
  mask(text: string): string
}

/**
 * Words and texts are compared as `foldText` has them: width and case do not matter, and invisible characters hide nothing. A character
 * that only a part of a word lies on (a ligature, a letter with its marks) is masked whole. `words` are folded here.
 *
 * One pass over a text for all words (Aho-Corasick). Measured with 5,000 words, a message of 70 ASCII characters: 4 µs when it has none of
 * them; 30 Japanese characters: 15 µs; making the list of them: 0.1 to 0.3 s.
 */
export const createWordList = (words: readonly string[]): WordList => {
  const folded = [...new Set(words.map(foldText))]
  const matcher = new AhoCorasick(folded)
  return {
    size: folded.length,
    hasWord: (text) => matcher.match(foldText(text)),
    mask: (text) => {
      if (!matcher.match(foldText(text))) return text
      const { folded: searched, originalRange } = foldWithRanges(text)
      let masked = ''
      let done = 0
      for (const { start, end } of union(matcher.search(searched))) {
        const range = originalRange(start, end)
        const from = Math.max(range.start, done)
        if (range.end <= done) continue
        masked += text.slice(done, from) + '*'.repeat(codePointsOf(text.slice(from, range.end)))
        done = range.end
      }
      return masked + text.slice(done)
    },
  }
}

interface Range {
  readonly start: number
  readonly end: number
}

/** Overlapping matches as one, in order. */
const union = (matches: readonly Range[]): readonly Range[] => {
  const joined: { start: number; end: number }[] = []
  for (const { start, end } of [...matches].sort((a, b) => a.start - b.start)) {
    const last = joined.at(-1)
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end)
    else joined.push({ start, end })
  }
  return joined
}
