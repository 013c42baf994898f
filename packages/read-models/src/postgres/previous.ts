import { Fault, isFault, type Logger } from '@chat/runtime'
import pg from 'pg'
import type { KeptProjection, PreviousReadModels, PreviousState, Projection } from '../index.ts'
import { type Database, openDatabase } from './database.ts'
import { liveSchema } from './migrate.ts'
import { createProjection, readOffset } from './projection.ts'
import { createRebuildLock } from './rebuild-lock.ts'
import {
  dropSchema,
  hasThisShape,
  identityOf,
  parsePreviousNote,
  previousSchema,
  readNote,
  unfitNote,
  writeNote,
} from './schemas.ts'
import { switchOver } from './switch.ts'

interface Options {
  readonly url: string
  readonly logger: Logger
  readonly poolMax: number
}

/** What projectors keep up beside the live read models. */
export const openPostgresKept = (options: Options): KeptProjection => {
  const database = openDatabase(options)
  return {
    state: () => stateOf(database),
    markUnfit: async (identity, reason) => {
      await writeNote(database.session, previousSchema, unfitNote(identity, reason)).catch((error: unknown) => {
        // It was dropped meanwhile: there is nothing left to be marked.
        if (!isFault(error, 'read_models_unavailable')) throw error
        options.logger.info({ err: error, reason }, 'the previous read models could not be marked')
      })
    },
    ...createPreviousProjection(database),
    close: () => database.close(),
  }
}

/** The way back, for an operator. */
export const openPostgresPrevious = (options: Options): PreviousReadModels => {
  // One more: a switch holds a connection while others catch up.
  const database = openDatabase({ ...options, poolMax: options.poolMax + 1, statementTimeoutMs: 0 })
  const lock = createRebuildLock(options)
  return {
    begin: async () => {
      await lock.take()
      return stateOf(database)
    },
    projection: createPreviousProjection(database),
    parkedOnlyHere: async () => {
      const found = await database.session.rows(
        `select aggregate from ${previousSchema}.parked except select aggregate from ${liveSchema}.parked`,
      )
      return found.length
    },
    liveOffset: (source, partition) => readOffset(database.session, liveSchema, source, partition),
    switchOver: async (generation, catchUp) => {
      lock.check()
      return switchOver(database, options.logger, { from: previousSchema, generation, catchUp })
    },
    drop: async () => {
      lock.check()
      await database.transaction('write', (session) => dropSchema(session, previousSchema))
    },
    close: async () => {
      await lock.release()
      await database.close()
    },
  }
}

const stateOf = async ({ session }: Database): Promise<PreviousState> => {
  const identity = await identityOf(session, previousSchema)
  if (identity === undefined) return { kind: 'absent' }
  const note = parsePreviousNote(identity, await readNote(session, previousSchema))
  if (note !== 'fit') return { kind: 'unfit', identity, reason: note.unfit }
  if (!(await hasThisShape(session, previousSchema)))
    return { kind: 'unfit', identity, reason: 'its tables are those of another version' }
  return { kind: 'fit', identity }
}

const createPreviousProjection = (database: Database): Omit<Projection, 'close'> => {
  const projection = createProjection(database, previousSchema)
  const orUnfit = async <T>(run: () => Promise<T>): Promise<T> => {
    try {
      return await run()
    } catch (error) {
      if (!isOfShape(error) || (await identityOf(database.session, previousSchema)) === undefined) throw error
      const what = rootOf(error)
      const reason = `its tables do not take the rows of this build: ${what instanceof Error ? what.message : String(what)}`
      throw new Fault('previous_unfit', reason, { isRetryable: false, cause: error })
    }
  }
  return {
    offset: projection.offset,
    applyEvents: (batch) => orUnfit(() => projection.applyEvents(batch)),
    applyReceipts: (batch) => orUnfit(() => projection.applyReceipts(batch)),
  }
}

/** The live ones would wait for a migration; these get none. */
const isOfShape = (error: unknown): boolean => {
  if (!(error instanceof Fault) || error.code === 'read_models_foreign') return true
  const { cause } = error
  return cause instanceof pg.DatabaseError && /^42/.test(cause.code ?? '')
}

const rootOf = (error: unknown): unknown => (error instanceof Fault ? error.cause : error)
