import type { TableDump } from './tracked-table.ts'

/** What a draft, too, knows of such a table. */
export interface NewestEntries<V> {
  get(key: string): V | undefined
  set(key: string, value: V): unknown
  /** The value of the oldest entry once the table is full: what came before it may have been pushed out. undefined: nothing was. */
  oldestOfFull(): V | undefined
}

/**
 * A Map of the newest `entriesMax` keys: whatever comes behind them pushes the oldest out. A key that is set while it is there keeps its
 * place and its value. It is small, so a dump copies it; a delta holds what came since the last kept dump, in order, and pushes the same
 * keys out of the table that it is restored over.
 */
export class NewestTable<V> extends Map<string, V> implements NewestEntries<V> {
  readonly #entriesMax: number
  /** So many of the entries, from the end, are in no kept dump. */
  #fresh = 0

  constructor(entriesMax: number) {
    super()
    this.#entriesMax = entriesMax
  }

  override set(key: string, value: V): this {
    if (this.has(key)) return this
    this.#push(key, value)
    this.#fresh = Math.min(this.#fresh + 1, this.size)
    return this
  }

  /** Sets what a dump holds: to the next delta it is not new. */
  restore(key: string, value: V): void {
    // It was pushed out and came back, if a dump before has it: what stands between in the log is not in the dump.
    super.delete(key)
    this.#push(key, value)
  }

  oldestOfFull(): V | undefined {
    return this.size < this.#entriesMax ? undefined : this.values().next().value
  }

  dumpAll(): TableDump<V> {
    return this.#begin(this.size)
  }

  /** What was set since the last kept dump began, or since the table was restored. */
  dumpTouched(): TableDump<V> {
    return this.#begin(this.#fresh)
  }

  #begin(count: number): TableDump<V> {
    const fresh = this.#fresh
    this.#fresh = 0
    return {
      entries: [...this].slice(this.size - count),
      keep: () => {},
      discard: () => {
        this.#fresh = Math.min(fresh + this.#fresh, this.size)
      },
    }
  }

  #push(key: string, value: V): void {
    super.set(key, value)
    if (this.size <= this.#entriesMax) return
    for (const oldest of this.keys()) {
      super.delete(oldest)
      return
    }
  }
}
