import type { Storage } from '../ports.ts'

/** Forgets with the process or the page. */
export const memoryStorage = (): Storage => {
  const values = new Map<string, string>()
  return {
    load: async (key) => values.get(key),
    save: async (key, value) => {
      if (value === undefined) values.delete(key)
      else values.set(key, value)
    },
  }
}
