/** After an entry was set: over `max` entries, the one that was put in first goes. */
export const forgetOldest = (map: Map<unknown, unknown>, max: number): void => {
  if (map.size <= max) return
  for (const oldest of map.keys()) {
    map.delete(oldest)
    return
  }
}
