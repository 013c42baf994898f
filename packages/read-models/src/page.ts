export interface Page<T> {
  readonly items: readonly T[]
  /** Pass as `after`; absent on the last page. */
  readonly next?: string
}

/** `found`: the rows from where the page begins, one more than `limit` if there are more. */
export const pageOf = <Row, Item>(
  found: readonly Row[],
  limit: number,
  toItem: (row: Row) => Item,
  keyOf: (row: Row) => string,
): Page<Item> => {
  const shown = found.slice(0, limit)
  const last = shown.at(-1)
  const items = shown.map(toItem)
  return found.length > limit && last !== undefined ? { items, next: keyOf(last) } : { items }
}
