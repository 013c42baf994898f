// Generated from the .avsc files by `npm run generate`. Do not edit.

/** Say yes to what the other one asked. */
export interface AcceptFriend {
  readonly type: 'AcceptFriend'
  /** `d<lo>.<hi>`. */ readonly conversation: string
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** The delivery topic of the connector that waits for the reply. */ readonly replySlot: number
  /** That connector's lease epoch. */ readonly replyEpoch: number
  /** Its number for the request, unique within the epoch. */ readonly request: number
}

/** React to a message. */
export interface AddReaction {
  readonly type: 'AddReaction'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** The seq of the message it is about. */ readonly message: number
  /** Who posted it; null: the connector found no message there that this user may see. */ readonly author: null | number
  /** `at` of the message, ms; 0 without an author. */ readonly postedAt: number
  /** How far the connector's read models had come in the partition: the next offset. What was deleted since they do not say. */ readonly asOf: number
  /** One grapheme cluster. */ readonly emoji: string
  /** The delivery topic of the connector that waits for the reply. */ readonly replySlot: number
  /** That connector's lease epoch. */ readonly replyEpoch: number
  /** Its number for the request, unique within the epoch. */ readonly request: number
}

/** Make a member of who asked to become one. */
export interface ApproveJoin {
  readonly type: 'ApproveJoin'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** Who asked. */ readonly user: number
  /** The delivery topic of the connector that waits for the reply. */ readonly replySlot: number
  /** That connector's lease epoch. */ readonly replyEpoch: number
  /** Its number for the request, unique within the epoch. */ readonly request: number
}

/** Keep a user out. */
export interface BanMember {
  readonly type: 'BanMember'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** Whom. */ readonly user: number
  /** He existed when the connector looked. */ readonly isKnown: boolean
  /** The delivery topic of the connector that waits for the reply. */ readonly replySlot: number
  /** That connector's lease epoch. */ readonly replyEpoch: number
  /** Its number for the request, unique within the epoch. */ readonly request: number
}

/** Let the other one of a direct conversation write no more. */
export interface BlockUser {
  readonly type: 'BlockUser'
  /** `d<lo>.<hi>`. */ readonly conversation: string
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** The delivery topic of the connector that waits for the reply. */ readonly replySlot: number
  /** That connector's lease epoch. */ readonly replyEpoch: number
  /** Its number for the request, unique within the epoch. */ readonly request: number
}

/** Tell something to everybody who is connected. */
export interface BroadcastNotice {
  readonly type: 'BroadcastNotice'
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** UTF-8, or bytes under keyId. */ readonly text: Uint8Array
  /** The key that the personal bytes are encrypted with; null: they are clear. */ readonly keyId: null | string
  /** The delivery topic of the connector that waits for the reply; -1: nobody does. */ readonly replySlot: number
  /** That connector's lease epoch. */ readonly replyEpoch: number
  /** Its number for the request, unique within the epoch. */ readonly request: number
}

/** Give a group other settings. */
export interface ChangeGroup {
  readonly type: 'ChangeGroup'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** UTF-8, or bytes under keyId; null: as it is. */ readonly title: null | Uint8Array
  /** UTF-8, or bytes under keyId; null: as it is. */ readonly description: null | Uint8Array
  /** The key that the personal bytes are encrypted with; null: they are clear. */ readonly keyId: null | string
  /** open | request | invite; null: as it is. */ readonly joinPolicy: null | string
  /** What joiners see, all | sinceJoin; null: as it is. */ readonly history: null | string
  /** Who may post, all | admins; null: as it is. */ readonly posting: null | string
  /** The delivery topic of the connector that waits for the reply. */ readonly replySlot: number
  /** That connector's lease epoch. */ readonly replyEpoch: number
  /** Its number for the request, unique within the epoch. */ readonly request: number
}

/** Change what others see of oneself. */
export interface ChangeProfile {
  readonly type: 'ChangeProfile'
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** UTF-8, or bytes under keyId; null: as before. */ readonly displayName: null | Uint8Array
  /** What he says about himself, UTF-8, or bytes under keyId; null: as before. */ readonly about: null | Uint8Array
  /** The key that the personal bytes are encrypted with; null: they are clear. */ readonly keyId: null | string
  /** The delivery topic of the connector that waits for the reply; -1: nobody does. */ readonly replySlot: number
  /** That connector's lease epoch. */ readonly replyEpoch: number
  /** Its number for the request, unique within the epoch. */ readonly request: number
}

/** Give a member another role. */
export interface ChangeRole {
  readonly type: 'ChangeRole'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** Whom. */ readonly user: number
  /** owner | admin | member. */ readonly role: string
  /** The delivery topic of the connector that waits for the reply. */ readonly replySlot: number
  /** That connector's lease epoch. */ readonly replyEpoch: number
  /** Its number for the request, unique within the epoch. */ readonly request: number
}

/** Leave nothing of a group but reading and leaving. */
export interface CloseGroup {
  readonly type: 'CloseGroup'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** The delivery topic of the connector that waits for the reply. */ readonly replySlot: number
  /** That connector's lease epoch. */ readonly replyEpoch: number
  /** Its number for the request, unique within the epoch. */ readonly request: number
}

/** An operator ends an online room: only reading remains. That he is one, his connector has made sure of. */
export interface CloseRoom {
  readonly type: 'CloseRoom'
  /** `g<n>`. */ readonly conversation: string
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** The delivery topic of the connector that waits for the reply. */ readonly replySlot: number
  /** That connector's lease epoch. */ readonly replyEpoch: number
  /** Its number for the request, unique within the epoch. */ readonly request: number
}

/** Begin a group with its first members. */
export interface CreateGroup {
  readonly type: 'CreateGroup'
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** Public groups have a unique name. */ readonly name: null | string
  /** NFKC, lower case. */ readonly normalisedName: null | string
  /** UTF-8, or bytes under keyId. */ readonly title: Uint8Array
  /** UTF-8, or bytes under keyId. */ readonly description: Uint8Array
  /** The key that the personal bytes are encrypted with; null: they are clear. */ readonly keyId: null | string
  /** public | private. */ readonly visibility: string
  /** open | request | invite. */ readonly joinPolicy: string
  /** all | sinceJoin. */ readonly history: string
  /** Existing users, without the actor. */ readonly members: readonly number[]
  /** The delivery topic of the connector that waits for the reply. */ readonly replySlot: number
  /** That connector's lease epoch. */ readonly replyEpoch: number
  /** Its number for the request, unique within the epoch. */ readonly request: number
}

/** An operator begins an online room. That he is one, his connector has made sure of. */
export interface CreateRoom {
  readonly type: 'CreateRoom'
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** Unique among groups and rooms. */ readonly name: string
  /** NFKC, lower case. */ readonly normalisedName: string
  /** UTF-8, or bytes under keyId. */ readonly title: Uint8Array
  /** UTF-8, or bytes under keyId. */ readonly description: Uint8Array
  /** The key that the personal bytes are encrypted with; null: they are clear. */ readonly keyId: null | string
  /** The delivery topic of the connector that waits for the reply. */ readonly replySlot: number
  /** That connector's lease epoch. */ readonly replyEpoch: number
  /** Its number for the request, unique within the epoch. */ readonly request: number
}

/** Say no to what the other one asked. */
export interface DeclineFriend {
  readonly type: 'DeclineFriend'
  /** `d<lo>.<hi>`. */ readonly conversation: string
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** The delivery topic of the connector that waits for the reply. */ readonly replySlot: number
  /** That connector's lease epoch. */ readonly replyEpoch: number
  /** Its number for the request, unique within the epoch. */ readonly request: number
}

/** Delete a message for everybody. */
export interface DeleteMessage {
  readonly type: 'DeleteMessage'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** The seq of the message it is about. */ readonly message: number
  /** Who posted it; null: the connector found no message there that this user may see. */ readonly author: null | number
  /** `at` of the message, ms; 0 without an author. */ readonly postedAt: number
  /** How far the connector's read models had come in the partition: the next offset. What was deleted since they do not say. */ readonly asOf: number
  /** The delivery topic of the connector that waits for the reply. */ readonly replySlot: number
  /** That connector's lease epoch. */ readonly replyEpoch: number
  /** Its number for the request, unique within the epoch. */ readonly request: number
}

/** Give a message another body. */
export interface EditMessage {
  readonly type: 'EditMessage'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** The seq of the message it is about. */ readonly message: number
  /** Who posted it; null: the connector found no message there that this user may see. */ readonly author: null | number
  /** `at` of the message, ms; 0 without an author. */ readonly postedAt: number
  /** How far the connector's read models had come in the partition: the next offset. What was deleted since they do not say. */ readonly asOf: number
  /** How long after its posting it may be edited, ms; 0: for ever. */ readonly windowMs: number
  /** JSON of the body, UTF-8, or bytes under keyId. */ readonly body: Uint8Array
  /** The key that the personal bytes are encrypted with; null: they are clear. */ readonly keyId: null | string
  /** Whom the text can mean, in its order. */ readonly mentions: readonly MentionCandidates[]
  /** The delivery topic of the connector that waits for the reply. */ readonly replySlot: number
  /** That connector's lease epoch. */ readonly replyEpoch: number
  /** Its number for the request, unique within the epoch. */ readonly request: number
}

/** Users whose names a text can mean at one place. */
export interface MentionCandidates {
  /** The longest name first: the first one who is a member is meant. */ readonly users: readonly number[]
}

/** Make a user an operator. Only the command on the machine sends it. */
export interface GrantOperator {
  readonly type: 'GrantOperator'
  /** NFKC, lower case: who has claimed this name. */ readonly normalisedName: string
  /** 0: nobody of the chat, but whoever works on the machine; see `by`. */ readonly actor: number
  /** Who it was: the account of the operating system, and the machine's name. */ readonly by: string
  /** None: a UUID of zeros. */ readonly device: string
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** The delivery topic of the connector that waits for the reply; -1: nobody does. */ readonly replySlot: number
  /** That connector's lease epoch. */ readonly replyEpoch: number
  /** Its number for the request, unique within the epoch. */ readonly request: number
}

/** A group was moved here from an older server. Only the command on the machine sends it. */
export interface ImportGroup {
  readonly type: 'ImportGroup'
  /** `g<n>`. */ readonly conversation: string
  /** 0: nobody of the chat, but whoever works on the machine; see `by`. */ readonly actor: number
  /** Who it was: the account of the operating system, and the machine's name. */ readonly by: string
  /** None: a UUID of zeros. */ readonly device: string
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** json-toid | json-to | envelope | unit | action. */ readonly dialect: string
  /** The number of the group on the server that it was moved from, less than every id that this log gives; valid in that dialect alone. */ readonly oldId: number
  /** The delivery topic of the connector that waits for the reply; -1: nobody does. */ readonly replySlot: number
  /** That connector's lease epoch. */ readonly replyEpoch: number
  /** Its number for the request, unique within the epoch. */ readonly request: number
}

/** A user was moved here from an older server. Only the command on the machine sends it. */
export interface ImportUser {
  readonly type: 'ImportUser'
  /** NFKC, lower case: who has claimed this name. */ readonly normalisedName: string
  /** 0: nobody of the chat, but whoever works on the machine; see `by`. */ readonly actor: number
  /** Who it was: the account of the operating system, and the machine's name. */ readonly by: string
  /** None: a UUID of zeros. */ readonly device: string
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** json-toid | json-to | envelope | unit | action. */ readonly dialect: string
  /** The number of the user on the server that it was moved from, less than every id that this log gives; valid in that dialect alone. */ readonly oldId: number
  /** The delivery topic of the connector that waits for the reply; -1: nobody does. */ readonly replySlot: number
  /** That connector's lease epoch. */ readonly replyEpoch: number
  /** Its number for the request, unique within the epoch. */ readonly request: number
}

/** Let users join. */
export interface InviteMembers {
  readonly type: 'InviteMembers'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** Who may, in the order named, each once. */ readonly users: readonly number[]
  /** Those of them that did not exist when the connector looked. */ readonly unknown: readonly number[]
  /** The delivery topic of the connector that waits for the reply. */ readonly replySlot: number
  /** That connector's lease epoch. */ readonly replyEpoch: number
  /** Its number for the request, unique within the epoch. */ readonly request: number
}

/** Become a member. */
export interface JoinGroup {
  readonly type: 'JoinGroup'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** The delivery topic of the connector that waits for the reply. */ readonly replySlot: number
  /** That connector's lease epoch. */ readonly replyEpoch: number
  /** Its number for the request, unique within the epoch. */ readonly request: number
}

/** Stop being a member. */
export interface LeaveGroup {
  readonly type: 'LeaveGroup'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** The delivery topic of the connector that waits for the reply. */ readonly replySlot: number
  /** That connector's lease epoch. */ readonly replyEpoch: number
  /** Its number for the request, unique within the epoch. */ readonly request: number
}

/** Keep a member from writing for a while. */
export interface MuteMember {
  readonly type: 'MuteMember'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** Whom. */ readonly user: number
  /** ms since the epoch; what is past: not muted any more. */ readonly untilMs: number
  /** The delivery topic of the connector that waits for the reply. */ readonly replySlot: number
  /** That connector's lease epoch. */ readonly replyEpoch: number
  /** Its number for the request, unique within the epoch. */ readonly request: number
}

/** Pin a message. */
export interface PinMessage {
  readonly type: 'PinMessage'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** The seq of the message it is about. */ readonly message: number
  /** Who posted it; null: the connector found no message there that this user may see. */ readonly author: null | number
  /** `at` of the message, ms; 0 without an author. */ readonly postedAt: number
  /** How far the connector's read models had come in the partition: the next offset. What was deleted since they do not say. */ readonly asOf: number
  /** The delivery topic of the connector that waits for the reply. */ readonly replySlot: number
  /** That connector's lease epoch. */ readonly replyEpoch: number
  /** Its number for the request, unique within the epoch. */ readonly request: number
}

/** Post to a conversation. */
export interface PostMessage {
  readonly type: 'PostMessage'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** The clientMsgId this device sent before to this conversation; not accepted: out_of_order. */ readonly after: null | string
  /** JSON of the body, UTF-8, or bytes under keyId. */ readonly body: Uint8Array
  /** The key that the personal bytes are encrypted with; null: they are clear. */ readonly keyId: null | string
  /** The seq it answers. */ readonly replyTo: null | number
  /** Whom the text can mean, in its order. */ readonly mentions: readonly MentionCandidates[]
  /** The delivery topic of the connector that waits for the reply. */ readonly replySlot: number
  /** That connector's lease epoch. */ readonly replyEpoch: number
  /** Its number for the request, unique within the epoch. */ readonly request: number
}

/** End an invitation or a request. */
export interface RefuseJoin {
  readonly type: 'RefuseJoin'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** Whose it is. */ readonly user: number
  /** The delivery topic of the connector that waits for the reply. */ readonly replySlot: number
  /** That connector's lease epoch. */ readonly replyEpoch: number
  /** Its number for the request, unique within the epoch. */ readonly request: number
}

/** Claim a name and begin an account. */
export interface RegisterUser {
  readonly type: 'RegisterUser'
  /** The device it was done on. */ readonly device: string
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** As the user wrote it. */ readonly name: string
  /** NFKC, lower case. */ readonly normalisedName: string
  /** Random, made by the connector; keys the credential. */ readonly registrationId: string
  /** UTF-8, or bytes under keyId. */ readonly displayName: Uint8Array
  /** The key that the personal bytes are encrypted with; null: they are clear. */ readonly keyId: null | string
  /** The delivery topic of the connector that waits for the reply. */ readonly replySlot: number
  /** That connector's lease epoch. */ readonly replyEpoch: number
  /** Its number for the request, unique within the epoch. */ readonly request: number
}

/** End a suspension. Whoever sends it has made sure that the actor is an operator. */
export interface ReinstateUser {
  readonly type: 'ReinstateUser'
  /** Whose account. */ readonly user: number
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** Why, for other operators: UTF-8, or bytes under keyId. */ readonly reason: Uint8Array
  /** The key that the personal bytes are encrypted with; null: they are clear. */ readonly keyId: null | string
  /** The delivery topic of the connector that waits for the reply; -1: nobody does. */ readonly replySlot: number
  /** That connector's lease epoch. */ readonly replyEpoch: number
  /** Its number for the request, unique within the epoch. */ readonly request: number
}

/** End the friendship. */
export interface RemoveFriend {
  readonly type: 'RemoveFriend'
  /** `d<lo>.<hi>`. */ readonly conversation: string
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** The delivery topic of the connector that waits for the reply. */ readonly replySlot: number
  /** That connector's lease epoch. */ readonly replyEpoch: number
  /** Its number for the request, unique within the epoch. */ readonly request: number
}

/** Send a member away. */
export interface RemoveMember {
  readonly type: 'RemoveMember'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** Whom. */ readonly user: number
  /** The delivery topic of the connector that waits for the reply. */ readonly replySlot: number
  /** That connector's lease epoch. */ readonly replyEpoch: number
  /** Its number for the request, unique within the epoch. */ readonly request: number
}

/** An operator deletes a message for everybody. That he is one, his connector has made sure of. */
export interface RemoveMessage {
  readonly type: 'RemoveMessage'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** The seq of the message it is about. */ readonly message: number
  /** Who posted it; null: the connector found no message there. */ readonly author: null | number
  /** `at` of the message, ms; 0 without an author. */ readonly postedAt: number
  /** How far the connector's read models had come in the partition: the next offset. What was deleted since they do not say. */ readonly asOf: number
  /** The delivery topic of the connector that waits for the reply. */ readonly replySlot: number
  /** That connector's lease epoch. */ readonly replyEpoch: number
  /** Its number for the request, unique within the epoch. */ readonly request: number
}

/** Take back a reaction. */
export interface RemoveReaction {
  readonly type: 'RemoveReaction'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** The seq of the message it is about. */ readonly message: number
  /** Who posted it; null: the connector found no message there that this user may see. */ readonly author: null | number
  /** `at` of the message, ms; 0 without an author. */ readonly postedAt: number
  /** How far the connector's read models had come in the partition: the next offset. What was deleted since they do not say. */ readonly asOf: number
  /** One grapheme cluster. */ readonly emoji: string
  /** The delivery topic of the connector that waits for the reply. */ readonly replySlot: number
  /** That connector's lease epoch. */ readonly replyEpoch: number
  /** Its number for the request, unique within the epoch. */ readonly request: number
}

/** Tell operators of a message. */
export interface ReportMessage {
  readonly type: 'ReportMessage'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** The seq of the message it is about. */ readonly message: number
  /** Who posted it; null: the connector found no message there that this user may see. */ readonly author: null | number
  /** `at` of the message, ms; 0 without an author. */ readonly postedAt: number
  /** How far the connector's read models had come in the partition: the next offset. What was deleted since they do not say. */ readonly asOf: number
  /** What is wrong with it, UTF-8. */ readonly reason: Uint8Array
  /** The key that the personal bytes are encrypted with; null: they are clear. */ readonly keyId: null | string
  /** The delivery topic of the connector that waits for the reply. */ readonly replySlot: number
  /** That connector's lease epoch. */ readonly replyEpoch: number
  /** Its number for the request, unique within the epoch. */ readonly request: number
}

/** Ask the other one of a direct conversation to be friends. */
export interface RequestFriend {
  readonly type: 'RequestFriend'
  /** `d<lo>.<hi>`. */ readonly conversation: string
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** What he says to it; empty: nothing. UTF-8, or bytes under keyId. */ readonly note: Uint8Array
  /** The key that the personal bytes are encrypted with; null: they are clear. */ readonly keyId: null | string
  /** The delivery topic of the connector that waits for the reply. */ readonly replySlot: number
  /** That connector's lease epoch. */ readonly replyEpoch: number
  /** Its number for the request, unique within the epoch. */ readonly request: number
}

/** An operator is done with a report. That he is one, and which report it is, his connector has made sure of. */
export interface ResolveReport {
  readonly type: 'ResolveReport'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** The seq of the message that was reported. */ readonly message: number
  /** Who reported it. */ readonly user: number
  /** The `pos` of his `MessageReported`. */ readonly report: number
  /** The delivery topic of the connector that waits for the reply. */ readonly replySlot: number
  /** That connector's lease epoch. */ readonly replyEpoch: number
  /** Its number for the request, unique within the epoch. */ readonly request: number
}

/** End that a user is an operator. Only the command on the machine sends it. */
export interface RevokeOperator {
  readonly type: 'RevokeOperator'
  /** NFKC, lower case: who has claimed this name. */ readonly normalisedName: string
  /** 0: nobody of the chat, but whoever works on the machine; see `by`. */ readonly actor: number
  /** Who it was: the account of the operating system, and the machine's name. */ readonly by: string
  /** None: a UUID of zeros. */ readonly device: string
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** The delivery topic of the connector that waits for the reply; -1: nobody does. */ readonly replySlot: number
  /** That connector's lease epoch. */ readonly replyEpoch: number
  /** Its number for the request, unique within the epoch. */ readonly request: number
}

/** Suspend an account. Whoever sends it has made sure that the actor is an operator. */
export interface SuspendUser {
  readonly type: 'SuspendUser'
  /** Whose account. */ readonly user: number
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** Why, for other operators: UTF-8, or bytes under keyId. */ readonly reason: Uint8Array
  /** The key that the personal bytes are encrypted with; null: they are clear. */ readonly keyId: null | string
  /** The delivery topic of the connector that waits for the reply; -1: nobody does. */ readonly replySlot: number
  /** That connector's lease epoch. */ readonly replyEpoch: number
  /** Its number for the request, unique within the epoch. */ readonly request: number
}

/** Hand a group over: the other becomes its owner, the actor an admin. */
export interface TransferGroup {
  readonly type: 'TransferGroup'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** To whom. */ readonly user: number
  /** The delivery topic of the connector that waits for the reply. */ readonly replySlot: number
  /** That connector's lease epoch. */ readonly replyEpoch: number
  /** Its number for the request, unique within the epoch. */ readonly request: number
}

/** Keep a user out no longer. */
export interface UnbanMember {
  readonly type: 'UnbanMember'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** Whom. */ readonly user: number
  /** The delivery topic of the connector that waits for the reply. */ readonly replySlot: number
  /** That connector's lease epoch. */ readonly replyEpoch: number
  /** Its number for the request, unique within the epoch. */ readonly request: number
}

/** Take a block back. */
export interface UnblockUser {
  readonly type: 'UnblockUser'
  /** `d<lo>.<hi>`. */ readonly conversation: string
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** The delivery topic of the connector that waits for the reply. */ readonly replySlot: number
  /** That connector's lease epoch. */ readonly replyEpoch: number
  /** Its number for the request, unique within the epoch. */ readonly request: number
}

/** Take a message from the pinned ones. */
export interface UnpinMessage {
  readonly type: 'UnpinMessage'
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** The seq of the message it is about. */ readonly message: number
  /** Who posted it; null: the connector found no message there that this user may see. */ readonly author: null | number
  /** `at` of the message, ms; 0 without an author. */ readonly postedAt: number
  /** How far the connector's read models had come in the partition: the next offset. What was deleted since they do not say. */ readonly asOf: number
  /** The delivery topic of the connector that waits for the reply. */ readonly replySlot: number
  /** That connector's lease epoch. */ readonly replyEpoch: number
  /** Its number for the request, unique within the epoch. */ readonly request: number
}

/** Take back what was asked. */
export interface WithdrawFriendRequest {
  readonly type: 'WithdrawFriendRequest'
  /** `d<lo>.<hi>`. */ readonly conversation: string
  /** The user who did it. */ readonly actor: number
  /** The device it was done on. */ readonly device: string
  /** The command's UUID v7: a repeated command has no second effect. */ readonly clientMsgId: string
  /** The delivery topic of the connector that waits for the reply. */ readonly replySlot: number
  /** That connector's lease epoch. */ readonly replyEpoch: number
  /** Its number for the request, unique within the epoch. */ readonly request: number
}

export type Command = AcceptFriend | AddReaction | ApproveJoin | BanMember | BlockUser | BroadcastNotice | ChangeGroup | ChangeProfile | ChangeRole | CloseGroup | CloseRoom | CreateGroup | CreateRoom | DeclineFriend | DeleteMessage | EditMessage | GrantOperator | ImportGroup | ImportUser | InviteMembers | JoinGroup | LeaveGroup | MuteMember | PinMessage | PostMessage | RefuseJoin | RegisterUser | ReinstateUser | RemoveFriend | RemoveMember | RemoveMessage | RemoveReaction | ReportMessage | RequestFriend | ResolveReport | RevokeOperator | SuspendUser | TransferGroup | UnbanMember | UnblockUser | UnpinMessage | WithdrawFriendRequest
