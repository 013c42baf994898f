import { Fault, type Logger } from '@chat/runtime'
import { chainStart } from '@chat/schemas'
import pg from 'pg'
import { emptyFold, type FoldedRows, type FoldState, foldEvents, foldReceipts, noRows } from '../fold.ts'
import { type NextReadModels, type Offsets, type ProjectionOffset, switchHoldMs } from '../index.ts'
import type { StoredReceipt } from '../receipts.ts'
import { type Database, openDatabase, type Session } from './database.ts'
import { findDifferences } from './differences.ts'
import { createBareSchema, createIndexes, liveSchema } from './migrate.ts'
import { createProjection, readOffset } from './projection.ts'
import { createWriter } from './writer.ts'

const nextSchema = 'read_next'
const previousSchema = 'read_previous'
/** Any number, the same in every process: one rebuild at a time. */
const rebuildLock = 0x72656275

/** What is kept of a partition until all of it was read: rows that change with every event are written once. */
interface Loading {
  readonly state: FoldState
  readonly rows: FoldedRows
  readonly receipts: Map<string, StoredReceipt>
  readonly offsets: { events?: ProjectionOffset; receipts?: ProjectionOffset }
}

/** The other schema, on connections of its own. */
export const openPostgresRebuild = (options: {
  readonly url: string
  readonly logger: Logger
  readonly poolMax: number
}): NextReadModels => {
  // One more: a switch holds a connection while others catch up.
  const database = openDatabase({ ...options, poolMax: options.poolMax + 1, statementTimeoutMs: 0 })
  const lock = createLock(options)
  const loading = createLoading(database)
  const projection = createProjection(database, nextSchema)

  return {
    begin: async () => {
      await lock.take()
      await database.transaction('write', (session) => createBareSchema(session.run, nextSchema))
    },
    loadEvents: async (batch) => {
      lock.check()
      return loading.events(batch)
    },
    loadReceipts: async (batch) => {
      lock.check()
      loading.receipts(batch)
    },
    finishPartition: async (partition) => {
      lock.check()
      await loading.finish(partition)
    },
    finishLoading: async () => {
      lock.check()
      await database.transaction('write', async (session) => {
        await createIndexes(session.run, nextSchema)
        await session.run(`insert into ${nextSchema}.generation (generation) values (gen_random_uuid()::text)`)
      })
      for (const table of ['users', 'conversations', 'memberships', 'events_read', 'receipts'])
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
      await database.session.run(`drop schema if exists ${previousSchema} cascade`)
      const isDone = await database.transaction('write', (session) => switchSchemas(session, generation, catchUp))
      if (isDone) await database.session.run(`drop schema ${previousSchema} cascade`)
      return isDone
    },
    close: async () => {
      await lock.release()
      await database.close()
    },
  }
}

const createLoading = (database: Database) => {
  const writer = createWriter(nextSchema, 'insert')
  const partitions = new Map<number, Loading>()

  const of = (partition: number): Loading => {
    const known = partitions.get(partition)
    if (known !== undefined) return known
    const begun = { state: emptyFold(), rows: noRows(), receipts: new Map<string, StoredReceipt>(), offsets: {} }
    partitions.set(partition, begun)
    return begun
  }

  const events: NextReadModels['loadEvents'] = async (batch) => {
    const kept = of(batch.partition)
    const { conversations, memberships } = kept.rows
    const rows = foldEvents(batch, kept.state, { ...noRows(), conversations, memberships })
    kept.offsets.events = batch.to
    await database.transaction('write', async (session) => {
      await session.run('set local synchronous_commit = off')
      await writer.writeEvents(session, { ...rows, conversations: new Map(), memberships: new Map() })
    })
    return rows.failed
  }

  const receipts = (batch: Parameters<NextReadModels['loadReceipts']>[0]): void => {
    const kept = of(batch.partition)
    for (const [key, row] of foldReceipts(batch.partition, batch.receipts, kept.receipts)) kept.receipts.set(key, row)
    kept.offsets.receipts = { nextOffset: batch.to, lastPos: -1, chain: chainStart }
  }

  const finish = async (partition: number): Promise<void> => {
    const { rows, receipts: cursors, offsets } = of(partition)
    await database.transaction('write', async (session) => {
      await writer.writeEvents(session, rows)
      await writer.writeReceipts(session, [...cursors.values()])
      for (const source of ['events', 'receipts'] as const) {
        const to = offsets[source]
        if (to !== undefined) await writer.moveOffset(session, source, partition, 0, to)
      }
    })
    partitions.delete(partition)
  }
  return { events, receipts, finish }
}

const switchSchemas = async (
  session: Session,
  generation: 'keep' | 'new',
  catchUp: (live: Offsets) => Promise<void>,
): Promise<boolean> => {
  await session.run(`set local lock_timeout = ${switchHoldMs}`)
  await session.run(`set local idle_in_transaction_session_timeout = ${switchHoldMs}`)
  await session.run(`lock table ${liveSchema}.projection_offsets in access exclusive mode`)
  if (generation === 'keep') {
    await catchUp(await readOffsets(session))
    await session.run(
      `update ${nextSchema}.generation set generation = (select generation from ${liveSchema}.generation)`,
    )
  }
  await session.run(`lock table ${nextSchema}.projection_offsets in access exclusive mode`)
  if (generation === 'keep' && (await session.rows(behind)).length > 0) return false
  await session.run(`alter schema ${liveSchema} rename to ${previousSchema}`)
  await session.run(`alter schema ${nextSchema} rename to ${liveSchema}`)
  return true
}

/** A switch must not take back what a read has seen. [G7] */
const behind = `
  select l.partition from ${liveSchema}.projection_offsets l
  left join ${nextSchema}.projection_offsets n using (source, partition)
  where coalesce(n.next_offset, 0) < l.next_offset`

const readOffsets = async (session: Session): Promise<Offsets> => {
  const found = await session.rows<{ source: string; partition: number; next_offset: number }>(
    `select source, partition, next_offset from ${liveSchema}.projection_offsets`,
  )
  const of = (source: string) =>
    new Map(found.filter((row) => row.source === source).map((row) => [row.partition, row.next_offset]))
  return { events: of('events'), receipts: of('receipts') }
}

/** An advisory lock on a connection of its own: held until released, or until the connection is lost. */
const createLock = ({ url, logger }: { readonly url: string; readonly logger: Logger }) => {
  const client = new pg.Client({ connectionString: url })
  let isHeld = false
  client.on('error', (error) => {
    isHeld = false
    logger.warn({ err: error }, 'connection of the rebuild lock lost')
  })
  return {
    take: async () => {
      try {
        await client.connect()
      } catch (error) {
        throw new Fault('read_models_unavailable', 'the database of the read models cannot be reached', {
          cause: error,
        })
      }
      const { rows } = await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1) as taken', [rebuildLock])
      isHeld = rows[0]?.taken === true
      if (!isHeld) throw new Fault('rebuild_running', 'another rebuild is running', { isRetryable: false })
    },
    check: () => {
      if (!isHeld) throw new Fault('rebuild_lost', 'the rebuild lost its lock', { isRetryable: false })
    },
    release: () => client.end(),
  }
}
