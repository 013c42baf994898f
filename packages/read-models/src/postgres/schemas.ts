import pg from 'pg'
import type { Session } from './database.ts'
import { migrations } from './migrations/index.ts'

/** What is built, and takes the place of the live one. */
export const nextSchema = 'read_next'
/** What was live before the last switch, for the way back. */
export const previousSchema = 'read_previous'
/** On its way out: nobody says this name any more. */
export const discardedSchema = 'read_discarded'

export const isThere = async (session: Session, schema: string): Promise<boolean> => {
  const [found] = await session.rows<{ there: boolean }>('select to_regnamespace($1) is not null as there', [schema])
  return found?.there === true
}

/** Whether its tables are those of this build. */
export const hasThisShape = async (session: Session, schema: string): Promise<boolean> => {
  const found = await session.rows<{ version: number }>(`select version from ${schema}.migrations order by version`)
  return found.map(({ version }) => version).join() === migrations.map(({ version }) => version).join()
}

/** A note goes where its schema goes, whatever that is renamed to. */
export const readNote = async (session: Session, schema: string): Promise<string | undefined> => {
  const [found] = await session.rows<{ note: string | null }>(
    `select obj_description(to_regnamespace($1), 'pg_namespace') as note`,
    [schema],
  )
  return found?.note ?? undefined
}

export const writeNote = async (session: Session, schema: string, note: string | undefined): Promise<void> => {
  await session.run(`comment on schema ${schema} is ${note === undefined ? 'null' : pg.escapeLiteral(note)}`)
}

/** The identity of a schema's tables: another after each switch. undefined: it is not there. */
export const identityOf = async (session: Session, schema: string): Promise<number | undefined> => {
  const [found] = await session.rows<{ id: number | null }>('select to_regclass($1)::oid::int8 as id', [
    `${schema}.projection_offsets`,
  ])
  return found?.id ?? undefined
}

/** Batches under way lock the offsets first, and so does this: it waits for them instead of deadlocking with them. */
export const dropSchema = async (session: Session, schema: string): Promise<void> => {
  if ((await identityOf(session, schema)) !== undefined)
    await session.run(`lock table ${schema}.projection_offsets in access exclusive mode`)
  await session.run(`drop schema if exists ${schema} cascade`)
}

/** `unfit`: it cannot be projected any further, and so cannot come back. */
export type PreviousNote = { readonly unfit: string } | 'fit'

/** The note says of which tables it speaks: one that came late, after a switch, says nothing of others. */
export const unfitNote = (identity: number, reason: string): string => `unfit ${identity} ${reason}`

export const parsePreviousNote = (identity: number, note: string | undefined): PreviousNote => {
  const prefix = unfitNote(identity, '')
  return note?.startsWith(prefix) === true ? { unfit: note.slice(prefix.length) } : 'fit'
}
