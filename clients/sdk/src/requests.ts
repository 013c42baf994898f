import type { MessageBody } from './domain/event.ts'
import type { Cursor, HistoryPage, SendOk, SyncPage } from './domain/exchange.ts'

/** The requests of PROTOCOL §2 that this server answers: what is asked with, and what is in its `ok`. */
export interface Requests {
  readonly send: Request<
    {
      readonly to: { readonly user: number } | { readonly conversation: string }
      readonly clientMsgId: string
      readonly after?: string
      readonly body: MessageBody
      readonly replyTo?: number
    },
    SendOk & Written
  >
  readonly history: Request<
    { readonly conversation: string; readonly before?: number; readonly after?: number; readonly limit?: number },
    HistoryPage
  >
  readonly sync: Request<{ readonly token?: string; readonly known?: Readonly<Record<string, number>> }, SyncPage>
  readonly conversations: Request<PageOf, Page<ConversationSummary> & { readonly invitations?: readonly Invitation[] }>
  readonly conversation: Request<
    { readonly conversation: string; readonly countsAt?: number },
    { readonly conversation: ConversationSummary & ReceiptsOf }
  >
  readonly members: Request<
    { readonly conversation: string } & PageOf,
    Page<Member> & { readonly requests?: readonly JoinRequest[] }
  >
  readonly users: Request<{ readonly query?: string } & PageOf, Page<User>>
  readonly user: Request<{ readonly id: number } | { readonly name: string }, { readonly user: User }>
  readonly me: Request<Nothing, { readonly user: User; readonly operator?: true }>
  readonly profile: Request<{ readonly displayName?: string; readonly about?: string } & Repeatable, Written>
  readonly search: Request<
    { readonly query: string; readonly conversation?: string } & PageOf,
    Page<FoundMessage> & { readonly stale?: true }
  >
  readonly popular: Request<
    { readonly n?: number; readonly from?: string; readonly to?: string },
    { readonly words: readonly { readonly word: string; readonly count: number }[] }
  >
  readonly delivered: Request<{ readonly conversation: string; readonly seq: number }, Nothing>
  readonly read: Request<{ readonly conversation: string; readonly seq: number }, Nothing>
  readonly typing: Request<{ readonly conversation: string; readonly isTyping: boolean }, Nothing>
  readonly 'presence.watch': Request<
    { readonly users: readonly number[] },
    { readonly users: readonly ({ readonly id: number } & PresenceState)[] }
  >
  readonly 'presence.unwatch': Request<{ readonly users?: readonly number[] }, Nothing>
  readonly 'group.create': Request<
    NewGroup & Repeatable,
    { readonly conversation: string; readonly groupId: number } & Written
  >
  readonly 'group.join': Request<
    ({ readonly conversation: string } | { readonly name: string }) & Repeatable,
    { readonly conversation: string } & Written
  >
  readonly sessions: Request<PageOf, Page<OwnSession>>
  readonly 'session.end': Request<({ readonly session: string } | { readonly others: true }) & Repeatable, Ended>
  readonly 'password.change': Request<{ readonly old: string; readonly new: string } & Repeatable, Nothing>
  /** The lists beside the friends are on the first page. */
  readonly friends: Request<PageOf, Page<Friend> & FriendLists>
  readonly 'friend.request': Request<{ readonly user: number; readonly note?: string } & Repeatable, InDirect>
  readonly 'friend.withdraw': Request<AboutUser, InDirect>
  readonly 'friend.accept': Request<AboutUser, InDirect>
  readonly 'friend.decline': Request<AboutUser, InDirect>
  readonly 'friend.remove': Request<AboutUser, InDirect>
  readonly block: Request<AboutUser, InDirect>
  readonly unblock: Request<AboutUser, InDirect>
  readonly edit: Request<MessagePlace & { readonly body: MessageBody } & Repeatable, Placed>
  readonly delete: Request<MessagePlace & Repeatable, Placed>
  readonly react: Request<MessagePlace & { readonly emoji: string } & Repeatable, Placed>
  readonly unreact: Request<MessagePlace & { readonly emoji: string } & Repeatable, Placed>
  readonly pin: Request<MessagePlace & Repeatable, Placed>
  readonly unpin: Request<MessagePlace & Repeatable, Placed>
  readonly report: Request<MessagePlace & Repeatable & { readonly reason: string }, InDirect>
  readonly edits: Request<MessagePlace & PageOf, Page<MessageVersion>>
  readonly 'group.leave': Act<unknown>
  readonly 'group.change': Act<GroupSettings>
  readonly 'group.invite': Act<{ readonly users: readonly number[] }>
  readonly 'group.approve': Act<WithUser>
  readonly 'group.refuse': Act<WithUser>
  readonly 'group.kick': Act<WithUser>
  readonly 'group.ban': Act<WithUser>
  readonly 'group.unban': Act<WithUser>
  readonly 'group.mute': Act<WithUser & { readonly untilMs: number }>
  readonly 'group.role': Act<WithUser & { readonly role: 'owner' | 'admin' | 'member' }>
  readonly 'group.transfer': Act<WithUser>
  readonly 'group.close': Act<unknown>
  readonly ping: Request<Nothing, Nothing>
  readonly logout: Request<Nothing, Nothing>
}

export type Op = keyof Requests
/** Requests that change something: with one id, the same never happens twice. */
export type WriteOp = {
  [O in Exclude<Op, 'send'>]: 'clientMsgId' extends keyof Requests[O]['fields'] ? O : never
}[Exclude<Op, 'send'>]
export type FieldsOf<O extends Op> = Requests[O]['fields']
export type OkOf<O extends Op> = Requests[O]['ok']

interface Request<Fields, Ok> {
  readonly fields: Fields
  readonly ok: Ok
}

/** What is done to a group. */
type Act<Fields> = Request<
  { readonly conversation: string } & Fields & Repeatable,
  { readonly conversation: string } & Written
>

interface WithUser {
  readonly user: number
}

type Nothing = Readonly<Record<string, never>>

interface Repeatable {
  /** UUID v7. The same id never has a second effect. */
  readonly clientMsgId?: string
}

interface Written {
  /** Where in the log: a read by HTTP with it as `minPos` sees this write. */
  readonly position: string
}

type AboutUser = { readonly user: number } & Repeatable

/** `conversation`: the direct one with that user. */
type InDirect = { readonly conversation: string } & Written

/** A message, by its place. */
interface MessagePlace {
  readonly conversation: string
  readonly seq: number
}

/** Where the event of a write about a message stands. */
interface Placed extends Written {
  readonly conversation: string
  readonly seq: number
}

interface PageOf {
  readonly after?: string
  readonly limit?: number
}

export interface Page<Item> {
  readonly items: readonly Item[]
  /** The `after` of the next page; without it this is the last. */
  readonly next?: string
}

export interface User {
  readonly id: number
  readonly name: string
  readonly displayName: string
  readonly createdAt: string
  /** What he says about himself; absent: nothing. */
  readonly about?: string
}

interface ReceiptsOf {
  /** Of all members, of conversations of at most 64. */
  readonly cursors?: readonly Cursor[]
  /** How many members are at `countsAt` or beyond. */
  readonly counts?: { readonly seq: number; readonly delivered: number; readonly read: number }
}

interface PresenceState {
  readonly online: boolean
  readonly since?: string
  readonly lastSeenAt?: string
}

/** Where somebody is logged in. */
export interface OwnSession {
  readonly session: string
  readonly device: string
  readonly createdAt: string
  /** To a minute. */
  readonly lastUsedAt: string
  readonly expiresAt: string
  /** It is the one that asks. */
  readonly current: boolean
}

interface Ended {
  /** How many ended, where all others were to. */
  readonly ended?: number
}

export interface Member {
  readonly user: User
  readonly role: string
  readonly joinedSeq: number
  /** Absent: nobody can tell now. */
  readonly online?: boolean
  /** Until then he may not write; told to himself, admins and owners. */
  readonly mutedUntil?: string
}

/** Somebody who asks to become a member: told to admins and owners. */
export interface JoinRequest {
  readonly user: User
  readonly at: string
}

/** A group that one may join. */
export interface Invitation {
  readonly conversation: string
  readonly title: string
  readonly by: number
  readonly at: string
}

/** What `group.change` may set: at least one of them. */
export interface GroupSettings {
  readonly title?: string
  readonly description?: string
  readonly joinPolicy?: 'open' | 'request' | 'invite'
  readonly history?: 'all' | 'sinceJoin'
  readonly posting?: 'all' | 'admins'
}

export interface Friend {
  readonly user: User
  readonly since: string
  readonly online: boolean
  readonly lastSeenAt?: string
}

export interface FriendRequest {
  readonly user: User
  readonly direction: 'incoming' | 'outgoing'
  readonly note?: string
  readonly at: string
}

interface FriendLists {
  readonly requests?: readonly FriendRequest[]
  readonly blocked?: readonly { readonly user: User; readonly since: string }[]
}

export interface ConversationSummary {
  readonly id: string
  readonly kind: 'direct' | 'group'
  readonly title: string
  readonly with?: number
  /** Of a public group. */
  readonly name?: string
  readonly role?: 'owner' | 'admin' | 'member'
  readonly posting?: 'all' | 'admins'
  /** An online room: everybody takes part. */
  readonly membership?: 'online'
  readonly closed?: true
  readonly mutedUntil?: string
  readonly invited?: true
  readonly requested?: true
  readonly lastSeq: number
  readonly lastAt: string
  readonly unread: number
  readonly readSeq: number
  readonly deliveredSeq: number
  /** Seqs of the pinned messages; absent: none. */
  readonly pins?: readonly number[]
}

/** What a message said, from `seq` on: its own, or that of an edit. */
interface MessageVersion {
  readonly seq: number
  readonly actor: number
  readonly at: string
  readonly body: MessageBody
}

export interface FoundMessage {
  readonly conversation: string
  readonly seq: number
  readonly at: string
  readonly actor: number
  /** Plain text: a part of the message. */
  readonly snippet: string
  /** Where in the snippet it says what was looked for: code points, the end exclusive. */
  readonly highlights: readonly (readonly [from: number, to: number])[]
}

export interface NewGroup {
  readonly title: string
  /** A public group has one, a private one has not. */
  readonly name?: string
  readonly description?: string
  readonly visibility: 'public' | 'private'
  readonly joinPolicy?: 'open' | 'request' | 'invite'
  readonly history?: 'all' | 'sinceJoin'
  /** Users who are in it from the start. */
  readonly members?: readonly number[]
}
