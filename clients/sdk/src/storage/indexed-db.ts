import type { Storage } from '../ports.ts'

/** The part of IndexedDB that is used, so that the types of the SDK need no DOM. */
interface Factory {
  open(name: string, version: number): OpenRequest
}
interface Request<Result> {
  readonly result: Result
  readonly error: unknown
  onsuccess: (() => void) | null
  onerror: (() => void) | null
}
interface OpenRequest extends Request<Database> {
  onupgradeneeded: (() => void) | null
}
interface Database {
  createObjectStore(name: string): unknown
  transaction(store: string, mode: 'readonly' | 'readwrite'): Transaction
}
interface Transaction {
  objectStore(name: string): {
    get(key: string): Request<unknown>
    put(value: string, key: string): unknown
    delete(key: string): unknown
  }
  readonly error: unknown
  oncomplete: (() => void) | null
  onabort: (() => void) | null
}

const store = 'values'

/** Keeps over reloads and restarts of the browser. `name` says whose it is: one for each device, so one for each tab. */
export const indexedDbStorage = (name: string): Storage => {
  let opened: Promise<Database> | undefined
  const database = () => {
    opened ??= open(name).catch((error) => {
      opened = undefined // The next use tries again.
      throw error
    })
    return opened
  }
  return {
    load: async (key) => {
      const request = (await database()).transaction(store, 'readonly').objectStore(store).get(key)
      const value = await resultOf(request)
      return typeof value === 'string' ? value : undefined
    },
    save: async (key, value) => {
      const transaction = (await database()).transaction(store, 'readwrite')
      if (value === undefined) transaction.objectStore(store).delete(key)
      else transaction.objectStore(store).put(value, key)
      // Not the request but the transaction says that it is kept.
      await new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve()
        transaction.onabort = () => reject(transaction.error)
      })
    },
  }
}

const open = async (name: string): Promise<Database> => {
  const { indexedDB } = globalThis as unknown as { readonly indexedDB?: Factory }
  if (indexedDB === undefined) throw new Error('there is no IndexedDB here')
  const request = indexedDB.open(`chat-sdk.${name}`, 1)
  request.onupgradeneeded = () => {
    request.result.createObjectStore(store)
  }
  return resultOf(request)
}

const resultOf = <Result>(request: Request<Result>): Promise<Result> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
