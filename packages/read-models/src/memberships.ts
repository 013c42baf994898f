import type { LogEvent } from '@chat/schemas'
import type { Place } from './place.ts'
import type { Table } from './table.ts'

/** What was there before the event; `stay`: the open one of whom it concerns. */
interface Prior {
  readonly conversation: unknown
  readonly stay: StoredStay | undefined
}

/** One row a stay. Both users of a direct conversation stay from seq 1 on, for ever. */
export interface StoredStay {
  readonly conversation: string
  readonly user_id: number
  /** The seq of the event that made him a member: the first that he sees. */
  readonly joined_seq: number
  /** The seq of the event that ended it, the last that he sees; null: he is a member. */
  readonly left_seq: number | null
  /** That event's place: which syncs must tell him. */
  readonly left_pos: number | null
  readonly role: 'owner' | 'admin' | 'member'
  /** Until when he may not write, ms since the epoch; null: he may. */
  readonly muted_until: number | null
}

export const memberships: Table<StoredStay> = {
  name: 'memberships',
  key: ['conversation', 'user_id', 'joined_seq'],
  columns: {
    conversation: 'text',
    user_id: 'integer',
    joined_seq: 'integer',
    left_seq: 'integer?',
    left_pos: 'bigint?',
    role: 'text',
    muted_until: 'bigint?',
  },
}

export const projectStays = (event: LogEvent, place: Place, prior: Prior): readonly StoredStay[] => {
  switch (event.type) {
    case 'GroupCreated': {
      if (event.membership === 'online') return []
      const others = new Set(event.members)
      others.delete(event.actor)
      return [begun(event, event.actor, 'owner'), ...[...others].map((user) => begun(event, user, 'member'))]
    }
    case 'MemberJoined':
      if (prior.stay !== undefined) throw new Error(`user ${event.user} is a member of ${event.conversation} already`)
      return [begun(event, event.user, 'member')]
    case 'MemberLeft':
    case 'MemberRemoved':
      return [{ ...stayOf(event, prior), ...ended(event, place) }]
    case 'MemberBanned':
      return prior.stay === undefined ? [] : [{ ...prior.stay, ...ended(event, place) }]
    case 'MemberMuted':
      return [{ ...stayOf(event, prior), muted_until: event.untilMs > event.at ? event.untilMs : null }]
    case 'RoleChanged':
      return [{ ...stayOf(event, prior), role: roleOf(event.role) }]
    case 'MessagePosted':
    case 'FriendRequested':
    case 'FriendWithdrawn':
    case 'FriendAccepted':
    case 'FriendDeclined':
    case 'FriendRemoved':
      return prior.conversation === undefined ? parties(event) : []
    default:
      return []
  }
}

const stayOf = (event: { readonly conversation: string; readonly user: number }, prior: Prior): StoredStay => {
  if (prior.stay === undefined) throw new Error(`user ${event.user} is no member of ${event.conversation}`)
  return prior.stay
}

const ended = (event: { readonly seq: number }, place: Place) => ({ left_seq: event.seq, left_pos: place.pos })

const roleOf = (text: string): StoredStay['role'] => (text === 'owner' || text === 'admin' ? text : 'member')

const begun = (
  event: { readonly conversation: string; readonly seq: number },
  user: number,
  role: StoredStay['role'],
): StoredStay => ({
  conversation: event.conversation,
  user_id: user,
  joined_seq: event.seq,
  left_seq: null,
  left_pos: null,
  role,
  muted_until: null,
})

const parties = (event: { readonly conversation: string; readonly seq: number }): readonly StoredStay[] => {
  const users = new Set(event.conversation.slice(1).split('.').map(Number))
  return [...users].map((user) => begun(event, user, 'member'))
}
