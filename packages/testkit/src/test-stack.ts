import { randomBytes } from 'node:crypto'
import { createTopics, type Topics } from '@chat/schemas'
import pg from 'pg'

/** Addresses of the servers that integration tests use. */
export interface TestStack {
  readonly kafkaBrokers: readonly string[]
  readonly redisUrl: string
  readonly databaseUrl: string
  readonly registryUrl: string
}

/** Reads the addresses from the environment. Throws when one is missing: a test that needs a server never passes without it. */
export const testStack = (): TestStack => {
  const names = ['CHAT_KAFKA_BROKERS', 'CHAT_REDIS_URL', 'CHAT_DATABASE_URL', 'CHAT_REGISTRY_URL'] as const
  const missing = names.filter((name) => (process.env[name] ?? '') === '')
  if (missing.length > 0) throw new Error(`this test needs the native stack: ${missing.join(', ')} not set`)
  const [brokers, redisUrl, databaseUrl, registryUrl] = names.map((name) => process.env[name] ?? '')
  return {
    kafkaBrokers: (brokers ?? '').split(','),
    redisUrl: redisUrl ?? '',
    databaseUrl: databaseUrl ?? '',
    registryUrl: registryUrl ?? '',
  }
}

/** Topics, Redis keys and a database of its own on the shared stack: tests of different worlds never meet. */
export interface TestWorld {
  readonly stack: TestStack
  readonly prefix: string
  readonly partitions: number
  readonly slots: number
  /** Names only; whoever needs the topics creates them (`ensureTopics`). */
  readonly topics: Topics
  readonly redisPrefix: string
  /** An empty database. */
  readonly databaseUrl: string
  /** Drops the database, whoever is still connected. Topics and keys stay: the stack is thrown away as a whole. */
  readonly close: () => Promise<void>
}

export const createTestWorld = async (
  options: { readonly partitions?: number; readonly slots?: number } = {},
): Promise<TestWorld> => {
  const stack = testStack()
  const { partitions = 4, slots = 4 } = options
  const id = `t${randomBytes(6).toString('hex')}`
  const prefix = `${id}.`
  await administer(stack.databaseUrl, `create database ${id}`)
  const databaseUrl = new URL(stack.databaseUrl)
  databaseUrl.pathname = `/${id}`
  return {
    stack,
    prefix,
    partitions,
    slots,
    topics: createTopics({ prefix, partitions, slots }),
    redisPrefix: `${id}:`,
    databaseUrl: databaseUrl.href,
    close: async () => {
      await administer(stack.databaseUrl, leave(id))
      await administer(stack.databaseUrl, `drop database if exists ${id} with (force)`)
    },
  }
}

/** A pool that was ended has said goodbye, and the server may not have heard it: dropped now, it would be told so, and nobody listens any more. */
const leave = (id: string): string => `do $$ begin
  for tries in 1..200 loop
    exit when not exists (select from pg_stat_activity where datname = '${id}');
    perform pg_sleep(0.01), pg_stat_clear_snapshot();
  end loop;
end $$`

const administer = async (databaseUrl: string, statement: string): Promise<void> => {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
