import { silentLogger } from '@chat/runtime'
import type { Dump } from '../dump.ts'
import { openDatabase } from './database.ts'
import { dumpDatabase } from './dump.ts'

export { applyMigrations } from './migrate.ts'
export { openPostgresKept, openPostgresPrevious } from './previous.ts'
export { openPostgresProjection } from './projection.ts'
export { openPostgresReadModels } from './read-models.ts'
export { openPostgresLoader, openPostgresRebuild } from './rebuild.ts'

/** Every row of the live read models or of another schema, to be compared with the fold of the log. Holds all of it in memory. */
export const dumpPostgres = async (url: string, schema?: string): Promise<Dump> => {
  const database = openDatabase({ url, logger: silentLogger, poolMax: 1 })
  try {
    return await dumpDatabase(database, schema)
  } finally {
    await database.close()
  }
}
