import type { ClientEvent, LogEvent, ReceiptAdvanced } from '@chat/schemas'
import type { OperatorReads, UserRow } from './account.ts'
import type { AliasReads } from './aliases.ts'
import type { PopularQuery, SearchPage, SearchQuery, WordCount } from './found.ts'
import type { EditsPage, EditsQuery, MessageFacts } from './messages.ts'
import type { Page } from './page.ts'
import type { SyncPage, SyncQuery } from './synced.ts'

export type {
  AccountRow,
  ReportRow,
  ReportState,
  Standing,
  SuspensionMark,
  SuspensionsPage,
  UserRow,
} from './account.ts'
export { type AliasKind, aliasesAskedMax } from './aliases.ts'
export type { FoundMessage, PopularQuery, SearchPage, SearchQuery, WordCount } from './found.ts'
export type { EditsPage, EditsQuery, MessageFacts, MessageVersion } from './messages.ts'
export type { Page } from './page.ts'
export type { SyncedConversation, SyncPage, SyncQuery } from './synced.ts'

/** A place in the event log: what a `position` token and `minPos` mean. */
export interface Position {
  readonly partition: number
  readonly pos: number
}

export interface ConversationView {
  readonly id: string
  readonly kind: 'direct' | 'group'
  /** Groups: the title. Direct: the other's display name. */
  readonly title: string
  /** Direct only: the other user. */
  readonly with?: number
  readonly name?: string
  readonly description?: string
  readonly visibility?: 'public' | 'private'
  readonly joinPolicy?: 'open' | 'request' | 'invite'
  readonly history?: 'all' | 'sinceJoin'
  readonly posting?: 'all' | 'admins'
  /** An online room: everybody takes part, nothing in it is unread, and nobody has a cursor. Absent: its members are stored. */
  readonly membership?: 'online'
  /** Only reading and leaving remain. */
  readonly closed?: true
  /** Of the user, while he is a member of the group. */
  readonly role?: 'owner' | 'admin' | 'member'
  /** ms since the epoch; perhaps past. */
  readonly mutedUntil?: number
  readonly invited?: true
  readonly requested?: true
  readonly lastSeq: number
  readonly lastAt: number
  /** Seqs of the pinned messages that he may see, in the order they were pinned; absent: none. */
  readonly pins?: readonly number[]
  readonly unread: number
  readonly readSeq: number
  readonly deliveredSeq: number
}

export interface MemberView {
  readonly user: UserRow
  readonly role: 'owner' | 'admin' | 'member'
  readonly joinedSeq: number
  /** ms since the epoch, perhaps past; only for himself, admins and owners. */
  readonly mutedUntil?: number
}

export interface MembersPage extends Page<MemberView> {
  /** Those who ask to become members, the first who asked first; for admins and owners, on the first page. */
  readonly requests?: readonly { readonly user: UserRow; readonly at: number }[]
}

export interface ConversationsPage extends Page<ConversationView> {
  /** The groups that he may join, the newest invitation first, at most `invitationsListedMax`; on the first page. */
  readonly invitations?: readonly (Pick<ConversationView, 'title'> & {
    readonly conversation: string
    readonly by: number
    readonly at: number
  })[]
}

export interface FriendView {
  readonly user: UserRow
  /** ms since the epoch. */
  readonly since: number
  /** He blocks the one who asks: where he is and when he was there is not for him. */
  readonly isHidden: boolean
}

export interface FriendRequestView {
  readonly user: UserRow
  readonly direction: 'incoming' | 'outgoing'
  readonly note?: string
  /** ms since the epoch. */
  readonly at: number
}

/** The first page alone has the lists beside the friends, newest first and bounded. */
export interface FriendsPage extends Page<FriendView> {
  readonly requests?: readonly FriendRequestView[]
  readonly blocked?: readonly { readonly user: UserRow; readonly since: number }[]
}

/** A block that holds. */
export interface Block {
  readonly by: number
  readonly whom: number
}

export interface HistoryQuery {
  readonly user: number
  readonly conversation: string
  /** seq, exclusive. With `after` the page begins there, else it ends before `before`; neither: the newest page. */
  readonly before?: number
  readonly after?: number
  readonly limit: number
}

export interface HistoryPage {
  /** Oldest first; messages in their present state. */
  readonly events: readonly ClientEvent[]
  /** The seqs this page answers for, inclusive; one that is not in `events` is not visible to this user. from > to: nothing. */
  readonly from: number
  readonly to: number
  readonly hasMore: boolean
}

/** A user's present stay in a large group. */
export interface LargeGroupStay {
  readonly conversation: string
  readonly user: number
  readonly joinedSeq: number
  /** The conversation's last seq as of the answer: every change of members up to it is in it. */
  readonly lastSeq: number
}

/** A member's cursors: the greatest of his devices'. */
export interface MemberCursor {
  readonly user: number
  readonly deliveredSeq: number
  readonly readSeq: number
}

export interface CursorCounts {
  readonly delivered: number
  readonly read: number
}

/** How long `sync` waits for a projection that a token is ahead of, ms. */
export const aheadWaitMs = 500

/** What somebody is to a conversation that is there for him. */
export interface SeatView {
  /** Only reading and leaving remain. */
  readonly isClosed: boolean
  readonly isBanned: boolean
  /** Direct: one of the two blocks the other. */
  readonly isBlocked: boolean
  /** Absent: he is no member. */
  readonly role?: 'owner' | 'admin' | 'member'
  /** Of a member: ms since the epoch, perhaps past. */
  readonly mutedUntil?: number
}

/** A conversation that a user is or was in. */
export interface EverConversation {
  readonly id: string
  readonly kind: 'direct' | 'group'
  readonly title: string
  /** The other one of a direct conversation. */
  readonly with?: number
  readonly isMember: boolean
}

/**
 * The views that clients read, folded from the log. Everything is as of one moment per call; `waitFor` makes that moment late
 * enough. Every method throws Fault `read_models_unavailable` when the store cannot be reached in time.
 *
 * A user sees of a conversation: every seq inside one of his stays, the leaving event included, and everything up to the end of
 * his last stay where its history is `all`; of an online room everything, as if he were a member of it. [G5]
 */
export interface ReadModels extends OperatorReads, AliasReads {
  /** Resolves true once every given position of the event log is projected, false when `timeoutMs` passed first. */
  waitFor(positions: readonly Position[], timeoutMs: number, signal?: AbortSignal): Promise<boolean>
  /** The same of the receipts: `pos` is an offset in their topic. */
  waitForReceipts(positions: readonly Position[], timeoutMs: number, signal?: AbortSignal): Promise<boolean>
  userById(id: number): Promise<UserRow | undefined>
  userByName(normalisedName: string): Promise<UserRow | undefined>
  /** Of several accounts of one registration, which should not be, the one with the least id. */
  userByRegistration(registrationId: string): Promise<UserRow | undefined>
  /** By name, those whose name or display name begins with the query; behind them those that are similar to it. See `searchUsers`. */
  users(query: string, after: string | undefined, limit: number): Promise<Page<UserRow>>
  /** The ids of those of these normalised names that are somebody's. */
  usersByNames(normalisedNames: readonly string[]): Promise<ReadonlyMap<string, number>>
  /** Which of these ids exist. */
  existingUsers(ids: readonly number[]): Promise<ReadonlySet<number>>
  /**
   * Which of these registrations have a user; undefined: events are parked, and with them perhaps somebody's registration, so that
   * nobody can say who has none.
   */
  registered(registrationIds: readonly string[]): Promise<ReadonlySet<string> | undefined>
  /** Newest first. */
  conversations(user: number, after: string | undefined, limit: number): Promise<ConversationsPage>
  /** undefined: there is none that this user may see. A stranger sees a public group, the invited a private one. */
  conversation(user: number, conversation: string): Promise<ConversationView | undefined>
  /** `normalisedName` of a public group → its conversation id. */
  groupByName(normalisedName: string): Promise<string | undefined>
  /** By user id. undefined: not a member; `not_kept`: an online room. */
  members(
    user: number,
    conversation: string,
    after: string | undefined,
    limit: number,
  ): Promise<MembersPage | 'not_kept' | undefined>
  /** Where these users are members now, of the groups with at least `membersMin` members; in no order. */
  largeGroups(users: readonly number[], membersMin: number): Promise<readonly LargeGroupStay[]>
  /** By user id. */
  friends(user: number, after: string | undefined, limit: number): Promise<FriendsPage>
  /** Which of `by` block which of `whom`: the presence of the one is not for the other. */
  blocksBetween(by: readonly number[], whom: readonly number[]): Promise<readonly Block[]>
  /** undefined: nothing of it is visible to this user. */
  history(query: HistoryQuery): Promise<HistoryPage | undefined>
  message(user: number, conversation: string, seq: number): Promise<MessageFacts>
  /** undefined: nothing of the conversation is visible to this user. Of a deleted message there is nothing. */
  edits(query: EditsQuery): Promise<EditsPage | undefined>
  sync(query: SyncQuery): Promise<SyncPage>
  /** Every conversation that the user is or was in, by id, those behind `after`. */
  everConversations(user: number, after: string, limit: number): Promise<readonly EverConversation[]>
  /** What he wrote there, in its present state, oldest first, behind the seq `after`. */
  ownMessages(user: number, conversation: string, after: number, limit: number): Promise<readonly ClientEvent[]>
  /** Messages by their words. undefined: nothing of the conversation is visible to this user. [G5] */
  search(query: SearchQuery): Promise<SearchPage | undefined>
  /** The most written words of public groups that everybody may join, by count, then by word. */
  popularWords(query: PopularQuery): Promise<readonly WordCount[]>
  /** The stored cursors of one device; zeros when there are none. `not_kept`: an online room. */
  cursor(
    user: number,
    device: string,
    conversation: string,
  ): Promise<{ readonly deliveredSeq: number; readonly readSeq: number } | 'not_kept'>
  /** undefined: there is none for this user. A private group is there for whoever is or was a member, invited or banned. */
  seat(user: number, conversation: string): Promise<SeatView | undefined>
  /** How far each member is, by user id; undefined: the user is no member, there are more than `membersMax`, or none is stored. */
  cursors(user: number, conversation: string, membersMax: number): Promise<readonly MemberCursor[] | undefined>
  /** How many members have got, and read, everything up to `seq`; undefined: the user is no member, or none is stored. */
  cursorCounts(user: number, conversation: string, seq: number): Promise<CursorCounts | undefined>
  /** The highest seq that this user may see now; undefined: nothing. Cursors are capped at it. */
  visibleSeq(user: number, conversation: string): Promise<number | undefined>
  close(): Promise<void>
}

/** What is projected, one row a partition: `events` are stamped and chained, `receipts` are not. */
export type Source = 'events' | 'receipts'

/** How far one partition is projected: the next offset, and of events the last valid one's place and chain. */
export interface ProjectionOffset {
  readonly nextOffset: number
  /** -1: none yet. */
  readonly lastPos: number
  readonly chain: string
}

/** A valid event at its place. */
export interface PlacedEvent {
  readonly pos: number
  readonly event: LogEvent
}

export interface PlacedReceipt {
  readonly offset: number
  readonly receipt: ReceiptAdvanced
}

/** What follows `from`, which must be the stored next offset, up to `to` (exclusive). */
export interface EventBatch {
  readonly partition: number
  readonly from: number
  readonly to: ProjectionOffset
  /** The valid events that mean something, in order; records that do not count are just passed. */
  readonly events: readonly PlacedEvent[]
}

export interface ReceiptBatch {
  readonly partition: number
  readonly from: number
  readonly to: number
  readonly receipts: readonly PlacedReceipt[]
}

/** An event whose handler failed; nothing of its aggregate is projected from it on, until a rebuild. */
export interface ParkedEvent {
  readonly aggregate: string
  readonly partition: number
  readonly pos: number
  readonly reason: string
}

/**
 * The write side. One call is one transaction: the rows that follow from the batch and the new offset, both or none. [G7]
 *
 * A batch whose `from` is not the stored next offset changes nothing and throws Fault `projection_overtaken`: somebody else
 * projects, or a rebuild has switched; the caller reads the offset again. That alone fences a second projector. [G8]
 * Throws Fault `read_models_unavailable` when the store cannot be reached; nothing is known of the batch then, and reading the
 * offset tells. Throws Fault `read_models_foreign`, not retryable, when the tables are those of another build: it has read models that
 * this one does not know, or lacks some.
 */
export interface Projection {
  offset(source: Source, partition: number): Promise<ProjectionOffset>
  /** Resolves with the events newly parked, those of the batch only. */
  applyEvents(batch: EventBatch): Promise<readonly ParkedEvent[]>
  /** `to` may lie before `from`: receipts are told again, and those that were there already change nothing. */
  applyReceipts(batch: ReceiptBatch): Promise<void>
  close(): Promise<void>
}

/** A conversation of which the new read models and the live ones say different things at the same place in the log. */
export interface Difference {
  readonly table: string
  readonly key: string
}

/** How far each partition is projected. */
export interface Offsets {
  readonly events: ReadonlyMap<number, number>
  readonly receipts: ReadonlyMap<number, number>
}

/** Read models beside the live ones that can take their place. */
export interface OtherReadModels {
  /** Writes to them. */
  readonly projection: Omit<Projection, 'close'>
  /** The live ones' place. */
  liveOffset(source: Source, partition: number): Promise<ProjectionOffset>
  /**
   * Puts these in the place of the live ones, which are kept as the previous ones. While the live ones stand still, `catchUp` is called
   * once with their place and brings these there; then both change places in one transaction. false: a partition of these still
   * lies behind; nothing happened. Throws Fault `read_models_unavailable` when the live ones could not be stopped in time.
   * `generation`: `keep` lets sync tokens live on; `new` resets them, and asks nothing of the places: the log was cut.
   */
  switchOver(generation: 'keep' | 'new', catchUp: (live: Offsets) => Promise<void>): Promise<boolean>
  close(): Promise<void>
}

/** What an interrupted run left: nothing, what only another build could go on from, some partitions, or all of them with indexes. */
export type NextState = 'absent' | 'foreign' | 'loading' | 'loaded'

/** The records of one partition, in order from offset 0. */
export interface PartitionLoad {
  events(batch: EventBatch): Promise<readonly ParkedEvent[]>
  receipts(batch: ReceiptBatch): void
}

/**
 * Read models built beside the live ones from offset 0. Calls in this order: `begin`, `clear` unless its answer is gone on from, then
 * `loadPartition` of each partition whose stored offset is 0, `finishLoading`, then `projection` to catch up, `differences`,
 * `switchOver`. Live reads and the live projection go on all along. Throws Fault `rebuild_lost` when another run could have begun since.
 */
export interface NextReadModels extends OtherReadModels {
  /** Throws Fault `rebuild_running` when another run is at it. */
  begin(): Promise<NextState>
  /** Empty ones in the place of whatever was left. */
  clear(): Promise<void>
  /** All that `read` gives, in one transaction: it is there when this resolves, and nothing of it when it rejects. */
  loadPartition(partition: number, read: (load: PartitionLoad) => Promise<void>): Promise<void>
  /** Makes the indexes; from here on `projection` writes. Nothing happens when they are there. */
  finishLoading(): Promise<void>
  /** At most `differencesMax`. What is not at the same place in both is not compared, nor what is parked. */
  differences(): Promise<readonly Difference[]>
}

/** `unfit`: they cannot be projected further, and so cannot come back. `identity` tells one switch's from another's. */
export type PreviousState =
  | { readonly kind: 'absent' }
  | { readonly kind: 'fit'; readonly identity: number }
  | { readonly kind: 'unfit'; readonly identity: number; readonly reason: string }

/** The read models that were live before the last switch: the way back. */
export interface PreviousReadModels extends OtherReadModels {
  /** Throws Fault `rebuild_running` when a rebuild is at it. */
  begin(): Promise<PreviousState>
  /** How many aggregates are parked in these and not in the live ones: they stand still here. */
  parkedOnlyHere(): Promise<number>
  drop(): Promise<void>
}

/**
 * The same as projectors see them: what they keep up, so that the way back takes nothing away, until it is dropped. Writing throws Fault
 * `previous_unfit`, not retryable, when the tables do not take the rows of this build.
 */
export interface KeptProjection extends Projection {
  state(): Promise<PreviousState>
  /** For good. Nothing happens when those of this identity are gone. */
  markUnfit(identity: number, reason: string): Promise<void>
}

export const differencesMax = 20
/** How long a switch waits for reads and batches under way, and then holds up new ones at most, ms. */
export const switchHoldMs = 2_000
