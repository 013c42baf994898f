import { silentLogger } from '@chat/runtime'
import { systemClock } from '@chat/runtime/system'
import { createTestWorld, type TestWorld } from '@chat/testkit'
import { readModelsContract } from '@chat/testkit/contracts/read-models'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { applyMigrations, openPostgresProjection, openPostgresReadModels } from './index.ts'

let world: TestWorld
beforeAll(async () => {
  world = await createTestWorld()
})
afterAll(() => world.close())

/** pg warns of what its next version refuses, once: a second question to a connection that has not answered the first. */
const warnings: string[] = []
process.on('warning', (warning) => warnings.push(warning.message))

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

test('uses the library as it is meant to be used', () => {
  expect(warnings).toEqual([])
})
