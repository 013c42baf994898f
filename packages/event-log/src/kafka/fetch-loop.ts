import { Fault } from '@chat/runtime'
import type { Topic } from '@chat/schemas'
import type { Partition } from '../index.ts'
import type { Cursor } from './cursor.ts'
import { type Link, toFault } from './link.ts'
import { readRecordBatches } from './record-batch.ts'
import { errorCodes, fetchCall } from './requests.ts'

/** How long the broker holds a fetch that finds nothing, ms; also how long a cursor waits to join a loop that is asking. */
export const tailWaitMs = 100
/**
 * The same for topics that are quiet most of the time and hurry nobody, ms: what comes is answered at once all the same, and asking
 * less often is all that a quiet one costs.
 */
export const quietTailWaitMs = 500
/** For what is there already: the short wait only spares a loop that spins when a reader is ahead of the log. */
export const readWaitMs = 10
const fetchLimitMs = 5000
const fetchBytesMax = 8 * 1024 * 1024
const fetchPartitionBytesMax = 1024 * 1024

/**
 * Fetches one topic from one node, over a connection of its own, for at most one cursor a partition. A partition that is in
 * trouble and, with the connection, all of them leave the loop through `onTrouble`: the loop never moves a cursor by itself.
 */
export interface FetchLoop {
  has(partition: number): boolean
  add(cursor: Cursor): void
  /** Forgets the cursor. */
  remove(cursor: Cursor): void
  isEmpty(): boolean
  /** A cursor wants more again. */
  wake(): void
  /** Drops the connection: what was asked comes to nothing and its cursors are in trouble. */
  restart(): void
  stop(): void
}

export type Trouble = { readonly code: number | 'hole' | 'lost'; readonly fault: Fault | undefined }

export interface FetchLoopOptions {
  readonly topic: Topic
  readonly maxWaitMs: number
  readonly open: () => Promise<Link>
  readonly epochOf: (partition: Partition) => number
  readonly onTrouble: (cursor: Cursor, trouble: Trouble) => void
  /** The node answered for this cursor; `empty`: with nothing, it has caught up. */
  readonly onServed: (cursor: Cursor, what: 'records' | 'empty') => void
}

export const createFetchLoop = (options: FetchLoopOptions): FetchLoop => {
  const { topic, maxWaitMs, open, epochOf, onTrouble, onServed } = options
  const cursors = new Map<number, Cursor>()
  let link: Link | undefined
  let isStopped = false
  let isRunning = false
  let turn = 0

  const leave = (cursor: Cursor, trouble: Trouble) => {
    if (cursors.get(cursor.partition) !== cursor) return
    cursors.delete(cursor.partition)
    onTrouble(cursor, trouble)
  }

  /** Those that want more, beginning with another one each time: the broker fills an answer in the order of the request. */
  const wanting = (): readonly Cursor[] => {
    const all = [...cursors.values()].filter((cursor) => cursor.isWanting())
    const start = all.length === 0 ? 0 : turn++ % all.length
    return start === 0 ? all : [...all.slice(start), ...all.slice(0, start)]
  }

  const fetch = async (asked: readonly Cursor[]) => {
    if (link?.isOpen() !== true) link = await open()
    if (isStopped) throw new Fault('log_unavailable', `fetching from ${topic.name} was stopped`)
    const call = fetchCall(
      topic.name,
      asked.map((cursor) => ({ partition: cursor.partition, epoch: epochOf(cursor.partition), offset: cursor.next() })),
      { maxWaitMs, bytesMax: fetchBytesMax, partitionBytesMax: fetchPartitionBytesMax },
    )
    return link.send(call, fetchLimitMs)
  }

  const deliver = (cursor: Cursor, errorCode: number, bytes: Buffer) => {
    if (errorCode !== errorCodes.none) return leave(cursor, { code: errorCode, fault: undefined })
    onServed(cursor, bytes.length === 0 ? 'empty' : 'records')
    if (bytes.length === 0) return
    try {
      if (cursor.accept(readRecordBatches(bytes), bytes.length) === 'hole') {
        leave(cursor, { code: 'hole', fault: undefined })
      }
    } catch (error) {
      cursors.delete(cursor.partition)
      const where = `${topic.name}/${cursor.partition} from offset ${cursor.next()}`
      cursor.fail(new Fault('log_unreadable', `cannot read ${where}`, { isRetryable: false, cause: error }))
    }
  }

  const run = async () => {
    isRunning = true
    for (let asked = wanting(); asked.length > 0 && !isStopped; asked = wanting()) {
      try {
        const answers = new Map((await fetch(asked)).map((answer) => [answer.partition, answer]))
        for (const cursor of asked) {
          const answer = answers.get(cursor.partition)
          // One that left meanwhile is somebody else's; one that was left out of the answer is asked for again.
          if (answer === undefined || cursors.get(cursor.partition) !== cursor) continue
          deliver(cursor, answer.errorCode, answer.records)
        }
      } catch (error) {
        link?.destroy()
        const fault = toFault(error, `fetch from ${topic.name} failed`)
        for (const cursor of [...cursors.values()]) leave(cursor, { code: 'lost', fault })
      }
    }
    isRunning = false
  }

  const wake = () => {
    if (!isRunning && !isStopped) void run()
  }

  return {
    has: (partition) => cursors.has(partition),
    add: (cursor) => {
      cursors.set(cursor.partition, cursor)
      wake()
    },
    remove: (cursor) => {
      if (cursors.get(cursor.partition) === cursor) cursors.delete(cursor.partition)
    },
    isEmpty: () => cursors.size === 0,
    wake,
    restart: () => {
      link?.destroy()
      wake()
    },
    stop: () => {
      isStopped = true
      link?.destroy()
    },
  }
}
