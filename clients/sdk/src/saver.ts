import type { Storage } from './ports.ts'

export interface Saver {
  /** Saves soon what this gives then; of several only the last. */
  save(value: () => string | undefined): void
  /** Resolves when nothing waits to be saved. */
  idle(): Promise<void>
}

/** Saves of one key, one after the other. */
export const createSaver = (storage: Storage, key: string, onFault: (error: unknown) => void): Saver => {
  let next: (() => string | undefined) | undefined
  let saving: Promise<void> | undefined

  const run = async () => {
    while (next !== undefined) {
      const value = next
      next = undefined
      await storage.save(key, value()).catch(onFault)
    }
    saving = undefined
  }
  return {
    save: (value) => {
      next = value
      saving ??= Promise.resolve().then(run)
    },
    idle: () => saving ?? Promise.resolve(),
  }
}
