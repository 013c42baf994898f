import type { ImportLedger } from './import-ledger.ts'

/** The twin in memory: the same contract, lost with the process. */
export const createMemoryImportLedger = (): ImportLedger => {
  const kept = new Map<string, { readonly clientMsgId: string; readonly isDone: boolean }>()
  return {
    propose: async (proposed) =>
      new Map(
        proposed.map(({ key, clientMsgId }) => {
          const entry = kept.get(key) ?? { clientMsgId, isDone: false }
          const isNew = !kept.has(key)
          kept.set(key, entry)
          return [key, { ...entry, isNew }]
        }),
      ),
    settle: async (keys) => {
      for (const key of keys) {
        const entry = kept.get(key)
        if (entry !== undefined) kept.set(key, { ...entry, isDone: true })
      }
    },
    forget: async (keys) => {
      for (const key of keys) if (kept.get(key)?.isDone === false) kept.delete(key)
    },
    close: async () => {},
  }
}
