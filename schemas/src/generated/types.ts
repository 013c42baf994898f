// Generated from the .avsc files by `npm run generate`. Do not edit.

/** The final refusals of one append. Ignorable: it changes no aggregate. */
export interface CommandsRejected {
  readonly type: 'CommandsRejected'
  /** The causing command's LogAppendTime, never less than the conversation's last `at`. */
  readonly at: number
  /** In order of cmd. */
  readonly rejections: readonly Rejection[]
}

export interface Rejection {
  /** Offset of the refused command. */
  readonly cmd: number
  /** The error code of the protocol. */
  readonly code: string
  /** Given where a repetition of the command is refused with the same code, whatever happened since; null: it is decided anew. */
  readonly refused: null | RefusedCommand
}

/** A refused command, by what tells its repetitions. */
export interface RefusedCommand {
  /** `d<lo>.<hi>` or `g<n>`; null: it would have created a group. */
  readonly conversation: null | string
  /** The user who asked. */
  readonly actor: number
  /** The device it was asked on. */
  readonly device: string
  /** The command's UUID v7. */
  readonly clientMsgId: string
}

/** A group began; `actor` is its owner, `members` are the others. */
export interface GroupCreated {
  readonly type: 'GroupCreated'
  /** `d<lo>.<hi>` or `g<n>`. */
  readonly conversation: string
  /** Place in the conversation: 1, 2, 3, … */
  readonly seq: number
  /** The user who did it. */
  readonly actor: number
  /** The device it was done on. */
  readonly device: string
  /** The causing command's LogAppendTime, never less than the conversation's last `at`. */
  readonly at: number
  /** The command's UUID v7: a repeated command has no second effect. */
  readonly clientMsgId: string
  /** id = n·P + p + 1; the conversation is `g<groupId>`. */
  readonly groupId: number
  /** The unique name of a public group; null: a private group. */
  readonly name: null | string
  /** NFKC, lower case. */
  readonly normalisedName: null | string
  /** UTF-8, or bytes under keyId. */
  readonly title: Uint8Array
  /** UTF-8, or bytes under keyId. */
  readonly description: Uint8Array
  /** The key that the personal bytes are encrypted with; null: they are clear. */
  readonly keyId: null | string
  /** public | private. */
  readonly visibility: string
  /** open | request | invite. */
  readonly joinPolicy: string
  /** What joiners see: all | sinceJoin. */
  readonly history: string
  /** Without the owner. */
  readonly members: readonly number[]
}

/** Pos 0 of every partition, written by its first owner. A process with another number of partitions refuses to start. */
export interface LogOpened {
  readonly type: 'LogOpened'
  /** P, fixed for ever. */
  readonly partitions: number
  /** The least id that this log gives to users and groups. */
  readonly firstId: number
  /** The partition rule: `murmur2-utf8-positive`. */
  readonly hash: string
  /** The causing command's LogAppendTime, never less than the conversation's last `at`. */
  readonly at: number
}

/** A user became a member. */
export interface MemberJoined {
  readonly type: 'MemberJoined'
  /** `d<lo>.<hi>` or `g<n>`. */
  readonly conversation: string
  /** Place in the conversation: 1, 2, 3, … */
  readonly seq: number
  /** The user who did it. */
  readonly actor: number
  /** The device it was done on. */
  readonly device: string
  /** The causing command's LogAppendTime, never less than the conversation's last `at`. */
  readonly at: number
  /** The command's UUID v7: a repeated command has no second effect. */
  readonly clientMsgId: string
  /** The new member. */
  readonly user: number
}

/** A member left of his own will. */
export interface MemberLeft {
  readonly type: 'MemberLeft'
  /** `d<lo>.<hi>` or `g<n>`. */
  readonly conversation: string
  /** Place in the conversation: 1, 2, 3, … */
  readonly seq: number
  /** The user who did it. */
  readonly actor: number
  /** The device it was done on. */
  readonly device: string
  /** The causing command's LogAppendTime, never less than the conversation's last `at`. */
  readonly at: number
  /** The command's UUID v7: a repeated command has no second effect. */
  readonly clientMsgId: string
  /** Who left. */
  readonly user: number
}

/** A message took its place in a conversation. */
export interface MessagePosted {
  readonly type: 'MessagePosted'
  /** `d<lo>.<hi>` or `g<n>`. */
  readonly conversation: string
  /** Place in the conversation: 1, 2, 3, … */
  readonly seq: number
  /** The user who did it. */
  readonly actor: number
  /** The device it was done on. */
  readonly device: string
  /** The causing command's LogAppendTime, never less than the conversation's last `at`. */
  readonly at: number
  /** The command's UUID v7: a repeated command has no second effect. */
  readonly clientMsgId: string
  /** JSON of the body (`{"kind":"text","text":…}`), UTF-8, or bytes under keyId. */
  readonly body: Uint8Array
  /** The key that the personal bytes are encrypted with; null: they are clear. */
  readonly keyId: null | string
  /** The seq it answers. */
  readonly replyTo: null | number
}

/** An account began; its name is claimed for ever. */
export interface UserRegistered {
  readonly type: 'UserRegistered'
  /** id = n·P + p + 1. */
  readonly userId: number
  /** The user who did it. */
  readonly actor: number
  /** The device it was done on. */
  readonly device: string
  /** The causing command's LogAppendTime, never less than the conversation's last `at`. */
  readonly at: number
  /** The command's UUID v7: a repeated command has no second effect. */
  readonly clientMsgId: string
  /** As the user wrote it. */
  readonly name: string
  /** NFKC, lower case: what is unique. */
  readonly normalisedName: string
  /** Random; a credential is valid if and only if a user with its registrationId exists. */
  readonly registrationId: string
  /** UTF-8, or bytes under keyId. */
  readonly displayName: Uint8Array
  /** The key that the personal bytes are encrypted with; null: they are clear. */
  readonly keyId: null | string
}

/** A device said hello elsewhere: the connector of this lease closes the device's older connection. */
export interface Kick {
  readonly type: 'Kick'
  /** The slot it is meant for. */
  readonly slot: number
  /** The lease it is meant for; a connector drops a foreign epoch. */
  readonly epoch: number
  /** Whose device. */
  readonly user: number
  /** The device that is connected twice. */
  readonly device: string
  /** The newer connection; orders two hellos of equal order. */
  readonly connection: string
  /** When the newer connection said hello, ms since the epoch by its connector's clock. */
  readonly at: number
  /** The number that presence gave to the newer connection's registration: of two hellos that cross, the greater one is newer, whatever the connectors' clocks say. Null from a connector that does not know it; then `at` stands in. */
  readonly order: null | number
}

/** A router gets no answer from presence, or has got the first ones again only just, and delivers to everybody: connectors that cannot renew their lease either keep their connections. On the broadcast topic only, each second. */
export interface PresenceAway {
  readonly type: 'PresenceAway'
  /** For how long it has been so for this router, ms. */
  readonly awayMs: number
}

/** What one batch of a router has for one connector: one record on its delivery topic. */
export interface SlotDelivery {
  readonly type: 'SlotDelivery'
  /** The slot it is meant for; -1 on the broadcast topic. */
  readonly slot: number
  /** The lease it is meant for; a connector drops a foreign epoch. 0 on the broadcast topic. */
  readonly epoch: number
  /** The partition of the event log that the batch was appended to. */
  readonly partition: number
  /** Outcomes for requests of this connector. */
  readonly replies: readonly Reply[]
  /** In log order. */
  readonly events: readonly EventDelivery[]
}

/** The outcome of one command. */
export interface Reply {
  /** The connector's number for the request. */
  readonly request: number
  /** accepted | repeated | rejected. */
  readonly outcome: string
  /** The error code when rejected, else empty. */
  readonly code: string
  /** Where the event is. */
  readonly conversation: null | string
  /** Its place. */
  readonly seq: null | number
  /** Its offset in the partition. */
  readonly pos: null | number
  /** Null when repeated or rejected. ms since the epoch. */
  readonly at: null | number
  /** The id given to a new user or group. */
  readonly id: null | number
}

/** One event and who gets it. */
export interface EventDelivery {
  /** Its offset in the partition. */
  readonly pos: number
  /** Its schema header (`message-posted.v1`). */
  readonly schema: string
  /** Its value as on the log, wire prefix included. */
  readonly value: Uint8Array
  /** Users with connections under this lease who get it. */
  readonly users: readonly number[]
}

/** Receipts and typing that a router has for one connector: one record on its delivery topic. Losing it loses nothing that is kept. */
export interface SlotHints {
  readonly type: 'SlotHints'
  /** The slot it is meant for; -1 on the broadcast topic. */
  readonly slot: number
  /** The lease it is meant for; a connector drops a foreign epoch. 0 on the broadcast topic. */
  readonly epoch: number
  /** At most one a conversation and user. */
  readonly receipts: readonly ReceiptHint[]
  /** At most one a conversation and user. */
  readonly typing: readonly TypingHint[]
}

/** How far a user is, by the greatest of his devices, and who is told. */
export interface ReceiptHint {
  /** Where. */
  readonly conversation: string
  /** Whose cursors. */
  readonly user: number
  /** Everything up to it reached one of his devices. */
  readonly deliveredSeq: number
  /** Everything up to it was read. */
  readonly readSeq: number
  /** Users with connections under this lease who get it. */
  readonly users: readonly number[]
}

/** Whether a user writes, and who is told. */
export interface TypingHint {
  /** Where. */
  readonly conversation: string
  /** Who writes. */
  readonly user: number
  /** false: he stopped. */
  readonly isTyping: boolean
  /** Users with connections under this lease who get it. */
  readonly users: readonly number[]
}

/** A device's cursors in a conversation; the greatest of all devices counts. */
export interface ReceiptAdvanced {
  readonly type: 'ReceiptAdvanced'
  /** `d<lo>.<hi>` or `g<n>`. */
  readonly conversation: string
  /** Whose cursor. */
  readonly user: number
  /** The device it was done on. */
  readonly device: string
  /** Everything up to it reached the device. */
  readonly deliveredSeq: number
  /** Everything up to it was read. */
  readonly readSeq: number
}

/** Somebody writes a message, or stopped. It ends by itself some seconds later: what renews it comes again. */
export interface Typing {
  readonly type: 'Typing'
  /** `d<lo>.<hi>` or `g<n>`. */
  readonly conversation: string
  /** Who writes. */
  readonly user: number
  /** false: he stopped. */
  readonly isTyping: boolean
}

/** A record that could not be used, with its origin. */
export interface DeadLetter {
  readonly type: 'DeadLetter'
  /** Origin. */
  readonly topic: string
  /** Origin. */
  readonly partition: number
  /** Origin. */
  readonly offset: number
  /** A stable code: undecodable | unknown_type | internal. */
  readonly reason: string
  /** For the operator. */
  readonly detail: string
  /** The record's own. */
  readonly headers: Readonly<Record<string, string>>
  /** The record's own. */
  readonly value: null | Uint8Array
}

export type LogEvent = CommandsRejected | GroupCreated | LogOpened | MemberJoined | MemberLeft | MessagePosted | UserRegistered

export type Delivery = Kick | PresenceAway | SlotDelivery | SlotHints

export type Receipt = ReceiptAdvanced

export type Signal = Typing

export type DeadLetterRecord = DeadLetter
