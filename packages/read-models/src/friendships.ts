import type { LogEvent } from '@chat/schemas'
import type { Place } from './place.ts'
import { storableText, type Table } from './table.ts'

/** One row a pair of users who ever had to do with friendship; `lo` is the lower id. */
export interface StoredFriendship {
  readonly lo: number
  readonly hi: number
  readonly partition: number
  readonly state: 'requested' | 'friends' | 'none'
  /** Who asked and has no answer yet. */
  readonly requested_by: number | null
  /** What he said to it. */
  readonly note: string | null
  /** Since when the state is so, ms since the epoch. */
  readonly since: number
  /** Of the event that made it so. */
  readonly pos: number
}

export const friendships: Table<StoredFriendship> = {
  name: 'friendships',
  key: ['lo', 'hi'],
  columns: {
    lo: 'integer',
    hi: 'integer',
    partition: 'integer',
    state: 'text',
    requested_by: 'integer?',
    note: 'text?',
    since: 'bigint',
    pos: 'bigint',
  },
}

export const projectFriendship = (event: LogEvent, place: Place): StoredFriendship | undefined => {
  switch (event.type) {
    case 'FriendRequested': {
      const note = event.note.length === 0 ? null : storableText(event.note)
      return { ...rowOf(event, place), state: 'requested', requested_by: event.actor, note }
    }
    case 'FriendAccepted':
      return { ...rowOf(event, place), state: 'friends' }
    case 'FriendWithdrawn':
    case 'FriendDeclined':
    case 'FriendRemoved':
      return { ...rowOf(event, place), state: 'none' }
    default:
      return undefined
  }
}

const rowOf = (
  { actor, user, at }: { readonly actor: number; readonly user: number; readonly at: number },
  { partition, pos }: Place,
) => ({
  ...{ lo: Math.min(actor, user), hi: Math.max(actor, user), partition },
  ...{ requested_by: null, note: null, since: at, pos },
})
