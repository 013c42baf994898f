/** A piece of the screen: safe text with colours, exactly as wide as its place. */
export interface Cell {
  /** From 1. */
  readonly row: number
  readonly column: number
  readonly text: string
}

export interface Frame {
  readonly cells: readonly Cell[]
  readonly cursor: { readonly row: number; readonly column: number }
}

export interface Painter {
  /**
   * What makes the screen show `frame`: the rows that changed, each piece at its absolute place, so that a terminal that takes a
   * character for wider or narrower than we do puts no other piece out of place.
   */
  paint(frame: Frame): string
  /** Nothing is taken to be on the screen any more. */
  forget(): void
}

const clearScreen = '\x1b[2J'
const hideCursor = '\x1b[?25l'
const showCursor = '\x1b[?25h'
const plain = '\x1b[0m'
const at = (row: number, column: number): string => `\x1b[${row};${column}H`

export const createPainter = (): Painter => {
  /** Of each row what was written there; undefined: the screen is to be cleared. */
  let shown: ReadonlyMap<number, string> | undefined
  return {
    forget: () => {
      shown = undefined
    },
    paint: ({ cells, cursor }) => {
      const next = new Map<number, string>()
      for (const { row, column, text } of cells)
        next.set(row, `${next.get(row) ?? ''}${at(row, column)}${plain}${text}${plain}`)
      const clear = shown === undefined ? clearScreen : ''
      const changed = [...next].filter(([row, text]) => shown?.get(row) !== text).map(([, text]) => text)
      shown = next
      return `${hideCursor}${clear}${changed.join('')}${at(cursor.row, cursor.column)}${showCursor}`
    },
  }
}
