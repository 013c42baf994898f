import type { StoredAlias } from './aliases.ts'
import type { MemoryRows } from './memory-rows.ts'
import type { Snapshot } from './snapshot.ts'

/** Old numbers of imported users and groups. */
export const aliasesOf = (rows: MemoryRows): Pick<Snapshot, 'aliasesOfOld' | 'aliasesOfIds'> => {
  const ofDialect = (dialect: string, kind: string): readonly StoredAlias[] => {
    const owners = new Map<number, StoredAlias>()
    for (const alias of rows.aliases.values())
      if (alias.dialect === dialect && alias.kind === kind && alias.id < (owners.get(alias.old_id)?.id ?? Infinity))
        owners.set(alias.old_id, alias)
    return [...owners.values()]
  }
  return {
    aliasesOfOld: async (dialect, kind, oldIds) =>
      ofDialect(dialect, kind).filter((alias) => oldIds.includes(alias.old_id)),
    aliasesOfIds: async (dialect, kind, ids) => ofDialect(dialect, kind).filter((alias) => ids.includes(alias.id)),
  }
}
