import { type GroupChanged, type LogEvent, parseConversation } from '@chat/schemas'
import type { Place } from './place.ts'
import { storable, storableText, type Table } from './table.ts'

/** What was there before the event. */
interface Prior {
  readonly conversation: StoredConversation | undefined
}

/** One row a conversation. Of direct ones `title` is empty: each of the two sees the other's display name. */
export interface StoredConversation {
  readonly id: string
  readonly kind: 'direct' | 'group'
  readonly partition: number
  readonly last_seq: number
  readonly last_pos: number
  /** ms since the epoch. */
  readonly last_at: number
  /** Messages so far: the ordinal of the last one. */
  readonly messages: number
  readonly title: string
  /** Direct: the two users, the same twice in a conversation with oneself. Groups: null. */
  readonly user_lo: number | null
  readonly user_hi: number | null
  readonly name: string | null
  readonly normalised_name: string | null
  readonly description: string | null
  readonly visibility: 'public' | 'private' | null
  readonly join_policy: 'open' | 'request' | 'invite' | null
  /** Seqs of the pinned messages, with commas between, in the order they were pinned. */
  readonly pins: string
  /** Events about messages that were there: 0 says that all are as they were posted. */
  readonly acts: number
  /** What joiners see. Direct: everything. */
  readonly history: 'all' | 'sinceJoin'
  /** Who may post. Direct: null. */
  readonly posting: 'all' | 'admins' | null
  /** When only reading and leaving remained, ms since the epoch; null: it is not closed. */
  readonly closed_at: number | null
  /** `online`: whoever exists takes part, and no row says so of anybody. */
  readonly membership: 'stored' | 'online'
}

export const conversations: Table<StoredConversation> = {
  name: 'conversations',
  key: ['id'],
  columns: {
    id: 'text',
    kind: 'text',
    partition: 'integer',
    last_seq: 'integer',
    last_pos: 'bigint',
    last_at: 'bigint',
    messages: 'integer',
    title: 'text',
    user_lo: 'integer?',
    user_hi: 'integer?',
    name: 'text?',
    normalised_name: 'text?',
    description: 'text?',
    visibility: 'text?',
    join_policy: 'text?',
    pins: 'text',
    acts: 'integer',
    history: 'text',
    posting: 'text?',
    closed_at: 'bigint?',
    membership: 'text',
  },
}

/** Throws for an event that cannot follow: seqs are dense, and readers search by that. [G3] */
export const projectConversation = (event: LogEvent, place: Place, prior: Prior): StoredConversation | undefined => {
  switch (event.type) {
    case 'GroupCreated':
      return {
        ...emptyGroup,
        ...moved(event, place, prior),
        id: event.conversation,
        messages: 0,
        pins: '',
        acts: 0,
        title: storableText(event.title),
        name: event.name === null ? null : storable(event.name),
        normalised_name: event.normalisedName === null ? null : storable(event.normalisedName),
        description: storableText(event.description),
        visibility: event.visibility === 'public' ? 'public' : 'private',
        join_policy: joinPolicyOf(event.joinPolicy),
        history: historyOf(event.history),
        posting: 'all',
        membership: event.membership === 'online' ? 'online' : 'stored',
      }
    case 'MessagePosted': {
      const before = prior.conversation ?? emptyDirect(event.conversation)
      return { ...before, ...moved(event, place, prior), messages: before.messages + 1 }
    }
    case 'FriendRequested':
    case 'FriendWithdrawn':
    case 'FriendAccepted':
    case 'FriendDeclined':
    case 'FriendRemoved':
      return { ...(prior.conversation ?? emptyDirect(event.conversation)), ...moved(event, place, prior) }
    case 'MessageEdited':
    case 'MessageDeleted':
    case 'ReactionAdded':
    case 'ReactionRemoved':
    case 'MessagePinned':
    case 'MessageUnpinned': {
      const before = existing(prior, event)
      return { ...before, ...moved(event, place, prior), acts: before.acts + 1, pins: pinsAfter(before.pins, event) }
    }
    case 'GroupChanged':
      return { ...existing(prior, event), ...settingsOf(event), ...moved(event, place, prior) }
    case 'GroupClosed':
      return { ...existing(prior, event), ...moved(event, place, prior), closed_at: event.at }
    case 'JoinRefused':
    case 'JoinRequested':
    case 'MemberBanned':
    case 'MemberInvited':
    case 'MemberJoined':
    case 'MemberLeft':
    case 'MemberMuted':
    case 'MemberRemoved':
    case 'MemberUnbanned':
    case 'RoleChanged':
      return { ...existing(prior, event), ...moved(event, place, prior) }
    case 'GroupImported':
    case 'MessageReported':
    case 'ReportResolved':
    case 'UserBlocked':
    case 'UserUnblocked':
    case 'UserRegistered':
    case 'ProfileChanged':
    case 'UserSuspended':
    case 'UserReinstated':
    case 'OperatorGranted':
    case 'OperatorRevoked':
    case 'UserImported':
    case 'NoticeBroadcast':
    case 'CommandsRebased':
    case 'CommandsRejected':
    case 'LogOpened':
      return undefined
  }
}

const moved = (event: { readonly seq: number; readonly at: number }, place: Place, prior: Prior) => {
  const expected = (prior.conversation?.last_seq ?? 0) + 1
  if (event.seq !== expected) throw new Error(`seq ${event.seq} came where ${expected} was due`) // [G3]
  return { partition: place.partition, last_seq: event.seq, last_pos: place.pos, last_at: event.at }
}

export const pinsOf = ({ pins }: Pick<StoredConversation, 'pins'>): readonly number[] =>
  pins === '' ? [] : pins.split(',').map(Number)

const pinsAfter = (pins: string, { type, message }: { readonly type: string; readonly message: number }): string => {
  if (type !== 'MessagePinned' && type !== 'MessageUnpinned' && type !== 'MessageDeleted') return pins
  const before = pinsOf({ pins })
  const others = before.filter((pinned) => pinned !== message)
  if (type !== 'MessagePinned') return others.join()
  return before.length === others.length ? [...before, message].join() : pins
}

const joinPolicyOf = (text: string): 'open' | 'request' | 'invite' =>
  text === 'open' || text === 'request' ? text : 'invite'

const historyOf = (text: string): 'all' | 'sinceJoin' => (text === 'all' ? 'all' : 'sinceJoin')

/** Those that are others now. */
const settingsOf = ({
  title,
  description,
  joinPolicy,
  history,
  posting,
}: GroupChanged): Partial<StoredConversation> => ({
  ...(title === null ? {} : { title: storableText(title) }),
  ...(description === null ? {} : { description: storableText(description) }),
  ...(joinPolicy === null ? {} : { join_policy: joinPolicyOf(joinPolicy) }),
  ...(history === null ? {} : { history: historyOf(history) }),
  ...(posting === null ? {} : { posting: posting === 'admins' ? 'admins' : 'all' }),
})

const existing = (prior: Prior, event: { readonly conversation: string }): StoredConversation => {
  if (prior.conversation === undefined) throw new Error(`${event.conversation} does not exist`)
  return prior.conversation
}

const emptyGroup = { kind: 'group', user_lo: null, user_hi: null, closed_at: null } as const

/** A direct conversation exists from its first event that has a place. */
const emptyDirect = (id: string): StoredConversation => {
  const parsed = parseConversation(id)
  if (parsed?.kind !== 'direct') throw new Error(`${id} does not exist`)
  return {
    id,
    kind: 'direct',
    partition: 0,
    last_seq: 0,
    last_pos: 0,
    last_at: 0,
    messages: 0,
    title: '',
    user_lo: parsed.lo,
    user_hi: parsed.hi,
    name: null,
    normalised_name: null,
    description: null,
    visibility: null,
    join_policy: null,
    pins: '',
    acts: 0,
    history: 'all',
    posting: null,
    closed_at: null,
    membership: 'stored',
  }
}
