import { snippetCodePointsMax } from '@chat/schemas/protocol'

type Range = readonly [from: number, to: number]

/** Code points shown before the first place that says what was looked for, where the text is longer than a snippet. */
const leadCodePoints = 40

/**
 * The part of a text that is shown of what was found, and the ranges in it that say what was looked for: code points, `to` exclusive.
 * It is plain text, exactly as in the message: there is no markup in it that a client could take for its own.
 */
export const snippetOf = (
  text: string,
  highlights: readonly Range[],
): { readonly snippet: string; readonly highlights: readonly Range[] } => {
  const characters = Array.from(text)
  const latest = Math.max(0, characters.length - snippetCodePointsMax)
  const start = Math.min(Math.max(0, (highlights[0]?.[0] ?? 0) - leadCodePoints), latest)
  const end = Math.min(start + snippetCodePointsMax, characters.length)
  return {
    snippet: characters.slice(start, end).join(''),
    highlights: highlights
      .map(([from, to]): Range => [Math.max(from, start) - start, Math.min(to, end) - start])
      .filter(([from, to]) => from < to),
  }
}
