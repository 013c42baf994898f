/**
 * Code that upholds a guarantee, as its `[Gn]` tags say: at the end of a code line it means that line; in a `//` comment alone the
 * statement that follows. Tags in docstrings are contracts: there is nothing to remove.
 */
export interface TaggedCode {
  readonly guarantees: readonly string[]
  /** Index of its first line, and of the line after its last. */
  readonly from: number
  readonly to: number
  /** Its text without the tag, one line. */
  readonly text: string
}

export const taggedCode = (source: string): readonly TaggedCode[] => {
  const lines = source.split('\n')
  const found: TaggedCode[] = []
  let inDocstring = false
  for (const [index, line] of lines.entries()) {
    const trimmed = line.trim()
    if (trimmed.startsWith('/*')) inDocstring = true
    const isInDocstring = inDocstring
    if (trimmed.endsWith('*/')) inDocstring = false
    const guarantees = isInDocstring ? [] : guaranteesIn(line)
    if (guarantees.length === 0) continue
    const [from, to] = trimmed.startsWith('//') ? statementAfter(lines, index) : ([index, index + 1] as const)
    found.push({ guarantees, from, to, text: textOf(lines.slice(from, to)) })
  }
  return found
}

const tag = /\[(G\d+)\]/g

const guaranteesIn = (line: string): readonly string[] => {
  const comment = line.indexOf('//')
  return comment === -1 ? [] : [...line.slice(comment).matchAll(tag)].map(([, name]) => name ?? '')
}

/** From the first line that is no comment until its brackets are closed and the next line is not indented deeper. */
const statementAfter = (lines: readonly string[], comment: number): readonly [number, number] => {
  let from = comment + 1
  while (lines[from]?.trim().startsWith('//')) from++
  const depth = indentOf(lines[from])
  let to = from + 1
  while (indentOf(lines[to]) > depth) to++
  if (/^[\])}]/.test(lines[to]?.trim() ?? '')) to++
  return [from, to]
}

const indentOf = (line = ''): number => (line.trim() === '' ? 0 : line.length - line.trimStart().length)

const textOf = (lines: readonly string[]): string =>
  lines.map((line) => line.replace(/\s*\/\/ (\[G\d+\] ?)+$/, '').trim()).join(' ')

/** The source without that code, or with `replacement` in its place. */
export const mutate = (source: string, { from, to }: TaggedCode, replacement: string | undefined): string =>
  source
    .split('\n')
    .toSpliced(from, to - from, ...(replacement === undefined ? [] : [replacement]))
    .join('\n')
