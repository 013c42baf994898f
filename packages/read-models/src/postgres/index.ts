import { silentLogger } from '@chat/runtime'
import type { Dump } from '../dump.ts'
import { openDatabase } from './database.ts'
import { dumpDatabase } from './dump.ts'

export { applyMigrations } from './migrate.ts'
export { openPostgresProjection } from './projection.ts'
export { openPostgresReadModels } from './read-models.ts'
export { openPostgresRebuild } from './rebuild.ts'

/** Every row of the live read models, to be compared with the fold of the log. Holds all of it in memory. */
export const dumpPostgres = async (url: string): Promise<Dump> => {
  const database = openDatabase({ url, logger: silentLogger, poolMax: 1 })
  try {
    return await dumpDatabase(database)
  } finally {
    await database.close()
  }
}
