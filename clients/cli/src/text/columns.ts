import stringWidth from 'string-width'
import { graphemesOf } from './safe-text.ts'

/** Columns of a terminal, for text that is safe already (`safe-text.ts`). */

/** Two for most of what is Chinese, Japanese, Korean or an emoji. */
export const columnsOf = (text: string): number => (isAscii.test(text) ? text.length : stringWidth(text))

const isAscii = /^[\x20-\x7e]*$/

/** Exactly `columns` wide: cut with an ellipsis, or filled with blanks. */
export const fitted = (text: string, columns: number): string => {
  const width = columnsOf(text)
  if (width <= columns) return text + ' '.repeat(columns - width)
  if (columns <= 0) return ''
  let cut = ''
  let used = 0
  for (const grapheme of graphemesOf(text)) {
    const next = columnsOf(grapheme)
    if (used + next > columns - 1) break
    cut += grapheme
    used += next
  }
  return `${cut}…${' '.repeat(columns - 1 - used)}`
}

/**
 * The lines of a text, none wider than `columns`: broken at blanks, and beside wide characters, which need none; a word that is longer
 * than a line is broken where the line ends. A character that is wider than the line has a line of its own.
 */
export const wrapped = (text: string, columns: number): readonly string[] =>
  text.split('\n').flatMap((line) => wrappedLine(line, Math.max(1, columns)))

const wrappedLine = (line: string, columns: number): readonly string[] => {
  if (columnsOf(line) <= columns) return [line]
  const lines: string[] = []
  let current: string[] = []
  let width = 0
  /** How many of `current` may stay when the line is full; 0: there is no place to break it. */
  let breakAt = 0
  for (const grapheme of graphemesOf(line)) {
    const next = columnsOf(grapheme)
    const isFull = width + next > columns && current.length > 0
    // What stays behind a break may still leave no room for a wide character.
    while (width + next > columns && current.length > 0) {
      const at = grapheme === ' ' || breakAt === 0 ? current.length : breakAt
      lines.push(current.slice(0, at).join('').trimEnd())
      current = current.slice(at)
      width = columnsOf(current.join(''))
      breakAt = 0
    }
    if (isFull && grapheme === ' ' && current.length === 0) continue
    if (next > 1 && current.length > 0) breakAt = current.length
    current.push(grapheme)
    width += next
    if (grapheme === ' ' || next > 1) breakAt = current.length
  }
  if (current.length > 0) lines.push(current.join(''))
  return lines
}
