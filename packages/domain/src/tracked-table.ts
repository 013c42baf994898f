import { invariant } from './decision.ts'

/** Entries of a table as they were when a dump began, whatever is set meanwhile. */
export interface TableDump<V> {
  /** May be read once, in pieces: entries are looked up as they are asked for. */
  readonly entries: Iterable<readonly [string, V]>
  /** The next delta holds what is set from the beginning of this dump on. */
  keep(): void
  /** The next delta holds what this dump held as well. */
  discard(): void
}

/**
 * A Map that knows which keys were set since the last kept dump, and hands out its entries as of one moment while it goes on changing.
 * A dump copies nothing: the first `set` of a key that falls into it keeps the entry from before, which works because entries are
 * replaced and never changed. One dump at a time.
 */
export class TrackedTable<V> extends Map<string, V> {
  #touched = new Set<string>()
  /** During a dump: what was set since, as it was at its beginning; undefined: it was not there. */
  #before: Map<string, V | undefined> | undefined

  override set(key: string, value: V): this {
    if (this.#before !== undefined && !this.#before.has(key)) this.#before.set(key, this.get(key))
    this.#touched.add(key)
    return super.set(key, value)
  }

  /** Sets what a dump holds: to the next delta it is not new. */
  restore(key: string, value: V): void {
    super.set(key, value)
  }

  override delete(): never {
    throw new Error('nothing leaves a table: a delta has no word for it')
  }

  override clear(): never {
    throw new Error('nothing leaves a table: a delta has no word for it')
  }

  dumpAll(): TableDump<V> {
    // The iterator of a Map goes on to keys that are added meanwhile; those were not there before, and are left out.
    return this.#begin(() => this.keys())
  }

  /** What was set since the last kept dump began, or since the table was restored. */
  dumpTouched(): TableDump<V> {
    return this.#begin((touched) => touched)
  }

  #begin(keysOf: (touched: ReadonlySet<string>) => Iterable<string>): TableDump<V> {
    invariant(this.#before === undefined, 'one dump at a time')
    const touched = this.#touched
    const before = new Map<string, V | undefined>()
    this.#touched = new Set()
    this.#before = before
    const end = () => {
      if (this.#before === before) this.#before = undefined
    }
    return {
      entries: this.#entriesOf(keysOf(touched), before),
      keep: end,
      discard: () => {
        end()
        for (const key of touched) this.#touched.add(key)
      },
    }
  }

  *#entriesOf(keys: Iterable<string>, before: ReadonlyMap<string, V | undefined>): Iterable<readonly [string, V]> {
    for (const key of keys) {
      const value = before.has(key) ? before.get(key) : this.get(key)
      if (value !== undefined) yield [key, value]
    }
  }
}
