/** Does `work` for each, `atOnce` at a time, and resolves with what came of them, in the order of `items`. */
export const forEachOf = async <T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<readonly R[]> => {
  const results: R[] = []
  const waiting = items.entries()
  const workNext = async () => {
    for (const [index, item] of waiting) results[index] = await work(item, index)
  }
  await Promise.all(Array.from({ length: atOnce }, workNext))
  return results
}
