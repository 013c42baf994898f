import type { Logger } from '@chat/runtime'
import type { NextReadModels } from '../index.ts'
import { openDatabase } from './database.ts'
import { findDifferences } from './differences.ts'
import { loadPartition } from './load.ts'
import { createBareSchema, createIndexes, liveSchema } from './migrate.ts'
import { createProjection, readOffset } from './projection.ts'
import { createRebuildLock } from './rebuild-lock.ts'
import { dropSchema, hasThisShape, isThere, nextSchema, readNote, writeNote } from './schemas.ts'
import { sourcesDigest } from './sources.ts'
import { dropDiscarded, switchOver } from './switch.ts'

/** Memory of one sort while indexes are made: a rebuild makes one after the other. */
const indexMemory = '256MB'

const noteOfThisBuild = (): string => `built by ${sourcesDigest()}`

/**
 * Only loads, for a thread of a rebuild that another one leads: it holds no lock of its own. Two that load the same partition cannot both
 * commit. [G8]
 */
export const openPostgresLoader = (options: {
  readonly url: string
  readonly logger: Logger
  readonly poolMax: number
}): Pick<NextReadModels, 'loadPartition' | 'close'> => {
  const database = openDatabase({ ...options, statementTimeoutMs: 0 })
  const into = { schema: nextSchema, note: noteOfThisBuild() }
  return {
    loadPartition: (partition, read) => loadPartition(database, into, partition, read),
    close: () => database.close(),
  }
}

/** The next schema, on connections of its own. */
export const openPostgresRebuild = (options: {
  readonly url: string
  readonly logger: Logger
  readonly poolMax: number
}): NextReadModels => {
  // One more: a switch holds a connection while others catch up.
  const database = openDatabase({ ...options, poolMax: options.poolMax + 1, statementTimeoutMs: 0 })
  const lock = createRebuildLock(options)
  const projection = createProjection(database, nextSchema)
  const note = noteOfThisBuild()

  const isLoaded = async (): Promise<boolean> =>
    (await database.session.rows(`select from ${nextSchema}.generation`)).length > 0

  return {
    begin: async () => {
      await lock.take()
      await dropDiscarded(database)
      const { session } = database
      if (!(await isThere(session, nextSchema))) return 'absent'
      const isOurs = (await readNote(session, nextSchema)) === note && (await hasThisShape(session, nextSchema))
      if (!isOurs) return 'foreign'
      return (await isLoaded()) ? 'loaded' : 'loading'
    },
    clear: async () => {
      lock.check()
      await database.transaction('write', async (session) => {
        await dropSchema(session, nextSchema)
        await createBareSchema(session.run, nextSchema)
        await writeNote(session, nextSchema, note)
      })
    },
    loadPartition: async (partition, read) => {
      lock.check()
      await loadPartition(database, { schema: nextSchema, note }, partition, async (load) => {
        await read(load)
        lock.check()
      })
    },
    finishLoading: async () => {
      lock.check()
      await database.transaction('write', async (session) => {
        // A run that was killed may still be at it, as far as the server knows.
        await session.run(`lock table ${nextSchema}.generation in access exclusive mode`)
        if ((await session.rows(`select from ${nextSchema}.generation`)).length > 0) return
        await session.run(`set local maintenance_work_mem = '${indexMemory}'`)
        await createIndexes(session.run, nextSchema)
        await session.run(`insert into ${nextSchema}.generation (generation) values (gen_random_uuid()::text)`)
      })
      for (const table of ['users', 'conversations', 'memberships', 'events_read', 'words_by_hour', 'receipts'])
        await database.session.run(`analyze ${nextSchema}.${table}`)
    },
    projection: {
      offset: projection.offset,
      applyEvents: async (batch) => {
        lock.check()
        return projection.applyEvents(batch)
      },
      applyReceipts: async (batch) => {
        lock.check()
        return projection.applyReceipts(batch)
      },
    },
    liveOffset: (source, partition) => readOffset(database.session, liveSchema, source, partition),
    differences: () => database.transaction('read', (session) => findDifferences(session, liveSchema, nextSchema)),
    switchOver: async (generation, catchUp) => {
      lock.check()
      return switchOver(database, options.logger, { from: nextSchema, generation, catchUp })
    },
    close: async () => {
      await lock.release()
      await database.close()
    },
  }
}
