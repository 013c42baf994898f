import { join } from 'node:path'
import { systemClock as clock } from '@chat/runtime/system'
import { createRegistry } from '@chat/schemas/registry'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { definedOf } from './environment.ts'
import type { Addresses } from './stack.ts'
import { createTestStack } from './test-stack.ts'

const dataDir = join(import.meta.dirname, '..', '..', '..', '.chat')
const { stack, remove } = await createTestStack({
  dataDir,
  brokers: 1,
  env: definedOf(process.env),
  clock,
  say: () => {},
})

afterAll(() => remove({ areLogsKept: false }), 60_000)

const pids = async () => Object.fromEntries((await stack.status()).map(({ name, pid }) => [name, pid]))
const query = async (addresses: Addresses, sql: string) => {
  const client = new pg.Client(addresses.CHAT_DATABASE_URL)
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows
  } finally {
    await client.end()
  }
}

// One test for one life of a stack: a start costs ten seconds.
test('a stack comes up, repeats that without effect, repairs what was killed, and keeps its data', async () => {
  const addresses = await stack.up()
  expect((await stack.status()).map(({ name, isServing }) => `${name} ${isServing}`)).toEqual([
    'kafka-1 true',
    'redis true',
    'postgres true',
    'registry true',
  ])
  const before = await pids()
  const ids = await createRegistry({ url: addresses.CHAT_REGISTRY_URL ?? '' }).readIds()
  await query(addresses, 'CREATE TABLE kept (n int); INSERT INTO kept VALUES (57)')

  expect(await stack.up()).toEqual(addresses)
  expect(await pids()).toEqual(before)

  // The holder of the database dies and leaves the server behind.
  for (const name of ['kafka-1', 'postgres', 'registry']) expect(stack.signal(name, 'SIGKILL')).toBe(true)
  expect(await stack.up()).toEqual(addresses)
  const after = await pids()
  expect(after.redis).toBe(before.redis)
  expect(after['kafka-1']).not.toBe(before['kafka-1'])
  expect(await query(addresses, 'SELECT n FROM kept')).toEqual([{ n: 57 }])
  expect(await createRegistry({ url: addresses.CHAT_REGISTRY_URL ?? '' }).readIds()).toEqual(ids)

  await stack.down()
  expect(Object.values(await pids())).toEqual([undefined, undefined, undefined, undefined])
}, 180_000)
