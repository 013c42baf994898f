/** What older protocols say in words, because they have no message for it, and how long texts are cut. */

/** Somebody as these texts name him. */
export const named = (number: number, name: string): string => `${number} (${name})`

export const textBody = (text: string): object => ({ kind: 'text', text })

/** The text of a message's body. */
export const textOfBody = (body: unknown): string => {
  const { kind, text, type } = (body ?? {}) as { kind?: unknown; text?: unknown; type?: unknown }
  return kind === 'text' && typeof text === 'string' ? shownText(text) : `[${shownText(String(type ?? kind))}]`
}

/** Without what these clients take for an end, and what JSON could only write by an escape that they do not know. */
export const shownText = (text: string): string => text.toWellFormed().replaceAll(unshown, '')

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is to be removed.
const unshown = /[\u0000-\u0007\u000b\u000e-\u001f]/g

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/**
 * The text in pieces of at most `bytesMax` by `bytesOf`, which counts characters one by one; cut between graphemes, and inside one only when it alone is
 * too long. At least one piece.
 */
export const cutText = (text: string, bytesMax: number, bytesOf: (text: string) => number): readonly string[] => {
  if (bytesOf(text) <= bytesMax) return [text]
  const pieces: string[] = []
  let piece = ''
  let room = bytesMax
  const add = (part: string): void => {
    const bytes = bytesOf(part)
    if (bytes > room) {
      pieces.push(piece)
      piece = ''
      room = bytesMax
    }
    piece += part
    room -= bytes
  }
  for (const { segment } of graphemes.segment(text)) {
    if (bytesOf(segment) <= bytesMax) add(segment)
    else for (const codePoint of segment) add(codePoint)
  }
  return [...pieces, piece].filter((one) => one !== '')
}

/** Entries joined, as many as go into one text of at most `bytesMax`; one that is longer stays alone. */
export const packEntries = (
  entries: Iterable<string>,
  bytesMax: number,
  bytesOf: (text: string) => number,
): readonly string[] => {
  const packed: string[] = []
  let text = ''
  for (const entry of entries) {
    const longer = text === '' ? entry : `${text}; ${entry}`
    if (text !== '' && bytesOf(longer) > bytesMax) {
      packed.push(text)
      text = entry
    } else text = longer
  }
  return text === '' ? packed : [...packed, text]
}

/** Formats times as "YYYY-MM-DD HH:MM:SS". Throws RangeError when there is no such time zone. */
export const createTimeFormat = (timeZone: string): ((at: number | string) => string) => {
  const format = new Intl.DateTimeFormat('en-GB', {
    ...{ timeZone, year: 'numeric', month: '2-digit', day: '2-digit' },
    ...{ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' },
  })
  return (at) => {
    const parts = Object.fromEntries(format.formatToParts(new Date(at)).map(({ type, value }) => [type, value]))
    const { year, month, day, hour, minute, second } = parts
    return `${year}-${month}-${day} ${hour}:${minute}:${second}`
  }
}
