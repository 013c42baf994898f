import type { Page, UserRow } from './index.ts'
import type { Snapshot } from './snapshot.ts'
import { fold, gramsOf, type StoredUser, toUserRow } from './users.ts'

/** Users that are similar to a query, at most; the best of them. */
const similarUsersMax = 50
/** Queries with fewer letters and digits have similar names in heaps. */
const similarQueryMin = 4
/** No name has it. Begins the `after` of a page of similar ones. */
const similarMark = '\u0001'

/**
 * Those whose name or display name begins with the query, by name; behind the last of them, for a query of four letters or more, those that
 * are similar to it: the most similar first. An `after` that no page ended with is a place in the order of names.
 */
export const searchUsers = async (
  snapshot: Snapshot,
  query: string,
  after: string | undefined,
  limit: number,
): Promise<Page<UserRow>> => {
  const prefix = fold(query)
  const place = Buffer.from(after ?? '', 'base64url')
    .toString('utf8')
    .replaceAll('\0', '')
  const shown = similarShown(place)
  if (shown !== undefined) return pageOfSimilar([], await similarTo(snapshot, prefix), shown, limit)
  const found = await snapshot.usersByPrefix(prefix, place, limit + 1)
  const last = found[limit - 1]
  if (found.length > limit && last !== undefined)
    return { items: found.slice(0, limit).map(toUserRow), next: encode(last.normalised_name) }
  return pageOfSimilar(found, await similarTo(snapshot, prefix), 0, limit)
}

/** How many similar ones were given before; undefined: none, it is a place in the order of names. */
const similarShown = (place: string): number | undefined => {
  const shown = place.slice(similarMark.length)
  return place.startsWith(similarMark) && /^\d{1,3}$/.test(shown) ? Number(shown) : undefined
}

const similarTo = (snapshot: Snapshot, prefix: string): Promise<readonly StoredUser[]> =>
  (prefix.match(/[\p{L}\p{N}]/gu) ?? []).length < similarQueryMin
    ? Promise.resolve([])
    : snapshot.similarUsers(prefix, gramsOf([prefix]), similarUsersMax)

const pageOfSimilar = (
  before: readonly StoredUser[],
  similar: readonly StoredUser[],
  shown: number,
  limit: number,
): Page<UserRow> => {
  const end = shown + limit - before.length
  const items = [...before, ...similar.slice(shown, end)].map(toUserRow)
  return similar.length > end ? { items, next: encode(`${similarMark}${end}`) } : { items }
}

const encode = (place: string): string => Buffer.from(place).toString('base64url')
