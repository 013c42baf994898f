import type { ChatEvent } from './event.ts'
import type { Dispatch, OutboxEntry, Refusal } from './outbox.ts'
import type { HistoryBound, Range } from './timeline.ts'

/** What a replica is told, and what it wants done. */

export interface SyncPage {
  readonly token: string
  readonly conversations: readonly SyncedConversation[]
  readonly hasMore: boolean
  readonly stale?: boolean
}

export interface SyncedConversation extends Range {
  readonly id: string
  readonly title: string
  readonly with?: number
  readonly lastSeq: number
  readonly unread: number
  readonly readSeq: number
  readonly left?: boolean
  /** An online room. */
  readonly membership?: 'online'
}

export interface HistoryPage extends Range {
  readonly hasMore: boolean
  readonly stale?: boolean
}

/** How far one member is in a conversation. */
export interface Cursor {
  readonly user: number
  readonly deliveredSeq: number
  readonly readSeq: number
}

export type Input =
  | { readonly type: 'connected'; readonly nowMs: number }
  | { readonly type: 'disconnected' }
  | { readonly type: 'event'; readonly event: ChatEvent }
  | { readonly type: 'syncDue' }
  | { readonly type: 'synced'; readonly page: SyncPage }
  | ({ readonly type: 'syncFailed' } & Failure)
  | { readonly type: 'gapDue'; readonly conversation: string }
  | { readonly type: 'filled'; readonly conversation: string; readonly page: HistoryPage }
  | ({ readonly type: 'fillFailed'; readonly conversation: string } & Failure)
  | { readonly type: 'earlier'; readonly conversation: string; readonly page: HistoryPage }
  | { readonly type: 'read'; readonly conversation: string; readonly seq: number }
  /** Of some members, or of all. */
  | { readonly type: 'receipts'; readonly conversation: string; readonly cursors: readonly Cursor[] }
  | { readonly type: 'queued'; readonly entry: OutboxEntry; readonly nowMs: number }
  | { readonly type: 'accepted'; readonly clientMsgId: string; readonly ok: SendOk; readonly nowMs: number }
  | { readonly type: 'refused'; readonly clientMsgId: string; readonly refusal: Refusal; readonly nowMs: number }
  | { readonly type: 'discarded'; readonly clientMsgId: string }
  | { readonly type: 'outboxDue'; readonly nowMs: number }

interface Failure {
  readonly isTransient: boolean
  readonly retryAfterMs?: number
}

/** Without `at` for a repetition. */
export interface SendOk {
  readonly conversation: string
  readonly seq: number
  readonly at?: string
}

export type Effect =
  | { readonly type: 'send'; readonly dispatch: Dispatch }
  | { readonly type: 'sync'; readonly token?: string; readonly known: Readonly<Record<string, number>> }
  | { readonly type: 'history'; readonly conversation: string; readonly bound: HistoryBound }
  /** Gives this input back after `ms`, unless the connection is lost first. */
  | { readonly type: 'later'; readonly ms: number; readonly input: 'syncDue' | 'outboxDue' }
  | { readonly type: 'later'; readonly ms: number; readonly input: 'gapDue'; readonly conversation: string }
  /** These are new to this client, in order. */
  | { readonly type: 'announce'; readonly conversation: string; readonly events: readonly ChatEvent[] }
  | { readonly type: 'changed'; readonly conversation: string }
  /** A message is in the log. Said once. */
  | { readonly type: 'accepted'; readonly clientMsgId: string; readonly seq: number }
  /** A message was refused for good. */
  | { readonly type: 'failed'; readonly entry: OutboxEntry; readonly code: string; readonly message: string }
  | { readonly type: 'saveOutbox' }
  /** The first walk of sync is done: what was there is in the view. Said once. */
  | { readonly type: 'synced' }
  | { readonly type: 'reconnect' }
