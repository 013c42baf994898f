import { createWriteStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { Writable } from 'node:stream'
import { Fault } from '@chat/runtime'
import type { Told } from './read.ts'

/** What an interrupted replay left in its file. */
export interface Left {
  /** The last event told of each partition. */
  readonly told: ReadonlyMap<number, Told>
  /** Of its whole lines. What lies behind is a line that was not written to its end. */
  readonly bytes: number
  readonly lines: number
}

const newline = 0x0a

/** Throws Fault `not_a_replay` (not retryable) for a whole line that no replay wrote. Holds one line at a time. */
export const readLeft = async (chunks: AsyncIterable<Uint8Array>): Promise<Left> => {
  const told = new Map<number, Told>()
  let [bytes, lines] = [0, 0]
  let open: Uint8Array[] = []
  for await (const chunk of chunks) {
    let from = 0
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, from)) {
      const line = Buffer.concat([...open, chunk.subarray(from, end)])
      lines++
      const { partition, pos, chain } = parseLine(line.toString(), lines)
      told.set(partition, { pos, chain })
      bytes += line.length + 1
      open = []
      from = end + 1
    }
    if (from < chunk.length) open.push(chunk.subarray(from))
  }
  return { told, bytes, lines }
}

const parseLine = (text: string, number: number): Told & { readonly partition: number } => {
  const { partition, pos, chain } = parseObject(text)
  if (isPlace(partition) && isPlace(pos) && typeof chain === 'string') return { partition, pos, chain }
  throw new Fault('not_a_replay', `line ${number} is none that a replay wrote`, { isRetryable: false })
}

const isPlace = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0

const parseObject = (text: string): Readonly<Record<string, unknown>> => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
  } catch {
    return {} // No JSON is told like JSON without a place.
  }
}

/** Opens the file of a replay, or a new one, cuts off a line that was not written to its end, and appends from there. */
export const openResumed = async (path: string): Promise<{ readonly left: Left; readonly stream: Writable }> => {
  const file = await open(path, 'a+')
  try {
    const left = await readLeft(chunksOf(file))
    await file.truncate(left.bytes)
    return { left, stream: createWriteStream(path, { flags: 'a' }) }
  } finally {
    await file.close()
  }
}

const chunkBytes = 256 * 1024

async function* chunksOf(file: FileHandle): AsyncGenerator<Uint8Array, void, undefined> {
  for (let position = 0; ; ) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(chunkBytes), 0, chunkBytes, position)
    if (bytesRead === 0) return
    yield buffer.subarray(0, bytesRead)
    position += bytesRead
  }
}
