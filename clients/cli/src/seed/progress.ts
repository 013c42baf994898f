import type { Output } from '../surroundings.ts'

/** How far something is: a bar that grows on a terminal, a line a quarter elsewhere. */
export interface Progress {
  /** Begins the next thing to do, of `total` pieces. */
  begin(name: string, total: number): void
  advance(pieces?: number): void
  /** A line above the bar. */
  say(text: string): void
}

const barColumns = 30
const quarters = 4

export const createProgress = (output: Output): Progress => {
  let current = { name: '', total: 0, done: 0, shown: -1 }
  const bar = () => {
    const { name, total, done } = current
    const filled = total === 0 ? barColumns : Math.floor((barColumns * done) / total)
    return `\r[${'#'.repeat(filled)}${' '.repeat(barColumns - filled)}] ${done}/${total} ${name}`
  }
  const show = () => {
    const { name, total, done } = current
    const steps = output.isTTY ? 100 : quarters
    const step = total === 0 ? steps : Math.floor((steps * done) / total)
    if (step === current.shown) return
    current.shown = step
    output.write(output.isTTY ? `${bar()}${done === total ? '\n' : ''}` : `${done}/${total} ${name}\n`)
  }
  return {
    begin: (name, total) => {
      current = { name, total, done: 0, shown: -1 }
      show()
    },
    advance: (pieces = 1) => {
      current.done += pieces
      show()
    },
    say: (text) => {
      output.write(output.isTTY ? `\r\x1b[K${text}\n${current.done < current.total ? bar() : ''}` : `${text}\n`)
    },
  }
}
