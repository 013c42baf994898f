import type { Clock, Logger } from '@chat/runtime'
import type { ReadModels } from '../index.ts'
import { createQueries } from '../queries.ts'
import type { AtMoment } from '../snapshot.ts'
import { openDatabase } from './database.ts'
import { createPositions } from './positions.ts'
import { createPostgresSnapshot } from './snapshot.ts'

/** The read side on PostgreSQL: at most `poolMax` connections; a call that gets none within 3 s fails as unavailable. */
export const openPostgresReadModels = (options: {
  readonly url: string
  readonly clock: Clock
  readonly logger: Logger
  readonly poolMax: number
}): ReadModels => {
  const database = openDatabase(options)
  const positions = createPositions({ session: database.session, clock: options.clock, logger: options.logger })
  const single = createPostgresSnapshot(database.session)
  const atMoment: AtMoment = (needs, query) =>
    needs === 'single'
      ? query(single)
      : database.transaction('read', (session) => query(createPostgresSnapshot(session)))
  return {
    ...createQueries(atMoment, positions.waitFor),
    waitFor: positions.waitFor,
    waitForReceipts: positions.waitForReceipts,
    close: async () => {
      positions.close()
      await database.close()
    },
  }
}
