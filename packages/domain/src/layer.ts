import type { NewestEntries } from './newest-table.ts'
import type { Table, Tables } from './partition.ts'

/** A table that reads through to `base` and keeps what is written to itself. */
class LayeredTable<V> implements Table<V> {
  private readonly base: Table<V>
  private own: Map<string, V> | undefined
  constructor(base: Table<V>) {
    this.base = base
  }
  get(key: string): V | undefined {
    return this.own?.get(key) ?? this.base.get(key)
  }
  set(key: string, value: V): void {
    this.own ??= new Map()
    this.own.set(key, value)
  }
  /** Writes what this layer holds into `target`. */
  mergeInto(target: Table<V>): void {
    if (this.own !== undefined) for (const [key, value] of this.own) target.set(key, value)
  }
}

/** What is set in a draft pushes nothing out before it is merged: until then more is known, never less. */
class LayeredNewest<V> extends LayeredTable<V> implements NewestEntries<V> {
  private readonly newest: NewestEntries<V>
  constructor(base: NewestEntries<V>) {
    super(base)
    this.newest = base
  }
  oldestOfFull(): V | undefined {
    return this.newest.oldestOfFull()
  }
}

/** Tables of a draft, over those it was decided against. Thrown away, nothing happened. */
export interface Layer extends Tables {
  mergeInto(target: Tables): void
}

export const layerOver = (base: Tables): Layer => {
  const conversations = new LayeredTable(base.conversations)
  const windows = new LayeredTable(base.windows)
  const accounts = new LayeredTable(base.accounts)
  const accountNames = new LayeredTable(base.accountNames)
  const groupNames = new LayeredTable(base.groupNames)
  const refusals = new LayeredTable(base.refusals)
  const aliases = new LayeredTable(base.aliases)
  const deletions = new LayeredNewest(base.deletions)
  return {
    conversations,
    windows,
    accounts,
    accountNames,
    groupNames,
    refusals,
    deletions,
    aliases,
    mergeInto: (target) => {
      conversations.mergeInto(target.conversations)
      windows.mergeInto(target.windows)
      accounts.mergeInto(target.accounts)
      accountNames.mergeInto(target.accountNames)
      groupNames.mergeInto(target.groupNames)
      refusals.mergeInto(target.refusals)
      deletions.mergeInto(target.deletions)
      aliases.mergeInto(target.aliases)
    },
  }
}
