import type { EventDelivery, LogEvent } from '@chat/schemas'
import type { Conversation } from './conversation.ts'
import type { ConversationEvent } from './conversation-command.ts'
import type { UserId } from './decision.ts'
import { isBlocked } from './direct/state.ts'
import { confidantsOf, hasNoPlace } from './placeless.ts'

/** Who gets an event: the keys of a group's members, a set, or one of them and somebody else. */
export interface Audience {
  readonly size: number
  has(user: UserId): boolean
  keys(): Iterable<UserId>
}

/** One connector's lease of a delivery slot. */
export interface Location {
  readonly slot: number
  readonly epoch: number
}

/** An event on the log and its audience. */
export interface Deliverable {
  readonly pos: number
  readonly schema: string
  readonly value: Uint8Array
  readonly audience: Audience
}

/** What goes to one connector. */
export interface SlotShare extends Location {
  readonly events: readonly EventDelivery[]
}

export const nobody: Audience = new Set<UserId>()

/**
 * Stands for whoever is connected: it lists no one, and what has it goes out on the broadcast topic once. Told apart by being this very
 * object.
 */
export const everybody: Audience = new Set<UserId>()

/** undefined: it is no event of an account. Who is suspended is told, so that his connectors hear of it at once. */
export const audienceOfAccount = (event: LogEvent): Audience | undefined => {
  switch (event.type) {
    case 'ProfileChanged':
    case 'UserSuspended':
    case 'UserReinstated':
      return new Set([event.userId])
    case 'NoticeBroadcast':
      return everybody
    case 'UserRegistered':
    case 'OperatorGranted':
    case 'OperatorRevoked':
      return nobody
    default:
      return undefined
  }
}

/**
 * An event goes to the members before it and after it, who leaves or is removed among them, and to whom it is about. One without a place
 * goes to those alone whom it concerns. [G5]
 */
export const audienceOf = (
  event: LogEvent,
  before: Conversation | undefined,
  after: Conversation | undefined,
): Audience => {
  if (hasNoPlace(event)) return confidantsOf(event) // [G5]
  return audienceOfAccount(event) ?? withPerson(membersAround(before, after), addresseeOf(event))
}

const membersAround = (before: Conversation | undefined, after: Conversation | undefined): Audience => {
  if (after?.kind === 'direct') return membersOf(after)
  const earlier = membersOf(before)
  const later = membersOf(after)
  if (earlier === later || earlier.size === 0) return later
  return later.size === 0 ? earlier : new Set([...earlier.keys(), ...later.keys()])
}

/** Whom an event is about although he is no member: he hears of it. */
const addresseeOf = (event: LogEvent): UserId | undefined =>
  event.type === 'MemberInvited' || event.type === 'JoinRefused' ? event.user : undefined

/** Not copied: an event that one person more gets must not cost what its group is large. */
const withPerson = (audience: Audience, person: UserId | undefined): Audience =>
  person === undefined || audience.has(person)
    ? audience
    : {
        size: audience.size + 1,
        has: (user) => user === person || audience.has(user),
        *keys() {
          yield* audience.keys()
          yield person
        },
      }

/**
 * Who gets an event once more after a takeover: those who are members now and whose stay covers it, and whom it is about. Whoever left or
 * was sent away hears of it by `sync`. [G5]
 */
export const audienceNow = (event: ConversationEvent, conversation: Conversation | undefined): Audience =>
  hasNoPlace(event)
    ? confidantsOf(event) // [G5]
    : withPerson(membersCovered(conversation, event.seq), addresseeOf(event))

const membersCovered = (conversation: Conversation | undefined, seq: number): Audience => {
  if (conversation?.kind !== 'group') return membersOf(conversation)
  const { members } = conversation
  const covered = [...members].filter(([, member]) => member.joinedSeq <= seq) // [G5]
  return covered.length === members.size ? members : new Set(covered.map(([user]) => user))
}

/**
 * Who may be told that a user reads or writes there: the members, where one of two blocked the other only he himself. undefined: nobody,
 * for he is no member, or there are more than `membersMax`. [G5]
 */
export const hintAudience = (
  conversation: Conversation | undefined,
  user: UserId,
  membersMax: number,
): Audience | undefined => {
  const members = membersOf(conversation)
  if (conversation?.kind === 'direct' && isBlocked(conversation) && members.has(user)) return new Set([user])
  return members.has(user) && members.size <= membersMax ? members : undefined
}

const membersOf = (conversation: Conversation | undefined): Audience => {
  switch (conversation?.kind) {
    case 'direct':
      return new Set([conversation.lo, conversation.hi])
    case 'group':
      return conversation.members
    case 'room':
      return everybody
    default:
      return nobody
  }
}

/** Everybody whom a presence lookup must find for these events. */
export const usersOf = (events: readonly Deliverable[]): ReadonlySet<UserId> => {
  const users = new Set<UserId>()
  for (const audience of new Set(events.map((event) => event.audience)))
    for (const user of audience.keys()) users.add(user)
  return users
}

/** Who gets what where, by one presence lookup for all: one share for each lease, events in log order. */
export const route = (
  events: readonly Deliverable[],
  locations: ReadonlyMap<UserId, readonly Location[]>,
): readonly SlotShare[] => {
  const shares = new Map<string, Location & { events: EventDelivery[] }>()
  const spread = new Map<Audience, readonly LocatedUsers[]>() // the messages of a group share one audience
  for (const { pos, schema, value, audience } of events) {
    const located = spread.get(audience) ?? locate(audience, locations)
    spread.set(audience, located)
    for (const { key, location, users } of located) {
      const share = shares.get(key) ?? { slot: location.slot, epoch: location.epoch, events: [] }
      shares.set(key, share)
      share.events.push({ pos, schema, value, users })
    }
  }
  return [...shares.values()]
}

interface LocatedUsers {
  readonly key: string
  readonly location: Location
  readonly users: UserId[]
}

const locate = (audience: Audience, locations: ReadonlyMap<UserId, readonly Location[]>): readonly LocatedUsers[] => {
  const byLease = new Map<string, LocatedUsers>()
  for (const user of audience.keys())
    for (const location of locations.get(user) ?? []) {
      const key = `${location.slot}:${location.epoch}`
      const known = byLease.get(key)
      if (known === undefined) byLease.set(key, { key, location, users: [user] })
      else known.users.push(user)
    }
  return [...byLease.values()]
}

/** What goes out to all connectors, with its audience; where that is everybody, no one is listed. While presence cannot be trusted: every event. */
export const broadcast = (events: readonly Deliverable[]): readonly EventDelivery[] =>
  events
    .filter(({ audience }) => audience === everybody || audience.size > 0)
    .map(({ pos, schema, value, audience }) => ({ pos, schema, value, users: [...audience.keys()] }))
