/** By the command and what it is about: the code that each column's person is answered. */
export type Cells = ReadonlyMap<string, ReadonlyMap<string, string>>

/**
 * A table as text: a line is a command and a word for each column. `legend` says what a word means, any other is a code itself; `-` is no
 * case.
 */
export const readCells = (text: string, columns: readonly string[], legend: Readonly<Record<string, string>>): Cells =>
  new Map(
    text
      .trim()
      .split('\n')
      .map((line) => {
        const words = line.trim().split(/\s+/)
        const cells = words
          .slice(-columns.length)
          .flatMap((word, index) => (word === '-' ? [] : [[columns[index] ?? '', legend[word] ?? word] as const]))
        return [words.slice(0, -columns.length).join(' '), new Map(cells)] as const
      }),
  )
