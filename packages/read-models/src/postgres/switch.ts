import type { Logger } from '@chat/runtime'
import { type Offsets, switchHoldMs } from '../index.ts'
import type { Database, Session } from './database.ts'
import { liveSchema } from './migrate.ts'
import {
  discardedSchema,
  dropSchema,
  identityOf,
  isThere,
  nextSchema,
  previousSchema,
  unfitNote,
  writeNote,
} from './schemas.ts'

interface SwitchOptions {
  /** Which takes the place of the live one, which becomes the previous one. */
  readonly from: typeof nextSchema | typeof previousSchema
  readonly generation: 'keep' | 'new'
  readonly catchUp: (live: Offsets) => Promise<void>
}

/** The live schema and another change places in one transaction, while the live one stands still. */
export const switchOver = async (database: Database, logger: Logger, options: SwitchOptions): Promise<boolean> => {
  await dropDiscarded(database)
  const isDone = await database.transaction('write', (session) => switchSchemas(session, options))
  if (isDone)
    await dropDiscarded(database).catch((error: unknown) => {
      // What was asked for is done. The next run drops it first.
      logger.warn({ err: error }, `schema ${discardedSchema} could not be dropped`)
    })
  return isDone
}

/** A switch only renames, and locks nothing but offsets: dropping a large schema holds up nobody afterwards. */
export const dropDiscarded = (database: Database): Promise<void> =>
  database.transaction('write', (session) => dropSchema(session, discardedSchema))

const switchSchemas = async (session: Session, { from, generation, catchUp }: SwitchOptions): Promise<boolean> => {
  await session.run(`set local lock_timeout = ${switchHoldMs}`)
  await session.run(`set local idle_in_transaction_session_timeout = ${switchHoldMs}`)
  await session.run(`lock table ${liveSchema}.projection_offsets in access exclusive mode`)
  if (generation === 'keep') {
    await catchUp(await readOffsets(session))
    await session.run(`update ${from}.generation set generation = (select generation from ${liveSchema}.generation)`)
  }
  await session.run(`lock table ${from}.projection_offsets in access exclusive mode`)
  if (generation === 'keep' && (await session.rows(behind(from))).length > 0) return false
  await rename(session, from)
  await writeNote(session, liveSchema, undefined)
  const identity = await identityOf(session, previousSchema)
  const isOfThisLog = generation === 'keep' || identity === undefined
  const note = isOfThisLog ? undefined : unfitNote(identity, 'it was made of a log that has been cut since')
  await writeNote(session, previousSchema, note)
  return true
}

const rename = async (session: Session, from: SwitchOptions['from']): Promise<void> => {
  const move = (schema: string, to: string) => session.run(`alter schema ${schema} rename to ${to}`)
  if (from === previousSchema) {
    await move(liveSchema, discardedSchema)
    await move(previousSchema, liveSchema)
    await move(discardedSchema, previousSchema)
    return
  }
  if (await isThere(session, previousSchema)) await move(previousSchema, discardedSchema)
  await move(liveSchema, previousSchema)
  await move(nextSchema, liveSchema)
}

/** A switch must not take back what a read has seen. [G7] */
const behind = (schema: string): string => `
  select l.partition from ${liveSchema}.projection_offsets l
  left join ${schema}.projection_offsets n using (source, partition)
  where coalesce(n.next_offset, 0) < l.next_offset`

const readOffsets = async (session: Session): Promise<Offsets> => {
  const found = await session.rows<{ source: string; partition: number; next_offset: number }>(
    `select source, partition, next_offset from ${liveSchema}.projection_offsets`,
  )
  const of = (source: string) =>
    new Map(found.filter((row) => row.source === source).map((row) => [row.partition, row.next_offset]))
  return { events: of('events'), receipts: of('receipts') }
}
