import { Fault } from '@chat/runtime'
import type { Topic } from '@chat/schemas'
import type pg from 'pg'
import type { Offset, Partition } from './index.ts'
import { createMemoryPartition } from './memory-partition.ts'
import type { StoredPartition } from './postgres-appender.ts'
import { type Head, loadHeads, migrate, noSuchPartition } from './postgres-schema.ts'
import { readStatement, recordsOf } from './postgres-statements.ts'

/** The newest records of each partition on disk that stay in memory, for tails that keep up. */
const recentBytesMax = 512 * 1024

/** What this process knows of the partitions on disk. */
export interface StoredPartitions {
  find(topic: Topic, partition: Partition): StoredPartition
  resume(topic: Topic, partition: Partition): Offset
  resumed(topic: Topic, partition: Partition, resume: Offset): void
  add(heads: readonly Head[]): void
  /** After a connect: learns of topics, and of records that landed without an answer. */
  refresh(client: pg.ClientBase): Promise<void>
}

export const createStoredPartitions = (onFatal: (error: unknown) => void): StoredPartitions => {
  const found = new Map<string, StoredPartition>()
  const resumes = new Map<string, Offset>()
  const keyOf = (topic: string, partition: Partition): string => `${topic}\n${partition}`

  const add = (heads: readonly Head[]): void => {
    for (const { id, topic, partition, next, resume } of heads) {
      resumes.set(keyOf(topic, partition), resume)
      if (found.has(keyOf(topic, partition))) continue
      const recent = createMemoryPartition(next, { bytesMax: recentBytesMax, whenFull: 'drop' })
      found.set(keyOf(topic, partition), { head: id, recent })
    }
  }

  const catchUp = async (client: pg.ClientBase, head: Head): Promise<void> => {
    const recent = found.get(keyOf(head.topic, head.partition))?.recent
    if (recent === undefined) return
    if (recent.end() > head.next)
      onFatal(
        new Fault('log_cut', `${head.topic} ends at ${head.next}, before ${recent.end()}`, { isRetryable: false }),
      )
    while (recent.end() < head.next)
      for (const record of recordsOf(await client.query(readStatement(head.id, recent.end(), head.next))))
        recent.append(
          [{ ...record, key: record.key === null ? null : Buffer.from(record.key).toString() }],
          record.timestamp,
        )
  }

  return {
    find: (topic, partition) => {
      const partitionFound = found.get(keyOf(topic.name, partition))
      if (partitionFound === undefined) throw noSuchPartition(topic, partition)
      return partitionFound
    },
    resume: (topic, partition) => resumes.get(keyOf(topic.name, partition)) ?? 0,
    resumed: ({ name }, partition, resume) =>
      void resumes.set(keyOf(name, partition), Math.max(resume, resumes.get(keyOf(name, partition)) ?? 0)),
    add,
    refresh: async (client) => {
      await migrate(client)
      const heads = await loadHeads(client)
      for (const head of heads) await catchUp(client, head)
      add(heads)
    },
  }
}
