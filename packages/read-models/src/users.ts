import type { LogEvent } from '@chat/schemas'
import type { UserRow } from './index.ts'
import { storable, storableText, type Table } from './table.ts'

/** Prefixes longer than this are not told apart; it also bounds an index entry. Code points. */
const foldedCharactersMax = 64

export interface StoredUser {
  readonly id: number
  readonly partition: number
  readonly name: string
  readonly normalised_name: string
  readonly display_name: string
  /** What a search by display name compares. */
  readonly display_folded: string
  /** The grams of both, as `gramsOf` makes them; what a search for similar names compares. */
  readonly grams: string
  readonly registration_id: string
  /** ms since the epoch. */
  readonly created_at: number
}

export const users: Table<StoredUser> = {
  name: 'users',
  key: ['id'],
  columns: {
    id: 'integer',
    partition: 'integer',
    name: 'text',
    normalised_name: 'text',
    display_name: 'text',
    display_folded: 'text',
    grams: 'text',
    registration_id: 'text',
    created_at: 'bigint',
  },
}

export const projectUser = (event: LogEvent, partition: number): StoredUser | undefined => {
  if (event.type !== 'UserRegistered') return undefined
  const displayName = storableText(event.displayName)
  return {
    id: event.userId,
    partition,
    name: storable(event.name),
    normalised_name: storable(event.normalisedName),
    display_name: displayName,
    ...searched(storable(event.normalisedName), displayName),
    registration_id: storable(event.registrationId),
    created_at: event.at,
  }
}

/** NFKC, lower case, bounded: how a display name and a query for one are compared. */
export const fold = (text: string): string =>
  Array.from(storable(text).normalize('NFKC').toLowerCase()).slice(0, foldedCharactersMax).join('')

/** Between two grams in a row; no name has it. */
export const gramSeparator = '\u001f'
const gramChars = 3

/** What a user is found by, beside his name. */
const searched = (normalisedName: string, displayName: string) => {
  const folded = fold(displayName)
  return { display_folded: folded, grams: gramsOf([normalisedName, folded]).join(gramSeparator) }
}

/** All runs of three characters, two spaces before and one behind each text, so that beginnings weigh more; in the order of code points. */
export const gramsOf = (texts: readonly string[]): readonly string[] => {
  const grams = new Set<string>()
  for (const text of texts) {
    const chars = Array.from(`  ${text} `)
    for (let i = 0; i + gramChars <= chars.length; i++) grams.add(chars.slice(i, i + gramChars).join(''))
  }
  return [...grams].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}

/** Two in five grams of what is asked for: one wrong letter in four is forgiven. */
export const isSimilar = (shared: number, asked: number): boolean => shared * 5 >= asked * 2

export const toUserRow = (stored: StoredUser): UserRow => ({
  id: stored.id,
  name: stored.name,
  normalisedName: stored.normalised_name,
  displayName: stored.display_name,
  registrationId: stored.registration_id,
  createdAt: stored.created_at,
})
