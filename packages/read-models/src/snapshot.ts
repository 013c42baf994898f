import type { ReportState } from './account.ts'
import type { AliasKind, StoredAlias } from './aliases.ts'
import type { StoredBlock } from './blocks.ts'
import type { StoredConversation } from './conversations.ts'
import type { StoredEvent } from './events.ts'
import type { StoredFriendship } from './friendships.ts'
import type { Block, CursorCounts, LargeGroupStay, MemberCursor, WordCount } from './index.ts'
import type { StoredStay } from './memberships.ts'
import type { StoredMessageState } from './message-states.ts'
import type { ReactionCount } from './reactions.ts'
import type { StoredResolution } from './report-resolutions.ts'
import type { StoredReport } from './reports.ts'
import type { StoredStanding } from './standings.ts'
import type { StoredUser } from './users.ts'
import type { Interval } from './visibility.ts'

/** How far everything is projected, by partition; a partition that is not there stands at 0. */
export interface Offsets {
  readonly generation: string
  readonly events: readonly number[]
  readonly receipts: readonly number[]
}

/** A conversation from one user's place: everything but its events. */
export interface Seat {
  readonly conversation: StoredConversation
  readonly stays: readonly StoredStay[]
  /** What he is to it beside a member. */
  readonly standing: StoredStanding | undefined
  /** The greatest of his devices', as stored. */
  readonly readSeq: number
  readonly deliveredSeq: number
  /** Direct: the other's display name; empty when it is not projected yet. */
  readonly otherName: string
}

/** A friend from one user's place. */
interface StoredFriend {
  readonly friend: StoredUser
  readonly since: number
  /** He blocks the user. */
  readonly isHidden: boolean
}

export interface NewestKey {
  readonly lastAt: number
  readonly id: string
}

/** A report, in the order of time. */
export interface ReportKey {
  readonly at: number
  readonly partition: number
  readonly pos: number
}

/** `resolution`: undefined while it is open. */
export interface ReportWithEnd {
  readonly report: StoredReport
  readonly resolution: StoredResolution | undefined
}

/** Where a found message stands among all: by time, then conversation, then seq. */
export interface FoundKey {
  /** ms since the epoch. */
  readonly at: number
  readonly conversation: string
  readonly seq: number
}

export interface EventRange extends Interval {
  readonly conversation: string
}

export interface Spot {
  readonly conversation: string
  readonly seq: number
}

export interface Invitation {
  readonly conversation: string
  readonly title: string
  readonly invited_by: number
  readonly invited_at: number
}

/** Messages up to and including a spot: of everybody, and the user's own. */
interface MessageCount {
  readonly all: number
  readonly own: number
}

/**
 * The tables at one moment. Twins: the rows in memory, and one repeatable-read transaction. Text is ordered by code points. What
 * they answer is put together by the queries, once for both.
 */
export interface Snapshot {
  offsets(): Promise<Offsets>
  /** The offsets, and whether `changedSeats` would give any since `base`; in one look. */
  standing(user: number, base: Offsets): Promise<{ readonly now: Offsets; readonly isChanged: boolean }>
  seat(user: number, conversation: string): Promise<Seat | undefined>
  /** Where he is a member, online rooms among them; by last_at descending, then id. */
  newestSeats(user: number, after: NewestKey | undefined, limit: number): Promise<readonly Seat[]>
  /** Where something happened since `base`: an event while a member or of an online room, the end of a stay, his read cursor. By id. */
  changedSeats(user: number, base: Offsets, afterId: string, limit: number): Promise<readonly Seat[]>
  /** conversation → the greatest seq whose pos is less than `pos`; 0: none. */
  seqsBefore(
    spots: readonly { readonly conversation: string; readonly pos: number; readonly lastSeq: number }[],
  ): Promise<ReadonlyMap<string, number>>
  /** In the order of `spots`. */
  counts(user: number, spots: readonly Spot[]): Promise<readonly MessageCount[]>
  /** Of each range its first (or last) `limit`, oldest first. */
  events(
    ranges: readonly EventRange[],
    limit: number,
    end: 'first' | 'last',
  ): Promise<readonly (readonly StoredEvent[])[]>
  /** Where he is or was a member, online rooms among them, by id. */
  everSeats(user: number, afterId: string, limit: number): Promise<readonly Seat[]>
  /** His messages there, oldest first. */
  ownMessages(user: number, conversation: string, afterSeq: number, limit: number): Promise<readonly StoredEvent[]>
  /** Of those that were edited or deleted. */
  messageStates(spots: readonly Spot[]): Promise<readonly StoredMessageState[]>
  /** Deleted messages of others in each range, in order. */
  deletedCounts(user: number, ranges: readonly EventRange[]): Promise<readonly number[]>
  /** What each message shows to `user`, in order, of what was put there up to the seq `to`. */
  reactions(
    user: number,
    spots: readonly (Spot & { readonly to: number })[],
  ): Promise<readonly (readonly ReactionCount[])[]>
  /** The first `limit` edits of one message whose own seqs are in the range, oldest first. */
  edits(range: EventRange & { readonly message: number }, limit: number): Promise<readonly StoredEvent[]>
  /** The last edit of each message whose own seq is not above `to`; in no order. */
  lastEdits(spots: readonly (Spot & { readonly to: number })[]): Promise<readonly StoredEvent[]>
  usersByNames(normalisedNames: readonly string[]): Promise<readonly StoredUser[]>
  /** Where he is or was a member, online rooms among them, with all his stays; the first `limit` by last_at descending, then id. */
  readable(user: number, limit: number): Promise<readonly Pick<Seat, 'conversation' | 'stays'>[]>
  /** Events in these ranges that have all these search words, newest first: those before `before`, the first `limit`. */
  found(
    ranges: readonly EventRange[],
    words: readonly string[],
    before: FoundKey | undefined,
    limit: number,
  ): Promise<readonly StoredEvent[]>
  /** The words of these hours, both included, by count descending, then by word; the first `limit`. */
  wordCounts(hours: Interval, limit: number): Promise<readonly WordCount[]>
  usersByIds(ids: readonly number[]): Promise<readonly StoredUser[]>
  hasParked(): Promise<boolean>
  /** Those of these registrations that a user has. */
  registrations(ids: readonly string[]): Promise<readonly string[]>
  userByName(normalisedName: string): Promise<StoredUser | undefined>
  /** By normalised name. */
  operators(afterName: string, limit: number): Promise<readonly StoredUser[]>
  /** By time, partition and pos, the newest first; those before `before`. */
  reports(state: ReportState, before: ReportKey | undefined, limit: number): Promise<readonly ReportWithEnd[]>
  reportAt(partition: number, pos: number): Promise<StoredReport | undefined>
  /** Of those that have the number, in no order. */
  aliasesOfOld(dialect: string, kind: AliasKind, oldIds: readonly number[]): Promise<readonly StoredAlias[]>
  aliasesOfIds(dialect: string, kind: AliasKind, ids: readonly number[]): Promise<readonly StoredAlias[]>
  suspended(): Promise<readonly StoredUser[]>
  /** Whose `changed_pos` is not below their partition's offset in `events`; in no order. */
  usersChangedSince(events: readonly number[], limit: number): Promise<readonly StoredUser[]>
  /** Names or display names that begin with `prefix` (folded), by normalised name. */
  usersByPrefix(prefix: string, afterName: string, limit: number): Promise<readonly StoredUser[]>
  /**
   * Names or display names that do not begin with `prefix` but share two in five of these grams, the one that shares most first, then by
   * normalised name. Looks at some thousands that share any at most.
   */
  similarUsers(prefix: string, grams: readonly string[], limit: number): Promise<readonly StoredUser[]>
  userByRegistration(registrationId: string): Promise<StoredUser | undefined>
  publicGroupByName(normalisedName: string): Promise<string | undefined>
  /** Members now, by user id. */
  members(
    conversation: string,
    afterUser: number,
    limit: number,
  ): Promise<readonly { readonly stay: StoredStay; readonly user: StoredUser }[]>
  /** Of these users, in groups with at least `membersMin` members now; in no order. */
  largeGroups(users: readonly number[], membersMin: number): Promise<readonly LargeGroupStay[]>
  /** Of the members now, by user id, capped at the conversation's last seq. */
  memberCursors(conversation: string, limit: number): Promise<readonly MemberCursor[]>
  /** How many of the members now are at `seq` or beyond. */
  cursorCounts(conversation: string, seq: number): Promise<CursorCounts>
  /** By user id. */
  friends(user: number, afterUser: number, limit: number): Promise<readonly StoredFriend[]>
  /** Open ones, of either direction, newest first. */
  friendRequests(
    user: number,
    limit: number,
  ): Promise<readonly { readonly friendship: StoredFriendship; readonly other: StoredUser }[]>
  /** Whom he blocks now, newest first. */
  blocked(user: number, limit: number): Promise<readonly { readonly block: StoredBlock; readonly other: StoredUser }[]>
  /** Those that hold now, in no order. */
  blocksBetween(by: readonly number[], whom: readonly number[]): Promise<readonly Block[]>
  /** Where he is invited, the newest first. */
  invitations(user: number, limit: number): Promise<readonly Invitation[]>
  /** Who asks to become a member, the first first; the domain bounds them. */
  requests(conversation: string): Promise<readonly { readonly at: number; readonly user: StoredUser }[]>
  /** One device's, as stored; `not_kept`: an online room. */
  cursor(
    user: number,
    device: string,
    conversation: string,
  ): Promise<{ readonly deliveredSeq: number; readonly readSeq: number } | 'not_kept'>
}

/** Runs a query on one moment of the tables. `single`: it asks one thing only, so that no transaction is needed. */
export type AtMoment = <T>(needs: 'single' | 'many', query: (snapshot: Snapshot) => Promise<T>) => Promise<T>
