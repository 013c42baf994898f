import type { EventDelivery, LogEvent } from '@chat/schemas'
import type { Conversation } from './conversation.ts'
import type { ConversationEvent } from './conversation-command.ts'
import type { UserId } from './decision.ts'
import { isBlocked } from './direct/state.ts'
import type { GroupReach, Way } from './large-groups.ts'
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
  /** Whose audience is the members of a group. */
  readonly reach?: GroupReach | undefined
}

/** An event of which it is settled how it finds its audience. Only one with a reach goes by `members`. */
export interface Sendable extends Deliverable {
  readonly way: Way
}

/** Where everybody is whom these events have to find. */
export interface Whereabouts {
  readonly locations: ReadonlyMap<UserId, readonly Location[]>
  /** Where groups are registered. */
  readonly groups: ReadonlyMap<string, readonly Location[]>
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
    case 'UserImported':
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
export const usersOf = (events: readonly Sendable[]): ReadonlySet<UserId> => {
  const users = new Set<UserId>()
  const audiences = new Set<Audience>()
  for (const event of events) {
    if (event.way === 'members') for (const person of personsOf(event)) users.add(person)
    else audiences.add(event.audience)
  }
  for (const audience of audiences) for (const user of audience.keys()) users.add(user)
  return users
}

/** Every group that it must find. */
export const groupsOf = (events: readonly Sendable[]): ReadonlySet<string> =>
  new Set(events.flatMap(({ way, reach }) => (way === 'members' && reach !== undefined ? [reach.conversation] : [])))

/** Who is banned without being a member is not told. [G5] */
const personsOf = ({ reach, audience }: Sendable): readonly UserId[] =>
  (reach?.persons ?? []).filter((person) => audience.has(person))

/** Who gets what where, by one presence lookup for all: one share for each lease, events in log order. */
export const route = (events: readonly Sendable[], whereabouts: Whereabouts): readonly SlotShare[] => {
  const shares = new Map<string, Location & { events: EventDelivery[] }>()
  const spread = new Map<Audience, readonly Located[]>() // the messages of a group share one audience
  for (const event of events) {
    const { audience, way } = event
    const located =
      way === 'members' ? locateMembers(event, whereabouts) : (spread.get(audience) ?? locate(audience, whereabouts))
    if (way !== 'members') spread.set(audience, located)
    for (const { key, location, users } of located) {
      const share = shares.get(key) ?? { slot: location.slot, epoch: location.epoch, events: [] }
      shares.set(key, share)
      share.events.push(deliveryOf(event, users))
    }
  }
  return [...shares.values()]
}

const deliveryOf = ({ pos, schema, value, way }: Sendable, users: readonly UserId[]): EventDelivery => ({
  ...{ pos, schema, value, users },
  isLarge: way !== 'each',
  toMembers: way === 'members',
})

interface Located {
  readonly key: string
  readonly location: Location
  readonly users: UserId[]
}

const locate = (audience: Pick<Audience, 'keys'>, { locations }: Whereabouts): readonly Located[] => {
  const byLease = new Map<string, Located>()
  for (const user of audience.keys())
    for (const location of locations.get(user) ?? []) placeAt(location, byLease).users.push(user)
  return [...byLease.values()]
}

/** One entry a lease: where those are whom the event is about, and where the group is registered. */
const locateMembers = (event: Sendable, whereabouts: Whereabouts): readonly Located[] => {
  const persons = locate(new Set(personsOf(event)), whereabouts)
  const byLease = new Map(persons.map((located) => [located.key, located]))
  for (const location of whereabouts.groups.get(event.reach?.conversation ?? '') ?? []) placeAt(location, byLease)
  return [...byLease.values()]
}

const placeAt = (location: Location, byLease: Map<string, Located>): Located => {
  const key = `${location.slot}:${location.epoch}`
  const located = byLease.get(key) ?? { key, location, users: [] }
  byLease.set(key, located)
  return located
}

/** What goes out to all connectors, with its audience; where that is everybody, no one is listed. While presence cannot be trusted: every event. */
export const broadcast = (events: readonly Sendable[]): readonly EventDelivery[] =>
  events
    .filter(({ audience }) => audience === everybody || audience.size > 0)
    .map((event) => ({ ...deliveryOf(event, [...event.audience.keys()]), toMembers: false }))
