import { idMax, type LogEvent, type UserRegistered } from '@chat/schemas'
import type { AccountRow, UserRow } from './index.ts'
import type { Place } from './place.ts'
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
  readonly about: string
  /** ms since the epoch; null: he is no operator. */
  readonly operator_since: number | null
  /** ms since the epoch; null: he is not suspended. So are by whom and why. */
  readonly suspended_at: number | null
  readonly suspended_by: number | null
  readonly suspended_reason: string | null
  /** Where the newest event stands that changed the account; null: none did since the registration. */
  readonly changed_pos: number | null
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
    about: 'text',
    operator_since: 'bigint?',
    suspended_at: 'bigint?',
    suspended_by: 'integer?',
    suspended_reason: 'text?',
    changed_pos: 'bigint?',
  },
}

/** What was there before the event. */
interface Prior {
  readonly user: StoredUser | undefined
}

export const projectUser = (event: LogEvent, place: Place, prior: Prior): StoredUser | undefined => {
  switch (event.type) {
    case 'UserRegistered':
      return registered(event, place.partition)
    case 'ProfileChanged': {
      const { displayName, about } = event
      const { normalised_name: name } = existing(prior, event.userId)
      return changed(prior, event.userId, place, {
        ...(displayName === null ? {} : named(name, storableText(displayName))),
        ...(about === null ? {} : { about: storableText(about) }),
      })
    }
    case 'UserSuspended':
      return changed(prior, event.userId, place, {
        suspended_at: event.at,
        suspended_by: event.actor,
        suspended_reason: storableText(event.reason),
      })
    case 'UserReinstated':
      return changed(prior, event.userId, place, { suspended_at: null, suspended_by: null, suspended_reason: null })
    case 'OperatorGranted': {
      const since = existing(prior, event.userId).operator_since ?? event.at
      return changed(prior, event.userId, place, { operator_since: since })
    }
    case 'OperatorRevoked':
      return changed(prior, event.userId, place, { operator_since: null })
    default:
      return undefined
  }
}

const registered = (event: UserRegistered, partition: number): StoredUser => ({
  id: event.userId,
  partition,
  name: storable(event.name),
  normalised_name: storable(event.normalisedName),
  ...named(storable(event.normalisedName), storableText(event.displayName)),
  registration_id: storable(event.registrationId),
  created_at: event.at,
  about: '',
  operator_since: null,
  suspended_at: null,
  suspended_by: null,
  suspended_reason: null,
  changed_pos: null,
})

const named = (normalisedName: string, displayName: string) => ({
  display_name: displayName,
  ...searched(normalisedName, displayName),
})

const existing = ({ user }: Prior, id: number): StoredUser => {
  if (user === undefined) throw new Error(`user ${id} does not exist`)
  return user
}

const changed = (prior: Prior, id: number, { pos }: Place, change: Partial<StoredUser>): StoredUser => ({
  ...existing(prior, id),
  ...change,
  changed_pos: pos,
})

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
  about: stored.about,
  isOperator: stored.operator_since !== null,
  isSuspended: stored.suspended_at !== null,
})

export const toAccountRow = (stored: StoredUser): AccountRow => ({
  user: toUserRow(stored),
  operatorSince: stored.operator_since,
  suspension:
    stored.suspended_at === null
      ? undefined
      : { at: stored.suspended_at, by: stored.suspended_by ?? 0, reason: stored.suspended_reason ?? '' },
})

export const isUserId = (id: number): boolean => Number.isInteger(id) && id >= 1 && id <= idMax
