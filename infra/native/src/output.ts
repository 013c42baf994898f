import { closeSync, fstatSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What a process writes: to a file, since a pipe nobody reads would stop it. */
export interface Output {
  /** For the process, until `handOver`. */
  readonly descriptor: number
  /** The process has it now. */
  handOver(): void
  text(): string
  /** The process has ended: what it wrote is kept in memory, the file is gone. */
  end(): void
}

/** The file has no name, so that it goes with whoever has it open, however that ends. */
export const createOutput = (name: string): Output => {
  const folder = mkdtempSync(join(tmpdir(), `chat-${name}-`))
  const path = join(folder, 'log')
  const descriptor = openSync(path, 'a')
  const reader = openSync(path, 'r')
  rmSync(folder, { recursive: true })
  let kept: string | undefined
  const read = (): string => {
    const bytes = Buffer.alloc(fstatSync(reader).size)
    let length = 0
    for (let count = -1; count !== 0 && length < bytes.length; length += count)
      count = readSync(reader, bytes, length, bytes.length - length, length)
    return bytes.toString('utf8', 0, length)
  }
  return {
    descriptor,
    handOver: () => closeSync(descriptor),
    text: () => kept ?? read(),
    end: () => {
      if (kept !== undefined) return
      kept = read()
      closeSync(reader)
    },
  }
}
