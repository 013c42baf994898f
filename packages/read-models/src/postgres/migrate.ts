import type { Pool, PoolClient } from 'pg'
import { migrations } from './migrations/index.ts'

/** The schema that all reads say. */
export const liveSchema = 'read'

/** Any number, the same in every process: migrations and rebuilds take it as an advisory lock. */
const migrationLock = 0x63686174

/**
 * Makes the schema `read`, in one transaction; others that migrate meanwhile wait. Safe to repeat. A new schema gets a generation of
 * its own: sync tokens of another are answered with a reset.
 *
 * One that an older build made lacks what the log has told since the beginning. It is made anew, empty, with the generation that it had, and the
 * projector fills it from the log; `isEmptied` says so. Until then reads are stale. Who must not have that runs `npm run rebuild` of the
 * new build before: then there is nothing to do here.
 */
export const applyMigrations = async (pool: Pick<Pool, 'connect'>): Promise<{ readonly isEmptied: boolean }> => {
  const client = await pool.connect()
  try {
    await client.query('begin')
    await client.query('select pg_advisory_xact_lock($1)', [migrationLock])
    const migrated = await migrateSchema(client, liveSchema)
    await client.query('commit')
    client.release()
    return migrated
  } catch (error) {
    client.release(true) // Ends the connection and with it the transaction, whatever state it is in.
    throw error
  }
}

const migrateSchema = async (client: PoolClient, schema: string): Promise<{ readonly isEmptied: boolean }> => {
  const applied = await appliedVersions(client, schema)
  if (applied !== undefined && migrations.every(({ version }) => applied.has(version))) return { isEmptied: false }
  const generation = applied === undefined ? undefined : await generationOf(client, schema)
  const run = (statement: string) => client.query(statement)
  await createBareSchema(run, schema)
  await createIndexes(run, schema)
  await client.query(`insert into ${schema}.generation (generation) values (coalesce($1, gen_random_uuid()::text))`, [
    generation ?? null,
  ])
  return { isEmptied: applied !== undefined }
}

/** undefined: there is no such schema yet. */
const appliedVersions = async (client: PoolClient, schema: string): Promise<ReadonlySet<number> | undefined> => {
  const found = await client.query<{ there: boolean }>(
    `select to_regclass('${schema}.migrations') is not null as there`,
  )
  if (found.rows[0]?.there !== true) return undefined
  const done = await client.query<{ version: number }>(`select version from ${schema}.migrations`)
  return new Set(done.rows.map(({ version }) => version))
}

const generationOf = async (client: PoolClient, schema: string): Promise<string | undefined> => {
  const found = await client.query<{ generation: string }>(`select generation from ${schema}.generation`)
  return found.rows[0]?.generation
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
