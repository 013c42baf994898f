// Generated from the .avsc files by `npm run generate`. Do not edit.

/** The end of the partition's commands was lost, and a person said where they go on (`npm run repair`). No command before `next` is decided any more, and those at its offset and behind it are new ones. */
export interface CommandsRebased {
  readonly type: 'CommandsRebased'
  /** Offset of the first command that is decided after this event. */ readonly next: number
  /** When it was written, by the clock of the machine that did. */ readonly at: number
}

/** The final refusals of one append. Ignorable: it changes no aggregate. */
export interface CommandsRejected {
  readonly type: 'CommandsRejected'
  /** The causing command's LogAppendTime, never less than the conversation's last `at`. */ readonly at: number
  /** In order of cmd. */ readonly rejections: readonly Rejection[]
}

export interface Rejection {
  /** Offset of the refused command. */ readonly cmd: number
  /** The error code of the protocol. */ readonly code: string
  /** Given where a repetition of the command is refused with the same code, whatever happened since; null: it is decided anew. */ readonly refused: null | RefusedCommand
}

/** A refused command, by what tells its repetitions. */
export interface RefusedCommand {
  /** `d<lo>.<hi>` or `g<n>`; null: it would have created a group. */ readonly conversation: null | string
  /** The user who asked. */ readonly actor: number
  /** The device it was asked on. */ readonly device: string
  /** The command's UUID v7. */ readonly clientMsgId: string
}

/** Two users became friends: the asked one said yes, or asked himself. */
export interface FriendAccepted {
  readonly type: 'FriendAccepted'
  /** `d<lo>.<hi>`. */ readonly conversation: string
  /** Place in the conversation: 1, 2, 3, … */ readonly seq: number
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The causing command's LogAppendTime, never less than the conversation's last `at`. */ readonly at: number
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** Who had asked first. */ readonly user: number
}

/** The asked user said no. */
export interface FriendDeclined {
  readonly type: 'FriendDeclined'
  /** `d<lo>.<hi>`. */ readonly conversation: string
  /** Place in the conversation: 1, 2, 3, … */ readonly seq: number
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The causing command's LogAppendTime, never less than the conversation's last `at`. */ readonly at: number
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** Who had asked. */ readonly user: number
}

/** A user ended a friendship. */
export interface FriendRemoved {
  readonly type: 'FriendRemoved'
  /** `d<lo>.<hi>`. */ readonly conversation: string
  /** Place in the conversation: 1, 2, 3, … */ readonly seq: number
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The causing command's LogAppendTime, never less than the conversation's last `at`. */ readonly at: number
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** The other one. */ readonly user: number
}

/** A user asked the other one of a direct conversation to be friends. */
export interface FriendRequested {
  readonly type: 'FriendRequested'
  /** `d<lo>.<hi>`. */ readonly conversation: string
  /** Place in the conversation: 1, 2, 3, … */ readonly seq: number
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The causing command's LogAppendTime, never less than the conversation's last `at`. */ readonly at: number
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** Who was asked. */ readonly user: number
  /** What he says to it; empty: nothing. UTF-8, or bytes under keyId. */ readonly note: Uint8Array
  /** The key that the personal bytes are encrypted with; null: they are clear. */ readonly keyId: null | string
}

/** A user took back what he had asked. */
export interface FriendWithdrawn {
  readonly type: 'FriendWithdrawn'
  /** `d<lo>.<hi>`. */ readonly conversation: string
  /** Place in the conversation: 1, 2, 3, … */ readonly seq: number
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The causing command's LogAppendTime, never less than the conversation's last `at`. */ readonly at: number
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** Who had been asked. */ readonly user: number
}

/** Settings of a group are others now. */
export interface GroupChanged {
  readonly type: 'GroupChanged'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** Place in the conversation: 1, 2, 3, … */ readonly seq: number
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The causing command's LogAppendTime, never less than the conversation's last `at`. */ readonly at: number
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** UTF-8, or bytes under keyId; null: as it is. */ readonly title: null | Uint8Array
  /** UTF-8, or bytes under keyId; null: as it is. */ readonly description: null | Uint8Array
  /** The key that the personal bytes are encrypted with; null: they are clear. */ readonly keyId: null | string
  /** open | request | invite; null: as it is. */ readonly joinPolicy: null | string
  /** What joiners see, all | sinceJoin; null: as it is. */ readonly history: null | string
  /** Who may post, all | admins; null: as it is. */ readonly posting: null | string
}

/** Of the group only reading and leaving remain. */
export interface GroupClosed {
  readonly type: 'GroupClosed'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** Place in the conversation: 1, 2, 3, … */ readonly seq: number
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The causing command's LogAppendTime, never less than the conversation's last `at`. */ readonly at: number
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
}

/** A group began; `actor` is its owner, `members` are the others. An online room began: `actor` is the operator who made it, and it has neither. */
export interface GroupCreated {
  readonly type: 'GroupCreated'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** Place in the conversation: 1, 2, 3, … */ readonly seq: number
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The causing command's LogAppendTime, never less than the conversation's last `at`. */ readonly at: number
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** id = n·P + p + 1; the conversation is `g<groupId>`. */ readonly groupId: number
  /** The unique name of a public group; null: a private group. */ readonly name: null | string
  /** NFKC, lower case. */ readonly normalisedName: null | string
  /** UTF-8, or bytes under keyId. */ readonly title: Uint8Array
  /** UTF-8, or bytes under keyId. */ readonly description: Uint8Array
  /** The key that the personal bytes are encrypted with; null: they are clear. */ readonly keyId: null | string
  /** public | private. */ readonly visibility: string
  /** open | request | invite. */ readonly joinPolicy: string
  /** What joiners see: all | sinceJoin. */ readonly history: string
  /** Without the owner. */ readonly members: readonly number[]
  /** stored: its members are known by events. online: a room in which everybody takes part while connected. */ readonly membership: string
}

/** A group was moved here from an older server: in one dialect its old number stays valid. */
export interface GroupImported {
  readonly type: 'GroupImported'
  /** `g<n>`. */ readonly conversation: string
  /** It has no place in the conversation: no member sees it. */ readonly seq: null
  /** 0: nobody of the chat, but whoever works on the machine; see `by`. */ readonly actor: number
  /** Who it was: the account of the operating system, and the machine's name. */ readonly by: string
  /** None: a UUID of zeros. */ readonly device: string
  /** The causing command's LogAppendTime, never less than the conversation's last `at`. */ readonly at: number
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** json-toid | json-to | envelope | unit | action. */ readonly dialect: string
  /** The number of the group on the server that it was moved from, less than every id that this log gives; valid in that dialect alone. */ readonly oldId: number
}

/** An invitation or a request came to nothing. */
export interface JoinRefused {
  readonly type: 'JoinRefused'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** Place in the conversation: 1, 2, 3, … */ readonly seq: number
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The causing command's LogAppendTime, never less than the conversation's last `at`. */ readonly at: number
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** Whose it was. */ readonly user: number
}

/** A user asks to become a member. */
export interface JoinRequested {
  readonly type: 'JoinRequested'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** Place in the conversation: 1, 2, 3, … */ readonly seq: number
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The causing command's LogAppendTime, never less than the conversation's last `at`. */ readonly at: number
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** Who asks. */ readonly user: number
}

/** Pos 0 of every partition, written by its first owner. A process with another number of partitions refuses to start. */
export interface LogOpened {
  readonly type: 'LogOpened'
  /** P, fixed for ever. */ readonly partitions: number
  /** The least id that this log gives to users and groups. */ readonly firstId: number
  /** The partition rule: `murmur2-utf8-positive`. */ readonly hash: string
  /** The causing command's LogAppendTime, never less than the conversation's last `at`. */ readonly at: number
}

/** A user may not be a member; if he was one, his stay ended. */
export interface MemberBanned {
  readonly type: 'MemberBanned'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** Place in the conversation: 1, 2, 3, … */ readonly seq: number
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The causing command's LogAppendTime, never less than the conversation's last `at`. */ readonly at: number
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** Who may not. */ readonly user: number
}

/** A user may join. */
export interface MemberInvited {
  readonly type: 'MemberInvited'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** Place in the conversation: 1, 2, 3, … */ readonly seq: number
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The causing command's LogAppendTime, never less than the conversation's last `at`. */ readonly at: number
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** Who may. */ readonly user: number
}

/** A user became a member. */
export interface MemberJoined {
  readonly type: 'MemberJoined'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** Place in the conversation: 1, 2, 3, … */ readonly seq: number
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The causing command's LogAppendTime, never less than the conversation's last `at`. */ readonly at: number
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** The new member. */ readonly user: number
}

/** A member left of his own will. */
export interface MemberLeft {
  readonly type: 'MemberLeft'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** Place in the conversation: 1, 2, 3, … */ readonly seq: number
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The causing command's LogAppendTime, never less than the conversation's last `at`. */ readonly at: number
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** Who left. */ readonly user: number
}

/** A member may not write for a while. */
export interface MemberMuted {
  readonly type: 'MemberMuted'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** Place in the conversation: 1, 2, 3, … */ readonly seq: number
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The causing command's LogAppendTime, never less than the conversation's last `at`. */ readonly at: number
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** Who may not. */ readonly user: number
  /** ms since the epoch; what is past: not muted any more. */ readonly untilMs: number
}

/** A member was sent away; he may come back. */
export interface MemberRemoved {
  readonly type: 'MemberRemoved'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** Place in the conversation: 1, 2, 3, … */ readonly seq: number
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The causing command's LogAppendTime, never less than the conversation's last `at`. */ readonly at: number
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** Who went. */ readonly user: number
}

/** A user may be a member again. */
export interface MemberUnbanned {
  readonly type: 'MemberUnbanned'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** Place in the conversation: 1, 2, 3, … */ readonly seq: number
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The causing command's LogAppendTime, never less than the conversation's last `at`. */ readonly at: number
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** Who may. */ readonly user: number
}

/** A message was deleted for everybody. */
export interface MessageDeleted {
  readonly type: 'MessageDeleted'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** Place in the conversation: 1, 2, 3, … */ readonly seq: number
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The causing command's LogAppendTime, never less than the conversation's last `at`. */ readonly at: number
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** The seq of the message it is about. */ readonly message: number
  /** Who had posted it. */ readonly author: number
}

/** A message got another body. */
export interface MessageEdited {
  readonly type: 'MessageEdited'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** Place in the conversation: 1, 2, 3, … */ readonly seq: number
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The causing command's LogAppendTime, never less than the conversation's last `at`. */ readonly at: number
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** The seq of the message it is about. */ readonly message: number
  /** JSON of the body, UTF-8, or bytes under keyId. */ readonly body: Uint8Array
  /** The key that the personal bytes are encrypted with; null: they are clear. */ readonly keyId: null | string
  /** The members whom the text names, in its order, each once. */ readonly mentions: readonly number[]
}

/** A message was pinned, perhaps once more. */
export interface MessagePinned {
  readonly type: 'MessagePinned'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** Place in the conversation: 1, 2, 3, … */ readonly seq: number
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The causing command's LogAppendTime, never less than the conversation's last `at`. */ readonly at: number
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** The seq of the message it is about. */ readonly message: number
}

/** A message took its place in a conversation. */
export interface MessagePosted {
  readonly type: 'MessagePosted'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** Place in the conversation: 1, 2, 3, … */ readonly seq: number
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The causing command's LogAppendTime, never less than the conversation's last `at`. */ readonly at: number
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** JSON of the body (`{"kind":"text","text":…}`), UTF-8, or bytes under keyId. */ readonly body: Uint8Array
  /** The key that the personal bytes are encrypted with; null: they are clear. */ readonly keyId: null | string
  /** The seq it answers. */ readonly replyTo: null | number
  /** The members whom the text names, in its order, each once. */ readonly mentions: readonly number[]
}

/** Operators were told of a message. In the conversation only who did it hears of it. */
export interface MessageReported {
  readonly type: 'MessageReported'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** It has no place in the conversation: not every member may see it. */ readonly seq: null
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The causing command's LogAppendTime, never less than the conversation's last `at`. */ readonly at: number
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** The seq of the message it is about. */ readonly message: number
  /** Who had posted it. */ readonly author: number
  /** What is wrong with it, UTF-8. */ readonly reason: Uint8Array
  /** The key that the personal bytes are encrypted with; null: they are clear. */ readonly keyId: null | string
}

/** A message is not pinned, perhaps was not before. */
export interface MessageUnpinned {
  readonly type: 'MessageUnpinned'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** Place in the conversation: 1, 2, 3, … */ readonly seq: number
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The causing command's LogAppendTime, never less than the conversation's last `at`. */ readonly at: number
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** The seq of the message it is about. */ readonly message: number
}

/** An operator told something to everybody who is connected. */
export interface NoticeBroadcast {
  readonly type: 'NoticeBroadcast'
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The causing command's LogAppendTime. */ readonly at: number
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** UTF-8, or bytes under keyId. */ readonly text: Uint8Array
  /** The key that the personal bytes are encrypted with; null: they are clear. */ readonly keyId: null | string
}

/** Somebody on the machine made a user an operator. */
export interface OperatorGranted {
  readonly type: 'OperatorGranted'
  /** Whose account. */ readonly userId: number
  /** 0: nobody of the chat, but whoever works on the machine; see `by`. */ readonly actor: number
  /** Who it was: the account of the operating system, and the machine's name. */ readonly by: string
  /** None: a UUID of zeros. */ readonly device: string
  /** The causing command's LogAppendTime. */ readonly at: number
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
}

/** Somebody on the machine ended that a user is an operator. */
export interface OperatorRevoked {
  readonly type: 'OperatorRevoked'
  /** Whose account. */ readonly userId: number
  /** 0: nobody of the chat, but whoever works on the machine; see `by`. */ readonly actor: number
  /** Who it was: the account of the operating system, and the machine's name. */ readonly by: string
  /** None: a UUID of zeros. */ readonly device: string
  /** The causing command's LogAppendTime. */ readonly at: number
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
}

/** Somebody changed what others see of him. */
export interface ProfileChanged {
  readonly type: 'ProfileChanged'
  /** Whose account. */ readonly userId: number
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The causing command's LogAppendTime. */ readonly at: number
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** UTF-8, or bytes under keyId; null: as before. */ readonly displayName: null | Uint8Array
  /** What he says about himself, UTF-8, or bytes under keyId; null: as before. */ readonly about: null | Uint8Array
  /** The key that the personal bytes are encrypted with; null: they are clear. */ readonly keyId: null | string
}

/** Somebody reacted to a message, perhaps once more with the same. */
export interface ReactionAdded {
  readonly type: 'ReactionAdded'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** Place in the conversation: 1, 2, 3, … */ readonly seq: number
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The causing command's LogAppendTime, never less than the conversation's last `at`. */ readonly at: number
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** The seq of the message it is about. */ readonly message: number
  /** One grapheme cluster. */ readonly emoji: string
}

/** Somebody took back a reaction, perhaps one that was not there. */
export interface ReactionRemoved {
  readonly type: 'ReactionRemoved'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** Place in the conversation: 1, 2, 3, … */ readonly seq: number
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The causing command's LogAppendTime, never less than the conversation's last `at`. */ readonly at: number
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** The seq of the message it is about. */ readonly message: number
  /** One grapheme cluster. */ readonly emoji: string
}

/** An operator is done with a report. Only operators see that. */
export interface ReportResolved {
  readonly type: 'ReportResolved'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** It has no place in the conversation: no member sees it. */ readonly seq: null
  /** The operator. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The causing command's LogAppendTime, never less than the conversation's last `at`. */ readonly at: number
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** The seq of the message that was reported. */ readonly message: number
  /** Who had reported it. */ readonly user: number
  /** The `pos` of his `MessageReported`: if he reports it again, that is another. */ readonly report: number
}

/** A member has another role. */
export interface RoleChanged {
  readonly type: 'RoleChanged'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** Place in the conversation: 1, 2, 3, … */ readonly seq: number
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The causing command's LogAppendTime, never less than the conversation's last `at`. */ readonly at: number
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** Who has it. */ readonly user: number
  /** owner | admin | member. */ readonly role: string
}

/** A user let the other one of a direct conversation write to him no more. Only he is told. */
export interface UserBlocked {
  readonly type: 'UserBlocked'
  /** `d<lo>.<hi>`. */ readonly conversation: string
  /** It has no place in the conversation: not every member may see it. */ readonly seq: null
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The causing command's LogAppendTime, never less than the conversation's last `at`. */ readonly at: number
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** Who is blocked. */ readonly user: number
}

/** A user was moved here from an older server: in one dialect his old number stays valid. */
export interface UserImported {
  readonly type: 'UserImported'
  /** Whose account. */ readonly userId: number
  /** 0: nobody of the chat, but whoever works on the machine; see `by`. */ readonly actor: number
  /** Who it was: the account of the operating system, and the machine's name. */ readonly by: string
  /** None: a UUID of zeros. */ readonly device: string
  /** The causing command's LogAppendTime. */ readonly at: number
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** json-toid | json-to | envelope | unit | action. */ readonly dialect: string
  /** The number of the user on the server that it was moved from, less than every id that this log gives; valid in that dialect alone. */ readonly oldId: number
}

/** An account began; its name is claimed for ever. */
export interface UserRegistered {
  readonly type: 'UserRegistered'
  /** id = n·P + p + 1. */ readonly userId: number
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The causing command's LogAppendTime, never less than the conversation's last `at`. */ readonly at: number
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** As the user wrote it. */ readonly name: string
  /** NFKC, lower case: what is unique. */ readonly normalisedName: string
  /** Random; a credential is valid if and only if a user with its registrationId exists. */ readonly registrationId: string
  /** UTF-8, or bytes under keyId. */ readonly displayName: Uint8Array
  /** The key that the personal bytes are encrypted with; null: they are clear. */ readonly keyId: null | string
}

/** An operator ended a suspension. */
export interface UserReinstated {
  readonly type: 'UserReinstated'
  /** Whose account. */ readonly userId: number
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The causing command's LogAppendTime. */ readonly at: number
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** Why, for other operators: UTF-8, or bytes under keyId. */ readonly reason: Uint8Array
  /** The key that the personal bytes are encrypted with; null: they are clear. */ readonly keyId: null | string
}

/** An operator suspended an account: it can do nothing until it is reinstated. */
export interface UserSuspended {
  readonly type: 'UserSuspended'
  /** Whose account. */ readonly userId: number
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The causing command's LogAppendTime. */ readonly at: number
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** Why, for other operators: UTF-8, or bytes under keyId. */ readonly reason: Uint8Array
  /** The key that the personal bytes are encrypted with; null: they are clear. */ readonly keyId: null | string
}

/** A user took his block back. Only he is told. */
export interface UserUnblocked {
  readonly type: 'UserUnblocked'
  /** `d<lo>.<hi>`. */ readonly conversation: string
  /** It has no place in the conversation: not every member may see it. */ readonly seq: null
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The causing command's LogAppendTime, never less than the conversation's last `at`. */ readonly at: number
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** Who was blocked. */ readonly user: number
}

export type LogEvent = CommandsRebased | CommandsRejected | FriendAccepted | FriendDeclined | FriendRemoved | FriendRequested | FriendWithdrawn | GroupChanged | GroupClosed | GroupCreated | GroupImported | JoinRefused | JoinRequested | LogOpened | MemberBanned | MemberInvited | MemberJoined | MemberLeft | MemberMuted | MemberRemoved | MemberUnbanned | MessageDeleted | MessageEdited | MessagePinned | MessagePosted | MessageReported | MessageUnpinned | NoticeBroadcast | OperatorGranted | OperatorRevoked | ProfileChanged | ReactionAdded | ReactionRemoved | ReportResolved | RoleChanged | UserBlocked | UserImported | UserRegistered | UserReinstated | UserSuspended | UserUnblocked
