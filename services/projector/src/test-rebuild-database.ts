import { applyMigrations } from '@chat/read-models/postgres'
import { createTestWorld } from '@chat/testkit'
import pg from 'pg'

export type RebuildDatabase = Awaited<ReturnType<typeof openRebuildDatabase>>

/** The database of a file of tests. `reset` leaves it with empty read models, live ones only. */
export const openRebuildDatabase = async () => {
  const world = await createTestWorld()
  const pool = new pg.Pool({ connectionString: world.databaseUrl, max: 2 })
  return {
    url: world.databaseUrl,
    pool,
    reset: async () => {
      for (const schema of ['read', 'read_next', 'read_previous', 'read_discarded'])
        await pool.query(`drop schema if exists ${schema} cascade`)
      await applyMigrations(pool)
    },
    close: async () => {
      await pool.end()
      await world.close()
    },
  }
}
