import type { Dump } from '@chat/read-models/memory'
import { murmur2 } from '@chat/schemas'

/**
 * A history: everything that the clients of one run did and saw, with the faults, in the order in which it happened, and at its end what
 * the log, the read models and every device hold. One process records it, so the order of the lines is the order of time; `at` is whole
 * milliseconds since the run began, monotonic. Whatever one line names by id (device, conversation, message) is the same on all.
 */
export type HistoryEvent =
  | Started
  | DeviceKnown
  | Connected
  | Closed
  | Invoked
  | Answered
  | Pushed
  | Paged
  | Shown
  | ReceiptPushed
  | PresenceSeen
  | Unwatched
  | FaultBegun
  | FaultEnded
  | Probed
  | Measured
  | Logged
  | Row
  | DeviceState
  | UserHistory
  | Dumped
  | Ended

interface Line<What extends string> {
  readonly what: What
  readonly at: number
}

/** The first line. */
export interface Started extends Line<'started'> {
  readonly label: string
  /** The recorder's wall clock at `at` 0, ms since the epoch. */
  readonly wallMs: number
  /** How far that clock and the log's may be apart, ms: less is no proof that an effect came before its cause. */
  readonly clockErrorMs: number
}

/** Before anything else of the device. It is healed and dumped at the end. */
interface DeviceKnown extends Line<'device'> {
  readonly device: string
  readonly user: number
}

/** Its hello was answered. `connection` counts those of the device. */
export interface Connected extends Line<'connected'> {
  readonly device: string
  readonly connection: number
  /** Named in the answer: one life of a connector. */
  readonly connector: string
}

export interface Closed extends Line<'closed'> {
  readonly device: string
  readonly connection: number
  readonly code: number
}

/** A request went out; a message that is sent again is a line of its own, with another ref. */
export interface Invoked extends Line<'invoked'> {
  readonly device: string
  readonly connection: number
  /** Unique in the life of the device. */
  readonly ref: number
  readonly op: string
  readonly conversation: string | null
  readonly clientMsgId: string | null
  readonly text: string | null
  readonly after: string | null
  /** Of cursors: how far. */
  readonly seq: number | null
}

export interface Answered extends Line<'answered'> {
  readonly device: string
  readonly connection: number
  readonly ref: number
  readonly outcome: 'ok' | 'error'
  readonly code: string | null
  /** An error that no repetition changes (`retry: never`). */
  readonly isFinal: boolean
  readonly conversation: string | null
  readonly seq: number | null
  readonly position: string | null
  readonly isDuplicate: boolean
}

/** An event as a client got it. */
export interface SeenEvent {
  readonly seq: number
  /** Of the chat event: `messagePosted`, … */
  readonly type: string
  readonly actor: number
  readonly clientMsgId: string | null
  /** `printOf` it. */
  readonly print: number
}

interface Pushed extends Line<'pushed'>, SeenEvent {
  readonly device: string
  readonly connection: number
  readonly conversation: string
}

/** A page of `history`, or one conversation of a page of `sync`. */
export interface Paged extends Line<'paged'> {
  readonly device: string
  readonly connection: number
  /** Of the request that it answers. */
  readonly ref: number
  readonly by: 'sync' | 'history'
  readonly conversation: string
  /** What the request named as held, exclusive; null: it asked for the newest. */
  readonly after: number | null
  readonly from: number
  readonly to: number
  readonly readSeq: number | null
  readonly events: readonly SeenEvent[]
}

/** The device showed this seq to its user for the first time. */
interface Shown extends Line<'shown'> {
  readonly device: string
  readonly conversation: string
  readonly seq: number
  readonly clientMsgId: string | null
  readonly by: ShownBy
}

export type ShownBy = 'push' | 'sync' | 'history'

/** A `receipt` push: how far `user` is in the conversation. */
interface ReceiptPushed extends Line<'receiptPushed'> {
  readonly device: string
  readonly conversation: string
  readonly user: number
  readonly deliveredSeq: number
  readonly readSeq: number
}

/** By a `presence` push or the answer to `presence.watch`; forgotten when the connection closes. */
export interface PresenceSeen extends Line<'presenceSeen'> {
  readonly device: string
  readonly user: number
  readonly isOnline: boolean
}

/** What the device sees of these users is no longer kept up to date. */
interface Unwatched extends Line<'unwatched'> {
  readonly device: string
  readonly users: readonly number[]
}

export interface FaultBegun extends Line<'faultBegun'> {
  readonly fault: number
  /** One of `recoveryBudgetsMs`, or any other: then the longest of them counts. */
  readonly name: string
  readonly target: string
}

/** Healed. A fault that is over in a moment (a kill) may have none. */
interface FaultEnded extends Line<'faultEnded'> {
  readonly fault: number
}

/** This message is sent to see whether the system is back to normal after a fault; its `invoked` follows. */
interface Probed extends Line<'probed'> {
  readonly fault: number
  readonly conversation: string
  readonly clientMsgId: string
}

/** `start` and `end` are compared: both in quiet, `start` once the process is warm. */
export interface Measured extends Line<'measured'> {
  readonly process: string
  readonly phase: 'start' | 'run' | 'end'
  readonly rssBytes: number
  /** Of its heap and of buffers beside it: what it really holds. The rest of its memory was needed once, or is code. */
  readonly heldBytes: number
  readonly handles: number
  /** null: the process does not tell. */
  readonly timers: number | null
}

/** A record of the log, valid or not, as the dump at the end found it; per partition in order of offset. */
export interface Logged extends Line<'logged'> {
  readonly topic: 'events' | 'receipts'
  readonly partition: number
  readonly offset: number
  /** LogAppendTime, ms since the epoch. */
  readonly appendedMs: number
  /** The headers of the same names; null: there is none. */
  readonly schema: string | null
  readonly type: string | null
  readonly pos: string | null
  readonly cmd: string | null
  readonly chain: string | null
  /** base64 */
  readonly value: string
}

/** A row of the read models, as PostgreSQL has it at the end. */
interface Row extends Line<'row'> {
  readonly table: keyof Dump
  readonly row: Dump[keyof Dump][number]
}

/** Events as columns, ascending by seq: there are millions of them at the end. */
export interface EventColumns {
  readonly seqs: readonly number[]
  readonly clientMsgIds: readonly (string | null)[]
  readonly prints: readonly number[]
}

/** What the device shows of a conversation at the end. */
interface DeviceState extends Line<'deviceState'>, EventColumns {
  readonly device: string
  readonly conversation: string
  /** Up to which seq the device believes to have everything. */
  readonly coveredTo: number
}

/** What the server tells a user of a conversation at the end: the whole of `history`, and `conversation`. */
export interface UserHistory extends Line<'userHistory'>, EventColumns {
  readonly user: number
  readonly conversation: string
  /** null: he is no member. */
  readonly unread: number | null
  readonly readSeq: number | null
}

export type DumpSource = 'log' | 'rows' | 'devices' | 'histories'

/** All lines of this source are above, `count` in all. What was not dumped is not checked. */
interface Dumped extends Line<'dumped'> {
  readonly source: DumpSource
  readonly count: number
}

/** The last line; `lines` counts those before it. */
interface Ended extends Line<'ended'> {
  readonly lines: number
}

/**
 * 31 bits of what a client is told of an event: two that differ in a bit have different prints, almost certainly. The order of fields says
 * nothing, nor does who of those that reacted are named: a page names some of them.
 */
export const printOf = (event: {
  readonly type: string
  readonly actor: number
  readonly at: string
  readonly data: unknown
}): number => {
  const { reactions, ...data } = event.data as { readonly reactions?: readonly Reaction[] }
  const counts = (reactions ?? []).map(({ emoji, count }) => [emoji, count])
  const told = [...Object.entries(data), ...(counts.length > 0 ? [['reactions', counts.sort()]] : [])]
  return murmur2(JSON.stringify([event.type, event.actor, event.at, told.sort()]))
}

interface Reaction {
  readonly emoji: string
  readonly count: number
}

export type Intern = (text: string) => string

/** Equal strings become one and the same: parsed frames would hold millions of copies of an id. */
export const createIntern = (): Intern => {
  const known = new Map<string, string>()
  return (text) => {
    const found = known.get(text)
    if (found !== undefined) return found
    known.set(text, text)
    return text
  }
}
