import { silentLogger } from '@chat/runtime'
import { systemClock } from '@chat/runtime/system'
import { createTestWorld, type TestWorld } from '@chat/testkit'
import { readModelsContract } from '@chat/testkit/contracts/read-models'
import pg from 'pg'
import { afterAll, beforeAll } from 'vitest'
import { applyMigrations, openPostgresProjection, openPostgresReadModels } from './index.ts'

let world: TestWorld
beforeAll(async () => {
  world = await createTestWorld()
})
afterAll(() => world.close())

readModelsContract('postgres', async () => {
  const pool = new pg.Pool({ connectionString: world.databaseUrl, max: 2 })
  await pool.query('drop schema if exists read cascade')
  await applyMigrations(pool)
  await pool.end()
  const options = { url: world.databaseUrl, clock: systemClock, logger: silentLogger, poolMax: 4 }
  const readModels = openPostgresReadModels(options)
  const projection = openPostgresProjection(options)
  return {
    readModels,
    projection,
    close: async () => {
      await readModels.close()
      await projection.close()
    },
  }
})
