import { type Clock, Fault, isFault, type Logger, sleep } from '@chat/runtime'
import type { Topic } from '@chat/schemas'
import type pg from 'pg'
import type { Offset, Partition, StoredRecord } from './index.ts'
import { changeOf, closed } from './memory.ts'
import type { StoredPartitions } from './postgres-partitions.ts'
import { readStatement, recordsOf } from './postgres-statements.ts'

/** Between two tries to read while the database is away, ms. */
const readRetryMs = 250

/** What is asked for is in the table, unless it was kept for a time only. */
const checked = (records: readonly StoredRecord[], from: Offset): readonly StoredRecord[] => {
  if (records[0]?.offset === from) return records
  throw new Fault('offset_gone', `offset ${from} is no longer there`, { isRetryable: false })
}

interface ReaderParts {
  readonly pool: pg.Pool
  readonly clock: Clock
  readonly logger: Logger
  readonly closing: AbortSignal
  readonly find: StoredPartitions['find']
}

/** Old records come from the table, the newest from memory; the place where they meet moves, so it is asked for each step. */
export const createReader = ({ pool, clock, logger, closing, find }: ReaderParts) => {
  const fromTable = async (head: number, from: Offset, to: Offset, signal: AbortSignal) => {
    for (let tries = 0; !signal.aborted && !closing.aborted; tries++)
      try {
        return checked(recordsOf(await pool.query(readStatement(head, from, to))), from)
      } catch (error) {
        if (isFault(error)) throw error
        if (tries === 0) logger.warn({ err: error, head, from }, 'log read waits for the database')
        await sleep(clock, readRetryMs)
      }
    return []
  }

  async function* records(topic: Topic, partition: Partition, from: Offset, to: Offset, signal: AbortSignal) {
    const { head, recent } = find(topic, partition)
    let next = from
    while (!signal.aborted && next < to) {
      if (closing.aborted) throw closed()
      const slice: readonly StoredRecord[] =
        next < recent.beginning()
          ? await fromTable(head, next, Math.min(to, recent.beginning()), signal)
          : recent.slice(next, to)
      next += slice.length
      if (slice.length > 0) yield slice
      else if (next >= recent.end()) await changeOf(recent, [signal, closing])
    }
  }

  async function* read(topic: Topic, partition: Partition, from: Offset, to: Offset, signal: AbortSignal) {
    let next = from
    for await (const slice of records(topic, partition, from, to, signal)) {
      next += slice.length
      yield slice
    }
    if (next < to) signal.throwIfAborted()
  }

  return { records, read }
}
