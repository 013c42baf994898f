import type { Clock, Fault } from '@chat/runtime'
import type { Topic } from '@chat/schemas'
import type { Offset, Partition, StoredRecord } from '../index.ts'
import type { DecodedBatch } from './record-batch.ts'

/** Bytes that one reader may have fetched and not yet taken: then its partition is not fetched any more. */
export const prefetchBytesMax = 1024 * 1024

/**
 * A place in one partition, moved by nothing but the records it was given: no committed offset, no default, no reset.
 * Fetch loops push into it, the iterating caller pulls out.
 */
export interface Cursor {
  readonly topic: Topic
  readonly partition: Partition
  /** The offset that must come next. */
  next(): Offset
  /** Whether more may be fetched: it is open, and what was prefetched is below its bound. */
  isWanting(): boolean
  isClosed(): boolean
  /** When it last moved or began to want more, ms of the monotonic clock. */
  progressAt(): number
  /** `hole`: what came is not what must come next; nothing was taken from the hole on, fetch again. */
  accept(batches: readonly DecodedBatch[], bytes: number): 'moved' | 'nothing' | 'hole'
  /** What was prefetched is still given, then the iteration throws. */
  fail(fault: Fault): void
  records(signal: AbortSignal): AsyncGenerator<readonly StoredRecord[], void, undefined>
}

export interface CursorOptions {
  readonly topic: Topic
  readonly partition: Partition
  readonly from: Offset
  /** Exclusive; `undefined`: without end. */
  readonly to: Offset | undefined
  readonly clock: Clock
  /** It wants more again. */
  readonly onWanting: () => void
  readonly onClosed: () => void
}

/** Only compaction makes holes. */
const isDense = (topic: Topic): boolean => topic.kind !== 'receipts'

export const createCursor = (options: CursorOptions): Cursor => {
  const { topic, partition, to, clock } = options
  /** The due records of each fetch that was not yet taken. */
  const chunks: (readonly StoredRecord[])[] = []
  let next = options.from
  let heldBytes = 0
  let failure: Fault | undefined
  let isClosed = false
  let progressAt = clock.monotonic()
  let arrival: (() => void) | undefined

  const hasEnded = () => to !== undefined && next >= to
  const isWanting = () => !isClosed && failure === undefined && !hasEnded() && heldBytes < prefetchBytesMax
  const wake = () => {
    arrival?.()
    arrival = undefined
  }

  /** The records of `batch` that are due, or `hole`. */
  const due = (batch: DecodedBatch): readonly StoredRecord[] | 'hole' => {
    const { records } = batch
    if (isDense(topic)) {
      if (batch.base > next) return 'hole'
      if (batch.isControl) return []
      const first = records[0]
      const last = records[records.length - 1]
      const isWhole = first?.offset === batch.base && last?.offset === batch.next - 1
      if (!isWhole || records.length !== batch.next - batch.base) return 'hole'
    }
    const isAllDue = records[0] !== undefined && records[0].offset >= next && (to === undefined || batch.next <= to)
    return isAllDue ? records : records.filter(({ offset }) => offset >= next && (to === undefined || offset < to))
  }

  const accept: Cursor['accept'] = (batches, bytes) => {
    const before = next
    let taken: readonly StoredRecord[] = []
    let hasHole = false
    for (const batch of batches) {
      if (batch.next <= next || hasEnded()) continue
      const records = due(batch)
      if (records === 'hole') {
        hasHole = true
        break
      }
      taken = taken.length === 0 ? records : taken.concat(records)
      next = batch.next
    }
    if (taken.length > 0) {
      chunks.push(taken)
      heldBytes += bytes
    }
    if (next !== before) {
      progressAt = clock.monotonic()
      wake()
    }
    if (hasHole) return 'hole'
    return next === before ? 'nothing' : 'moved'
  }

  async function* records(signal: AbortSignal): AsyncGenerator<readonly StoredRecord[], void, undefined> {
    signal.addEventListener('abort', wake, { once: true })
    try {
      while (true) {
        // A read that was cut short must not look complete; a tail has no other end.
        if (signal.aborted && to !== undefined) throw signal.reason
        if (signal.aborted) return
        if (chunks.length > 0) {
          // Everything that waits at once: a caller that is slower than its fetches works in larger batches.
          const held = chunks.splice(0)
          const wasWanting = isWanting()
          heldBytes = 0
          if (!wasWanting && isWanting()) {
            progressAt = clock.monotonic()
            options.onWanting()
          }
          yield held.length === 1 && held[0] !== undefined ? held[0] : held.flat()
        } else if (failure !== undefined) throw failure
        else if (hasEnded()) return
        else
          await new Promise<void>((resolve) => {
            arrival = resolve
          })
      }
    } finally {
      signal.removeEventListener('abort', wake)
      isClosed = true
      options.onClosed()
    }
  }

  return {
    topic,
    partition,
    next: () => next,
    isWanting,
    isClosed: () => isClosed,
    progressAt: () => progressAt,
    accept,
    fail: (fault) => {
      failure ??= fault
      wake()
    },
    records,
  }
}
