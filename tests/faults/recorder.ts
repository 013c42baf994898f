import { closeSync, createReadStream, openSync, writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Clock } from '@chat/runtime'
import { createIntern, type HistoryEvent, type Intern } from './history.ts'
import { encodeLine, parseHistory } from './history-lines.ts'

type Unstamped<Event> = Event extends HistoryEvent ? Omit<Event, 'at'> : never

/** Writes down what happens, when it happens. */
export interface Recorder {
  /** Stamps the event with the time, keeps it, and has it on its way to the file. Throws when the file cannot be written. */
  record(event: Unstamped<HistoryEvent>): void
  /** For ids out of parsed frames: millions of events share them. */
  readonly intern: Intern
  /** Everything so far. */
  history(): readonly HistoryEvent[]
  /** Writes the last line and closes the file; nothing may be recorded afterwards. */
  end(): readonly HistoryEvent[]
}

/** How much text waits for the file at most, characters. */
const bufferedMax = 256 * 1024

export const createRecorder = (options: {
  readonly clock: Clock
  readonly label: string
  /** How far the clocks of this process and of the broker may be apart, ms. */
  readonly clockErrorMs: number
  /** JSON lines; overwritten. Without it the history is in memory only. */
  readonly path?: string
}): Recorder => {
  const { clock, path } = options
  const startedAt = clock.monotonic()
  const file = path === undefined ? undefined : openSync(path, 'w')
  const history: HistoryEvent[] = []
  let buffered: string[] = []
  let bufferedLength = 0
  let hasEnded = false

  const flush = () => {
    // Synchronous: what is recorded stays in order, needs no waiting for, and survives a test that dies.
    if (file !== undefined) writeAll(file, Buffer.from(buffered.join('')))
    buffered = []
    bufferedLength = 0
  }

  const record = (unstamped: Unstamped<HistoryEvent>) => {
    if (hasEnded) throw new Error(`${unstamped.what} after the end of the history`)
    const event = { ...unstamped, at: Math.floor(clock.monotonic() - startedAt) } as HistoryEvent
    history.push(event)
    if (file === undefined) return
    const line = encodeLine(event)
    buffered.push(line)
    bufferedLength += line.length
    if (bufferedLength >= bufferedMax) flush()
  }

  record({
    what: 'started',
    label: options.label,
    wallMs: Math.floor(clock.now()),
    clockErrorMs: options.clockErrorMs,
  })
  return {
    record,
    intern: createIntern(),
    history: () => history,
    end: () => {
      if (hasEnded) return history
      record({ what: 'ended', lines: history.length })
      hasEnded = true
      flush()
      if (file !== undefined) closeSync(file)
      return history
    },
  }
}

const writeAll = (file: number, bytes: Uint8Array) => {
  for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written)
}

/** The history in a file. Throws unless it is whole and well formed. */
export const readHistory = (path: string): Promise<readonly HistoryEvent[]> =>
  parseHistory(createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY }))
