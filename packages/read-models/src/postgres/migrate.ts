import type { Pool, PoolClient } from 'pg'
import { migrations } from './migrations/index.ts'

/** The schema that all reads say. */
export const liveSchema = 'read'

/** Any number, the same in every process: migrations and rebuilds take it as an advisory lock. */
const migrationLock = 0x63686174

/**
 * Makes or completes the schema `read`, in one transaction; others that migrate meanwhile wait. Safe to repeat. A new schema gets a
 * generation of its own: sync tokens of another are answered with a reset.
 */
export const applyMigrations = async (pool: Pick<Pool, 'connect'>): Promise<void> => {
  const client = await pool.connect()
  try {
    await client.query('begin')
    await client.query('select pg_advisory_xact_lock($1)', [migrationLock])
    await migrateSchema(client, liveSchema)
    await client.query('commit')
    client.release()
  } catch (error) {
    client.release(true) // Ends the connection and with it the transaction, whatever state it is in.
    throw error
  }
}

const migrateSchema = async (client: PoolClient, schema: string): Promise<void> => {
  await client.query(`create schema if not exists ${schema}`)
  await client.query(`create table if not exists ${schema}.migrations (version integer primary key)`)
  const done = await client.query<{ version: number }>(`select version from ${schema}.migrations`)
  const applied = new Set(done.rows.map(({ version }) => version))
  for (const { version, tables, indexes } of migrations.filter((migration) => !applied.has(migration.version))) {
    await client.query(tables(schema))
    await client.query(indexes(schema))
    await client.query(`insert into ${schema}.migrations (version) values ($1)`, [version])
  }
  await client.query(
    `insert into ${schema}.generation (generation) values (gen_random_uuid()::text) on conflict do nothing`,
  )
}

type Run = (statement: string) => Promise<unknown>

/** An empty schema with all tables and no index but those of the offsets. */
export const createBareSchema = async (run: Run, schema: string): Promise<void> => {
  await run(`drop schema if exists ${schema} cascade`)
  await run(`create schema ${schema}`)
  await run(`create table ${schema}.migrations (version integer primary key)`)
  for (const { version, tables } of migrations) {
    await run(tables(schema))
    await run(`insert into ${schema}.migrations (version) values (${version})`)
  }
}

export const createIndexes = async (run: Run, schema: string): Promise<void> => {
  for (const { indexes } of migrations) await run(indexes(schema))
}
