import { type Backoff, backoffMs, type Cancel, every, Fault, type Random } from '@chat/runtime'
import type { Topic } from '@chat/schemas'
import type { Offset, Partition, StoredRecord } from '../index.ts'
import type { Cluster } from './cluster.ts'
import { type Cursor, createCursor } from './cursor.ts'
import { createFetchLoop, type FetchLoop, quietTailWaitMs, readWaitMs, type Trouble, tailWaitMs } from './fetch-loop.ts'
import { errorCodes } from './requests.ts'
import { checkSilence, type WatchdogOptions, type Watched } from './watchdog.ts'

/**
 * Reads and tails: a cursor for each, on the fetch loop of its topic and leader. Leaders that move, brokers that are away
 * and connections that break are waited out at the cursor's own offset.
 */
export interface Reader {
  records(
    topic: Topic,
    partition: Partition,
    from: Offset,
    to: Offset | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<readonly StoredRecord[], void, undefined>
  close(): void
}

export interface ReaderOptions extends WatchdogOptions {
  readonly cluster: Cluster
  readonly random: Random
}

const troubleBackoff: Backoff = { firstMs: 20, maxMs: 1000 }
/** Fetches that may skip over what must come next before the hole counts as real. */
const holesMax = 3
/** How long the connection of a topic waits for its next reader: who changes the topic, as with a slot, must not keep those of all. */
export const idleLoopMs = 10_000

interface Placed extends Watched {
  readonly isEndless: boolean
  /** `read` until it has caught up: what lies behind comes at once, and in large answers that delay no tail. */
  mode: 'tail' | 'read'
  troubles: number
  holes: number
  holeAt: Offset
}

export const createReader = (options: ReaderOptions): Reader => {
  const { cluster, offsets, clock, random, logger } = options
  const loops = new Map<string, FetchLoop>()
  /** Loops without a reader; each is stopped when its time is over. */
  const idle = new Map<FetchLoop, Cancel>()
  const placed = new Map<Cursor, Placed>()
  let stopWatchdog: Cancel | undefined
  let isClosed = false

  const loopFor = (entry: Placed, leader: number): FetchLoop => {
    const { topic, partition } = entry.cursor
    // A fetch names a partition once: a second reader of it, at another place, has a loop of its own.
    for (let index = 0; ; index++) {
      const key = `${topic.name} ${leader} ${entry.mode} ${index}`
      const found = loops.get(key)
      if (found?.has(partition)) continue
      if (found !== undefined) {
        idle.get(found)?.()
        idle.delete(found)
        return found
      }
      const loop = createFetchLoop({
        topic,
        maxWaitMs: entry.mode === 'tail' ? tailWaitOf(topic) : readWaitMs,
        open: () => cluster.open(leader, `${entry.mode}-${topic.kind}`),
        epochOf: (of) => cluster.epochOf(topic.name, of),
        onTrouble: (cursor, trouble) => handle(cursor, trouble),
        onServed: (cursor, what) => {
          const served = placed.get(cursor)
          if (served === undefined) return
          served.troubles = 0
          if (what === 'empty' && served.mode === 'read' && served.isEndless) caughtUp(served)
        },
      })
      loops.set(key, loop)
      return loop
    }
  }

  /** The first loop of a topic keeps its connection for the next reader, for a while. */
  const dropIfIdle = (loop: FetchLoop | undefined) => {
    if (loop?.isEmpty() !== true || isClosed || idle.has(loop)) return
    for (const [key, each] of loops) {
      if (each !== loop) continue
      const drop = () => {
        idle.delete(loop)
        loops.delete(key)
        loop.stop()
      }
      if (key.endsWith(' 0')) idle.set(loop, clock.after(idleLoopMs, drop))
      else drop()
    }
  }

  const caughtUp = (entry: Placed) => {
    entry.loop?.remove(entry.cursor)
    dropIfIdle(entry.loop)
    entry.mode = 'tail'
    place(entry)
  }

  const place = (entry: Placed) => {
    const { topic, partition } = entry.cursor
    const leader = cluster.leaderOf(topic.name, partition)
    if (leader === undefined) return later(entry)
    entry.loop = loopFor(entry, leader)
    entry.loop.add(entry.cursor)
  }

  /** Asks for the leader again, at once the first time. */
  const later = (entry: Placed) => {
    const waitMs = entry.troubles === 0 ? 0 : backoffMs(troubleBackoff, entry.troubles - 1, random)
    entry.troubles++
    clock.after(waitMs, async () => {
      const { topic, partition } = entry.cursor
      await cluster.refresh([topic.name]).catch((error: unknown) => {
        logger.debug({ err: error, topic: topic.name, partition }, 'no broker answered')
      })
      if (!isClosed && !entry.cursor.isClosed()) place(entry)
    })
  }

  const handle = (cursor: Cursor, trouble: Trouble) => {
    const entry = placed.get(cursor)
    if (entry === undefined || isClosed) return
    dropIfIdle(entry.loop)
    entry.loop = undefined
    entry.mode = 'read'
    if (trouble.code === errorCodes.offsetOutOfRange || trouble.code === 'hole') {
      if (trouble.code === 'hole') {
        entry.holes = entry.holeAt === cursor.next() ? entry.holes + 1 : 1
        entry.holeAt = cursor.next()
      }
      void examine(entry)
      return
    }
    const { topic, partition } = cursor
    const fields = { topic: topic.name, partition, code: trouble.code, err: trouble.fault }
    if (entry.troubles === 0) logger.info(fields, 'tail interrupted')
    later(entry)
  }

  /** What must come next is not there: gone at the beginning, cut off at the end, or there after all. */
  const examine = async (entry: Placed) => {
    const { cursor } = entry
    const { topic, partition } = cursor
    const next = cursor.next()
    const where = `offset ${next} of ${topic.name}/${partition}`
    try {
      const beginning = (await offsets.of(topic, 'beginning', [partition])).get(partition) ?? 0
      const end = (await offsets.of(topic, 'end', [partition])).get(partition) ?? 0
      if (next < beginning) return cursor.fail(terminal('offset_gone', `${where}: the log begins at ${beginning}`))
      if (next > end) return cursor.fail(terminal('log_cut', `${where}: the log ends at ${end}`))
    } catch (error) {
      logger.debug({ err: error, topic: topic.name, partition }, 'offsets not known')
      return later(entry)
    }
    if (entry.holeAt === next && entry.holes >= holesMax)
      return cursor.fail(terminal('offset_gone', `${where} is missing between others`))
    later(entry)
  }

  const enter = (entry: Placed) => {
    placed.set(entry.cursor, entry)
    stopWatchdog ??= every(clock, options.silenceMsMax / 4, () => checkSilence(placed.values(), options))
    place(entry)
  }

  const leave = (cursor: Cursor) => {
    const entry = placed.get(cursor)
    placed.delete(cursor)
    entry?.loop?.remove(cursor)
    dropIfIdle(entry?.loop)
    if (placed.size > 0) return
    stopWatchdog?.()
    stopWatchdog = undefined
  }

  return {
    async *records(topic, partition, from, to, signal) {
      if (isClosed) throw closedFault()
      if (to !== undefined && from >= to) return
      const cursor: Cursor = createCursor({
        topic,
        partition,
        from,
        to,
        clock,
        onWanting: () => placed.get(cursor)?.loop?.wake(),
        onClosed: () => leave(cursor),
      })
      enter({
        cursor,
        isEndless: to === undefined,
        mode: 'read',
        loop: undefined,
        troubles: 0,
        holes: 0,
        holeAt: -1,
        strikes: 0,
        struckAt: 0,
      })
      yield* cursor.records(signal)
    },
    close: () => {
      isClosed = true
      stopWatchdog?.()
      for (const cancel of idle.values()) cancel()
      for (const { cursor } of placed.values()) cursor.fail(closedFault())
      for (const loop of loops.values()) loop.stop()
    },
  }
}

const tailWaitOf = ({ kind }: Topic): number =>
  kind === 'receipts' || kind === 'signals' ? quietTailWaitMs : tailWaitMs

const terminal = (code: string, what: string): Fault => new Fault(code, what, { isRetryable: false })

export const closedFault = (): Fault => terminal('log_closed', 'the log is closed')
