import { Fault, isFault, type Logger } from '@chat/runtime'
import { chainStart } from '@chat/schemas'
import { emptyFold, type FoldState, foldEvents, foldReceipts, noRows } from '../fold.ts'
import type { EventBatch, ParkedEvent, PlacedEvent, Projection, ProjectionOffset, Source } from '../index.ts'
import { needsOf } from '../project.ts'
import { type Database, openDatabase, type Session } from './database.ts'
import { liveSchema } from './migrate.ts'
import { readPrior, readPriorReceipts } from './prior-rows.ts'
import { hasThisShape } from './schemas.ts'
import { createWriter, rowsPerStatement } from './writer.ts'

/** The write side on PostgreSQL. It uses up to `poolMax` connections, one a partition that has something to write. */
export const openPostgresProjection = (options: {
  readonly url: string
  readonly logger: Logger
  readonly poolMax: number
}): Projection => {
  const database = openDatabase(options)
  return { ...createProjection(database, liveSchema), close: () => database.close() }
}

export const createProjection = (database: Database, schema: string): Omit<Projection, 'close'> => {
  const writer = createWriter(schema)
  /** What earlier batches read and wrote, by partition: true only where the stored offset still is the one they left. */
  const folds = new Map<number, KeptFold>()
  /** Tables that take all that this build projects. */
  let fitting: number | undefined

  /** A rebuild of another build can put its tables here at any time; what it wrote and this one does not would fall behind unseen. [G7] */
  const move = async (session: Session, source: Source, partition: number, from: number, to: ProjectionOffset) => {
    const table = await writer.moveOffset(session, source, partition, from, to)
    if (table === fitting) return table
    if (!(await hasThisShape(session, schema))) throw foreign(schema)
    fitting = table
    return table
  }

  /** The offset comes first: its row lock lets one projector at a time read what it folds on. */
  const begin = async (session: Session, batch: EventBatch): Promise<FoldOfBatch> => {
    const kept = folds.get(batch.partition)
    folds.delete(batch.partition) // It comes back when the transaction is committed.
    const table = await move(session, 'events', batch.partition, batch.from, batch.to)
    // Whoever moved the offset since then wrote rows that it does not hold. [G7] [G8]
    const isCurrent = kept?.table === table && kept.at === batch.from
    return { table, state: isCurrent ? kept.state : await readFold(session, schema, batch.partition) }
  }

  /**
   * On what this process left itself, without a lock: whatever is read and folded here counts only if the offset still is where it was
   * left. undefined: it is not, or there is nothing to go on from.
   */
  const applyOnKept = async (batch: EventBatch) => {
    const kept = folds.get(batch.partition)
    if (kept?.at !== batch.from) return undefined
    folds.delete(batch.partition)
    await readPrior(database.session, schema, kept.state, batch)
    const rows = foldEvents(batch, kept.state)
    const { memberships, events_read: events, blocks, reports, report_resolutions: resolutions } = rows
    const sizes = [
      memberships.size,
      events.length,
      blocks.size,
      reports.size,
      resolutions.size,
      rows.dialect_ids.size,
      rows.words_by_hour.size,
    ]
    if (Math.max(...sizes) > rowsPerStatement) return undefined
    const hasMoved = await writer.moveAndWrite(database.session, batch, kept.table, rows)
    return hasMoved ? { fold: kept, failed: rows.failed } : undefined
  }

  const applyWhole = async (session: Session, batch: EventBatch) => {
    const fold = await begin(session, batch)
    await readPrior(session, schema, fold.state, batch)
    const rows = foldEvents(batch, fold.state)
    await writer.writeEvents(session, rows)
    return { fold, failed: rows.failed }
  }

  /** The database refused a row of the batch: each event for itself, and the aggregate of what is refused is parked. */
  const applySingly = async (session: Session, batch: EventBatch) => {
    const fold = await begin(session, batch)
    const failed: ParkedEvent[] = []
    for (const placed of batch.events) {
      await session.run('savepoint event')
      const rows = await refusedAsUndefined(async () => {
        await readPrior(session, schema, fold.state, { ...batch, events: [placed] })
        const folded = foldEvents({ ...batch, events: [placed] }, fold.state)
        await writer.writeEvents(session, folded)
        return folded
      })
      if (rows !== undefined) failed.push(...rows.failed)
      else {
        await session.run('rollback to savepoint event')
        const parked = parkedOf(batch.partition, placed)
        fold.state.parked.add(parked.aggregate)
        fold.state.words = undefined // They are everybody's, and hold words of what was refused: read again.
        await writer.writeEvents(session, { ...noRows(), parked: [parked] })
        failed.push(parked)
      }
    }
    return { fold, failed }
  }

  return {
    offset: (source, partition) => readOffset(database.session, schema, source, partition),
    applyEvents: async (batch) => {
      const done =
        (await refusedAsUndefined(() => applyOnKept(batch))) ??
        (await refusedAsUndefined(() => database.transaction('write', (session) => applyWhole(session, batch)))) ??
        (await database.transaction('write', (session) => applySingly(session, batch)))
      folds.set(batch.partition, { ...done.fold, at: batch.to.nextOffset })
      return done.failed
    },
    applyReceipts: ({ partition, from, to, receipts }) =>
      database.transaction('write', async (session) => {
        const offset = { nextOffset: to, lastPos: -1, chain: chainStart }
        await move(session, 'receipts', partition, from, offset)
        if (receipts.length === 0) return
        const prior = await readPriorReceipts(session, schema, receipts)
        await writer.writeReceipts(session, [...foldReceipts(partition, receipts, prior).values()])
      }),
  }
}

const foreign = (schema: string): Fault =>
  new Fault('read_models_foreign', `the read models in ${schema} are those of another build: start its projector`, {
    isRetryable: false,
  })

interface FoldOfBatch {
  /** The table of the offsets that it goes with: after a rebuild's switch it is another. */
  readonly table: number
  readonly state: FoldState
}

interface KeptFold extends FoldOfBatch {
  /** The next offset as of which it is true. */
  readonly at: number
}

const refusedAsUndefined = async <T>(run: () => Promise<T>): Promise<T | undefined> => {
  try {
    return await run()
  } catch (error) {
    if (isFault(error, 'rows_refused')) return undefined
    throw error
  }
}

const parkedOf = (partition: number, { pos, event }: PlacedEvent): ParkedEvent => ({
  aggregate: needsOf(event)?.aggregate ?? '',
  partition,
  pos,
  reason: 'the database refused its rows',
})

const readFold = async (session: Session, schema: string, partition: number): Promise<FoldState> => {
  const state = emptyFold()
  const found = await session.rows<{ aggregate: string }>(
    `select distinct aggregate from ${schema}.parked where partition = $1`,
    [partition],
  )
  for (const { aggregate } of found) state.parked.add(aggregate)
  return state
}

export const readOffset = async (
  session: Session,
  schema: string,
  source: Source,
  partition: number,
): Promise<ProjectionOffset> => {
  const [found] = await session.rows<{ next_offset: number; last_pos: number; chain: string }>(
    `select next_offset, last_pos, chain from ${schema}.projection_offsets where source = $1 and partition = $2`,
    [source, partition],
  )
  return found === undefined
    ? { nextOffset: 0, lastPos: -1, chain: chainStart } // Tables that are new are folded from the whole log. [G10]
    : { nextOffset: found.next_offset, lastPos: found.last_pos, chain: found.chain }
}
