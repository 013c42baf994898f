import { foldText, foldWithRanges } from '@chat/schemas/protocol'

/** A word is told from another by so much of it; it also bounds an index entry. Code points. */
const wordCodePointsMax = 64
/** Words that the index is asked for; those beyond are looked for in what it finds. */
const indexedQueryWordsMax = 16

/** Of scripts that put no space between words, or join to them what others set apart: they are found by any part of a run. */
const denseScripts =
  '[[\\p{scx=Hani}\\p{scx=Hira}\\p{scx=Kana}\\p{scx=Hang}\\p{scx=Thai}\\p{scx=Laoo}\\p{scx=Khmr}\\p{scx=Mymr}]&&[\\p{L}\\p{M}\\p{N}]]'
const pieces = new RegExp(`(${denseScripts}+)|[[\\p{L}\\p{M}\\p{N}]--${denseScripts}]+`, 'gv')

interface Piece {
  /** `run`: of a dense script. */
  readonly kind: 'word' | 'run'
  readonly text: string
  /** In the folded text, UTF-16. */
  readonly index: number
}

const piecesOf = (folded: string): readonly Piece[] =>
  Array.from(folded.matchAll(pieces), ({ 0: text, 1: run, index }) =>
    run === undefined ? { kind: 'word', text: cut(text), index } : { kind: 'run', text, index },
  )

const cut = (word: string): string =>
  word.length <= wordCodePointsMax ? word : Array.from(word).slice(0, wordCodePointsMax).join('')

/**
 * What a text is found by: its words, folded (width, case), and of dense scripts every character and every two that follow one another.
 * The same text gives the same words, in the order of their first place, each once. No word has a space in it.
 */
export const searchWordsOf = (text: string): readonly string[] => {
  const words = new Set<string>()
  for (const { kind, text: piece } of piecesOf(foldText(text))) {
    if (kind === 'word') words.add(piece)
    else {
      const characters = Array.from(piece)
      for (const [index, character] of characters.entries()) {
        words.add(character)
        const next = characters[index + 1]
        if (next !== undefined) words.add(character + next)
      }
    }
  }
  return [...words]
}

/** What somebody looks for: every word and every run of a text, whatever else stands in it. Nothing in it has a meaning of its own. */
export interface SearchTerms {
  /** What the index is asked for; a text without any of these is not found. Empty: nothing was asked for. */
  readonly indexed: readonly string[]
  readonly words: ReadonlySet<string>
  readonly runs: readonly string[]
}

export const searchTermsOf = (query: string): SearchTerms => {
  const found = piecesOf(foldText(query))
  const runs = found.filter(({ kind }) => kind === 'run').map(({ text }) => text)
  const words = new Set(found.filter(({ kind }) => kind === 'word').map(({ text }) => text))
  const indexed = [...new Set([...words, ...runs.flatMap(indexedOf)])].slice(0, indexedQueryWordsMax)
  return { indexed, words, runs }
}

/** Two characters say what each of them would. */
const indexedOf = (run: string): readonly string[] => {
  const characters = Array.from(run)
  return characters.length === 1 ? characters : characters.slice(1).map((next, index) => `${characters[index]}${next}`)
}

/** Code points of the text, `to` exclusive. */
export type Highlight = readonly [from: number, to: number]

/** Where a text says what is looked for, in order and apart; undefined: it does not say all of it. */
export const highlightsOf = (text: string, { words, runs }: SearchTerms): readonly Highlight[] | undefined => {
  const { folded, originalRange } = foldWithRanges(text)
  const missing = new Set([...words, ...runs])
  const ranges: { readonly start: number; readonly end: number }[] = []
  const note = (term: string, start: number) => {
    missing.delete(term)
    ranges.push(originalRange(start, start + term.length))
  }
  for (const { kind, text: piece, index } of piecesOf(folded)) {
    if (kind === 'word' && words.has(piece)) note(piece, index)
    if (kind === 'word') continue
    for (const run of runs)
      for (let at = piece.indexOf(run); at >= 0; at = piece.indexOf(run, at + 1)) note(run, index + at)
  }
  return missing.size > 0 ? undefined : inCodePoints(text, ranges)
}

const inCodePoints = (
  text: string,
  ranges: readonly { readonly start: number; readonly end: number }[],
): readonly Highlight[] => {
  const joined: { start: number; end: number }[] = []
  for (const { start, end } of [...ranges].sort((a, b) => a.start - b.start)) {
    const last = joined.at(-1)
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end)
    else joined.push({ start, end })
  }
  let [units, points] = [0, 0]
  const pointsBefore = (unit: number): number => {
    for (; units < unit; points++) units += (text.codePointAt(units) ?? 0) > 0xffff ? 2 : 1
    return points
  }
  return joined.map(({ start, end }): Highlight => [pointsBefore(start), pointsBefore(end)])
}
