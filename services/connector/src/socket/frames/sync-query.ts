import type { SyncQuery } from '@chat/read-models'

/** An empty token is none: how `hello` asks for the first page. */
export const syncQueryOf = (
  user: number,
  { token, known }: { readonly token?: string; readonly known?: Readonly<Record<string, number>> },
): SyncQuery => ({
  user,
  ...(token === undefined || token === '' ? {} : { token }),
  ...(known === undefined ? {} : { known }),
})
