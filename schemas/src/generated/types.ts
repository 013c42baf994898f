// Generated from the .avsc files by `npm run generate`. Do not edit.

/** A device said hello elsewhere: the connector of this lease closes the device's older connection. */
export interface Kick {
  readonly type: 'Kick'
  /** The slot it is meant for. */ readonly slot: number
  /** The lease it is meant for; a connector drops a foreign epoch. */ readonly epoch: number
  /** Whose device. */ readonly user: number
  /** The device that is connected twice. */ readonly device: string
  /** The newer connection; orders two hellos of equal order. */ readonly connection: string
  /** When the newer connection said hello, ms since the epoch by its connector's clock. */ readonly at: number
  /** The number that presence gave to the newer connection's registration: of two hellos that cross, the greater one is newer, whatever the connectors' clocks say. Null from a connector that does not know it; then `at` stands in. */ readonly order: null | number
}

/** A router gets no answer from presence, or has got the first ones again only just, and delivers to everybody: connectors that cannot renew their lease either keep their connections. On the broadcast topic only, each second. */
export interface PresenceAway {
  readonly type: 'PresenceAway'
  /** For how long it has been so for this router, ms. */ readonly awayMs: number
}

/** What one batch of a router has for one connector: one record on its delivery topic. */
export interface SlotDelivery {
  readonly type: 'SlotDelivery'
  /** The slot it is meant for; -1 on the broadcast topic. */ readonly slot: number
  /** The lease it is meant for; a connector drops a foreign epoch. 0 on the broadcast topic. */ readonly epoch: number
  /** The partition of the event log that the batch was appended to. */ readonly partition: number
  /** Outcomes for requests of this connector. */ readonly replies: readonly Reply[]
  /** In log order. */ readonly events: readonly EventDelivery[]
}

/** The outcome of one command. */
export interface Reply {
  /** The connector's number for the request. */ readonly request: number
  /** accepted | repeated | rejected. */ readonly outcome: string
  /** The error code when rejected, else empty. */ readonly code: string
  /** Where the event is. */ readonly conversation: null | string
  /** Its place. */ readonly seq: null | number
  /** Its offset in the partition. */ readonly pos: null | number
  /** Null when repeated or rejected. ms since the epoch. */ readonly at: null | number
  /** The id given to a new user or group. */ readonly id: null | number
}

/** One event and who gets it. */
export interface EventDelivery {
  /** Its offset in the partition. */ readonly pos: number
  /** Its schema header (`message-posted.v1`). */ readonly schema: string
  /** Its value as on the log, wire prefix included. */ readonly value: Uint8Array
  /** Users with connections under this lease who get it. */ readonly users: readonly number[]
  /** Of a group so large that connectors register it: whoever gets it and knows nothing of the group reads who of his users is a member. */ readonly isLarge: boolean
  /** To all members of the group who are connected under this lease as well: connectors that registered it know them. */ readonly toMembers: boolean
}

/** Receipts and typing that a router has for one connector: one record on its delivery topic. Losing it loses nothing that is kept. */
export interface SlotHints {
  readonly type: 'SlotHints'
  /** The slot it is meant for; -1 on the broadcast topic. */ readonly slot: number
  /** The lease it is meant for; a connector drops a foreign epoch. 0 on the broadcast topic. */ readonly epoch: number
  /** At most one a conversation and user. */ readonly receipts: readonly ReceiptHint[]
  /** At most one a conversation and user. */ readonly typing: readonly TypingHint[]
}

/** How far a user is, by the greatest of his devices, and who is told. */
export interface ReceiptHint {
  /** Where. */ readonly conversation: string
  /** Whose cursors. */ readonly user: number
  /** Everything up to it reached one of his devices. */ readonly deliveredSeq: number
  /** Everything up to it was read. */ readonly readSeq: number
  /** Users with connections under this lease who get it. */ readonly users: readonly number[]
}

/** Whether a user writes, and who is told. */
export interface TypingHint {
  /** Where. */ readonly conversation: string
  /** Who writes. */ readonly user: number
  /** false: he stopped. */ readonly isTyping: boolean
  /** Users with connections under this lease who get it. */ readonly users: readonly number[]
}

/** A device's cursors in a conversation; the greatest of all devices counts. */
export interface ReceiptAdvanced {
  readonly type: 'ReceiptAdvanced'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** Whose cursor. */ readonly user: number
  /** The device it was done on. */ readonly device: string
  /** Everything up to it reached the device. */ readonly deliveredSeq: number
  /** Everything up to it was read. */ readonly readSeq: number
}

/** Somebody writes a message, or stopped. It ends by itself some seconds later: what renews it comes again. */
export interface Typing {
  readonly type: 'Typing'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** Who writes. */ readonly user: number
  /** false: he stopped. */ readonly isTyping: boolean
}

/** A record that could not be used, with its origin. */
export interface DeadLetter {
  readonly type: 'DeadLetter'
  /** Origin. */ readonly topic: string
  /** Origin. */ readonly partition: number
  /** Origin. */ readonly offset: number
  /** A stable code: undecodable | unknown_type | internal. */ readonly reason: string
  /** For the operator. */ readonly detail: string
  /** The record's own. */ readonly headers: Readonly<Record<string, string>>
  /** The record's own. */ readonly value: null | Uint8Array
}

export type Delivery = Kick | PresenceAway | SlotDelivery | SlotHints

export type Receipt = ReceiptAdvanced

export type Signal = Typing

export type DeadLetterRecord = DeadLetter
