import { aliases, type StoredAlias } from '../aliases.ts'
import type { Snapshot } from '../snapshot.ts'
import type { Session } from './database.ts'
import { read } from './names.ts'
import { list } from './rows.ts'

/** Old numbers of imported users and groups. */
export const createAliases = (session: Session): Pick<Snapshot, 'aliasesOfOld' | 'aliasesOfIds'> => ({
  aliasesOfOld: (dialect, kind, oldIds) => session.rows<StoredAlias>(owners('old_id'), [dialect, kind, oldIds]),
  aliasesOfIds: (dialect, kind, ids) => session.rows<StoredAlias>(owners('id'), [dialect, kind, ids]),
})

/** Of several that claim one number the one with the least id has it. */
const owners = (column: 'old_id' | 'id'): string => `
  select ${list(aliases, 'a')} from ${read.aliases} a
  where a.dialect = $1 and a.kind = $2 and a.${column} = any($3::int[]) and not exists (
    select from ${read.aliases} o
    where o.dialect = a.dialect and o.kind = a.kind and o.old_id = a.old_id and o.id < a.id)`
