import { readdir, readFile } from 'node:fs/promises'
import type { Pool } from 'pg'

const folder = new URL('./migrations/', import.meta.url)

/** Two processes that migrate at once wait for each other. Any number that nobody else in this database uses. */
const lockKey = 0x63686174_01

/**
 * Brings schema `auth` up to date: applies what is in migrations/ and not yet in `auth.migrations`, in order of the file names,
 * each in a transaction of its own. Safe to run at any time and side by side; a file once published never changes.
 */
export const applyAuthMigrations = async (pool: Pool): Promise<void> => {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()
  const client = await pool.connect()
  try {
    await client.query('SELECT pg_advisory_lock($1)', [lockKey])
    await client.query('CREATE SCHEMA IF NOT EXISTS auth')
    await client.query(
      'CREATE TABLE IF NOT EXISTS auth.migrations (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())',
    )
    const { rows } = await client.query<{ name: string }>('SELECT name FROM auth.migrations')
    const applied = new Set(rows.map((row) => row.name))
    for (const name of names) {
      if (applied.has(name)) continue
      const sql = await readFile(new URL(name, folder), 'utf8')
      // One simple query is one transaction: the file and its mark land together or not at all.
      await client.query(`BEGIN; ${sql}; INSERT INTO auth.migrations (name) VALUES ('${name}'); COMMIT`)
    }
  } finally {
    // The lock belongs to the connection: closing that one frees it even when a statement above failed.
    client.release(true)
  }
}
