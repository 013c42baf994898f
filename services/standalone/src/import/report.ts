import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import { Fault } from '@chat/runtime'
import { type FileKind, fileKinds } from './rows.ts'

/** A row that was not taken. */
export interface Refusal {
  readonly why: string
}

/** What became of a row. */
export type Verdict = 'taken' | 'there' | Refusal

export interface Count {
  readonly taken: number
  readonly there: number
  readonly refused: number
}

/** What became of every row, once each: counts of all, and the file `file,line,why` of those that were not taken. */
export interface Report {
  note(kind: FileKind, line: number, verdict: Verdict): Promise<void>
  counts(): ReadonlyMap<FileKind, Count>
  /** Resolves when the file is written. */
  close(): Promise<void>
}

/** Writes over what is at `path`. Throws Fault `import_file` when it cannot be written. */
export const openReport = async (path: string, names: Readonly<Partial<Record<FileKind, string>>>): Promise<Report> => {
  const stream = createWriteStream(path)
  await once(stream, 'open').catch((error) => {
    throw new Fault('import_file', `${path}: ${error.message}`, { cause: error, isRetryable: false })
  })
  const failed = Promise.withResolvers<never>()
  failed.promise.catch(() => {}) // Whoever writes next hears of it.
  stream.on('error', (error) => failed.reject(new Fault('import_file', `${path}: ${error.message}`, { cause: error })))
  const counts = new Map<FileKind, { taken: number; there: number; refused: number }>()
  for (const kind of fileKinds) if (names[kind] !== undefined) counts.set(kind, { taken: 0, there: 0, refused: 0 })
  const write = async (line: string) => {
    if (!stream.write(`${line}\n`)) await Promise.race([once(stream, 'drain'), failed.promise])
  }
  await write('file,line,why')
  return {
    note: async (kind, line, verdict) => {
      const count = counts.get(kind)
      if (count === undefined) throw new Error(`no file of ${kind} is imported`)
      count[typeof verdict === 'string' ? verdict : 'refused']++
      if (typeof verdict !== 'string') await write([names[kind] ?? '', String(line), verdict.why].map(quoted).join())
    },
    counts: () => counts,
    close: async () => {
      stream.end()
      await Promise.race([finished(stream), failed.promise])
    },
  }
}

const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

/** A line a file, for people. */
export const countLines = (counts: ReadonlyMap<FileKind, Count>): readonly string[] =>
  Array.from(
    counts,
    ([kind, { taken, there, refused }]) => `${kind}: ${taken} taken, ${there} already there, ${refused} not taken`,
  )
