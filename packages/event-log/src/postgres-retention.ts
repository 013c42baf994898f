import type { Clock, Logger } from '@chat/runtime'
import type { Topic } from '@chat/schemas'
import type pg from 'pg'
import type { Offset, Partition } from './index.ts'
import type { Session } from './postgres-session.ts'

/** What is kept for a time only, of what is on disk; ms. */
const keptMs: Readonly<Partial<Record<Topic['kind'], number>>> = { snapshots: 48 * 60 * 60 * 1000 }
/** A partition that is written to is looked through at most so often, ms. */
const deleteEveryMs = 60 * 60 * 1000

/** Records of this kind go at some time: the beginning of a partition moves. */
export const isKeptForATime = (topic: Topic): boolean => keptMs[topic.kind] !== undefined

interface RetentionParts {
  readonly session: Pick<Session, 'query'>
  readonly clock: Clock
  readonly logger: Logger
}

/** Deletes what is older than its kind is kept. What fails is done at a later append: only disk is lost meanwhile. */
export const createRetention = ({ session, clock, logger }: RetentionParts) => {
  /** By head, monotonic ms. */
  const lookedAt = new Map<number, number>()
  return {
    /** After an append to the partition. Resolves when what was due is deleted; rejects never. */
    appended: async (topic: Topic, head: number): Promise<void> => {
      const kept = keptMs[topic.kind]
      const last = lookedAt.get(head)
      if (kept === undefined || (last !== undefined && clock.monotonic() - last < deleteEveryMs)) return
      lookedAt.set(head, clock.monotonic())
      const text = 'delete from log.records where head = $1 and at < $2'
      try {
        await session.query({ text, values: [head, clock.now() - kept] })
      } catch (error) {
        lookedAt.delete(head)
        logger.warn({ err: error, topic: topic.name }, 'old records not deleted')
      }
    },
  }
}

/** The first offsets that are still kept; the end where none is. */
export const readBeginnings = async (pool: pg.Pool, topic: Topic): Promise<ReadonlyMap<Partition, Offset>> => {
  const text = `
    select partition, coalesce((select min("offset") from log.records where head = heads.id), next) as beginning
    from log.heads as heads where topic = $1`
  const { rows } = await pool.query({ text, values: [topic.name] })
  return new Map(rows.map((row) => [row.partition, Number(row.beginning)]))
}
