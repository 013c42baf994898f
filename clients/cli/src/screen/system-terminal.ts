import { emitKeypressEvents } from 'node:readline'
import type { ReadStream, WriteStream } from 'node:tty'
import type { Key, Terminal } from './terminal.ts'

const alternateScreen = { on: '\x1b[?1049h', off: '\x1b[?1049l' }
const wrapping = { on: '\x1b[?7h', off: '\x1b[?7l' }
const bracketedPaste = { on: '\x1b[?2004h', off: '\x1b[?2004l' }
const showCursor = '\x1b[?25h'
const defaultSize = { columns: 80, rows: 24 }

interface Streams {
  readonly input: ReadStream
  readonly output: WriteStream
  /** Calls `restore` when the process ends without having closed it; the returned function forgets it. */
  onExit(restore: () => void): () => void
}

/** The terminal of a process, in raw mode on the other screen while it is open. */
export const createSystemTerminal = ({ input, output, onExit }: Streams): Terminal => {
  let giveBack: (() => void) | undefined
  const restore = () => {
    output.write(`${bracketedPaste.off}${wrapping.on}${showCursor}${alternateScreen.off}`)
    input.setRawMode(false)
    input.pause()
  }
  return {
    size: () => ({ columns: output.columns || defaultSize.columns, rows: output.rows || defaultSize.rows }),
    open: () => {
      if (giveBack !== undefined) return
      emitKeypressEvents(input)
      input.setRawMode(true)
      input.resume()
      output.write(`${alternateScreen.on}${wrapping.off}${bracketedPaste.on}`)
      const forget = onExit(restore)
      giveBack = () => {
        forget()
        restore()
      }
    },
    close: () => {
      giveBack?.()
      giveBack = undefined
    },
    write: (text) => void output.write(text),
    onKey: (listener) => {
      const pressed = (text: string | undefined, key: Key) => listener({ ...key, text })
      input.on('keypress', pressed)
      return () => input.off('keypress', pressed)
    },
    onResize: (listener) => {
      output.on('resize', listener)
      return () => output.off('resize', listener)
    },
  }
}
