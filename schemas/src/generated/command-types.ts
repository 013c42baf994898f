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

export type Command = AcceptFriend | AddReaction | BlockUser | CreateGroup | DeclineFriend | DeleteMessage | EditMessage | JoinGroup | LeaveGroup | PinMessage | PostMessage | RegisterUser | RemoveFriend | RemoveReaction | RequestFriend | UnblockUser | UnpinMessage | WithdrawFriendRequest
