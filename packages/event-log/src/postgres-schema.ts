import { Fault } from '@chat/runtime'
import type { Topic, TopicKind } from '@chat/schemas'
import type pg from 'pg'
import type { Offset, Partition } from './index.ts'
import { checkPartitions } from './memory.ts'

/** What must outlive the process. The rest (commands, deliveries, signals) is asked for again by whoever missed its answer. */
export const isPersisted = (kind: TopicKind): boolean =>
  kind === 'events' || kind === 'receipts' || kind === 'snapshots' || kind === 'deadLetters'

/** One partition of a persisted topic, as its row in log.heads says. */
export interface Head {
  readonly id: number
  readonly topic: string
  readonly partition: Partition
  readonly next: Offset
  /** 1 + the greatest `cmd` of its valid records: where the commands of this partition go on. */
  readonly resume: Offset
}

/** Two processes that start at once must not both create. Released with the transaction. */
const migrationLockKey = [0x6c6f67, 2]

const statements = [
  'create schema if not exists log',
  `create table if not exists log.topics (
     name text primary key,
     kind text not null,
     partitions integer not null
   )`,
  `create table if not exists log.heads (
     id integer generated always as identity primary key,
     topic text not null references log.topics,
     partition integer not null,
     next bigint not null default 0,
     last_at bigint not null default 0,
     resume bigint not null default 0,
     unique (topic, partition)
   ) with (fillfactor = 10)`, // Updated with each append: room on the page keeps the updates off the index.
  `create table if not exists log.records (
     head integer not null,
     "offset" bigint not null,
     at bigint not null,
     key bytea,
     value bytea,
     headers text not null,
     primary key (head, "offset")
   )`,
]

export const migrate = async (client: pg.ClientBase): Promise<void> => {
  await client.query('begin')
  try {
    await client.query('select pg_advisory_xact_lock($1, $2)', migrationLockKey)
    for (const statement of statements) await client.query(statement)
    await client.query('commit')
  } catch (error) {
    await client.query('rollback')
    throw error
  }
}

export const loadHeads = async (client: pg.ClientBase): Promise<readonly Head[]> => {
  const { rows } = await client.query('select id, topic, partition, next, resume from log.heads order by id')
  return rows.map((row) => ({ ...row, next: Number(row.next), resume: Number(row.resume) }))
}

type Query = (statement: pg.QueryConfig) => Promise<pg.QueryResult>

/** Creates missing topics with their heads, each in one statement. Throws Fault `topic_mismatch`. */
export const createTopicRows = async (query: Query, topics: readonly Topic[]): Promise<readonly Head[]> => {
  const { rows: known } = await query({ text: 'select name, partitions from log.topics' })
  for (const topic of topics) checkPartitions(topic, known.find((row) => row.name === topic.name)?.partitions)
  const missing = topics.filter((topic) => !known.some((row) => row.name === topic.name))
  const heads: Head[] = []
  for (const { name, kind, partitions } of missing) {
    const { rows } = await query({
      text: `with created as (insert into log.topics (name, kind, partitions) values ($1, $2, $3) returning name, partitions)
             insert into log.heads (topic, partition)
             select name, generate_series(0, partitions - 1) from created
             returning id, topic, partition`,
      values: [name, kind, partitions],
    })
    heads.push(...rows.map((row) => ({ ...row, next: 0, resume: 0 })))
  }
  return heads
}

export const noSuchPartition = (topic: Topic, partition: Partition): Fault =>
  new Fault('no_such_partition', `${topic.name} has no partition ${partition}, or was not created`, {
    isRetryable: false,
  })
