/** The part of IndexedDB that the storage uses, with the order of a browser: a request succeeds later, a transaction completes after its requests. */
export const createTestIndexedDb = () => {
  const databases = new Map<string, Map<string, Map<string, unknown>>>()
  let failing: unknown
  const soon = (run: () => void) => void setTimeout(run, 0)

  const transaction = (stores: Map<string, Map<string, unknown>>, name: string, mode: string) => {
    const store = stores.get(name)
    if (store === undefined) throw new Error(`there is no object store ${name}`)
    const draft = new Map(store)
    const made = { error: failing, oncomplete: null, onabort: null } as {
      error: unknown
      oncomplete: (() => void) | null
      onabort: (() => void) | null
    }
    soon(() =>
      soon(() => {
        if (failing !== undefined) return made.onabort?.()
        if (mode === 'readwrite') stores.set(name, draft)
        made.oncomplete?.()
      }),
    )
    const get = (key: string) => {
      const request = { result: draft.get(key), error: null, onsuccess: null as (() => void) | null, onerror: null }
      soon(() => request.onsuccess?.())
      return request
    }
    return Object.assign(made, {
      objectStore: () => ({
        get,
        put: (value: string, key: string) => draft.set(key, value),
        delete: (key: string) => draft.delete(key),
      }),
    })
  }

  const open = (name: string) => {
    const stores = databases.get(name) ?? new Map<string, Map<string, unknown>>()
    databases.set(name, stores)
    const result = {
      createObjectStore: (store: string) => stores.set(store, new Map()),
      transaction: (store: string, mode: string) => transaction(stores, store, mode),
    }
    const request = {
      ...{ result, error: failing },
      onupgradeneeded: null as (() => void) | null,
      onsuccess: null as (() => void) | null,
      onerror: null as (() => void) | null,
    }
    soon(() => {
      if (failing !== undefined) return request.onerror?.()
      if (stores.size === 0) request.onupgradeneeded?.()
      request.onsuccess?.()
    })
    return request
  }
  return {
    open,
    /** Everything fails with this, until it is undefined. */
    failWith: (error: unknown) => {
      failing = error
    },
  }
}
