// Generated from the .avsc files by `npm run generate`. Do not edit.

/** The beginning of a dump of one partition: what state it holds. It counts when it has all its parts and its end. */
export interface SnapshotBegun {
  readonly type: 'SnapshotBegun'
  /** Random id of the dump; every record of it has it, in header `dump` too. */ readonly dump: string
  /** Whose state. */ readonly partition: number
  /** P of the log. */ readonly partitions: number
  /** Of the code that made the state; other code does not use it. */ readonly domainHash: string
  /** Null: a full dump. Else it holds what changed since the state whose last event stood here. */ readonly fromPos: null | number
  /** The chain there. */ readonly fromChain: null | string
  /** The first position that the state has not seen. */ readonly nextPos: number
  /** Position of the last event in the state. */ readonly lastPos: number
  /** The chain there. */ readonly chain: string
  /** The first command whose outcome is not in the state. */ readonly resume: number
  /** The id that the next user or group gets. */ readonly nextId: number
  /** The greatest `at` of its events, ms since the epoch. */ readonly logTimeMs: number
  /** What the log was opened with. */ readonly firstId: number
}

/** The end of a dump: it is whole. */
export interface SnapshotEnded {
  readonly type: 'SnapshotEnded'
  /** Random id of the dump; every record of it has it, in header `dump` too. */ readonly dump: string
  /** How many there are. */ readonly parts: number
  /** The first 8 bytes, in hex, of SHA-256 over the values of the beginning and all parts. */ readonly digest: string
}

/** Some entries of the state; each replaces the one with its key. */
export interface SnapshotPart {
  readonly type: 'SnapshotPart'
  /** Random id of the dump; every record of it has it, in header `dump` too. */ readonly dump: string
  /** 0, 1, 2, … within the dump. */ readonly part: number
  /** Direct conversations. */ readonly directs: readonly DirectEntry[]
  /** Groups. */ readonly groups: readonly GroupEntry[]
  /** Conversations that an event did not fit. */ readonly halted: readonly HaltedEntry[]
  /** Windows of accepted ids. */ readonly windows: readonly WindowEntry[]
  /** Accounts. */ readonly accounts: readonly AccountEntry[]
  /** Names of groups. */ readonly groupNames: readonly GroupNameEntry[]
  /** The newest refusals, oldest first; these are newer than those of dumps before, and the oldest beyond the limit are forgotten. */ readonly refusals: readonly RefusalEntry[]
  /** The newest deletions of messages, oldest first; these are newer than those of dumps before, and the oldest beyond the limit are forgotten. */ readonly deletions: readonly DeletionEntry[]
  /** Online rooms. */ readonly rooms: readonly RoomEntry[]
  /** Old numbers of imported users and groups. */ readonly aliases: readonly AliasEntry[]
}

/** A direct conversation. */
export interface DirectEntry {
  /** `d<lo>.<hi>`. */ readonly conversation: string
  /** Its last place. */ readonly lastSeq: number
  /** `at` of its last event. */ readonly lastAtMs: number
  /** none | requestedByLo | requestedByHi | friends. */ readonly friendship: string
  /** The one with the lower id blocked the other. */ readonly isBlockedByLo: boolean
  /** The one with the higher id blocked the other. */ readonly isBlockedByHi: boolean
  /** Seqs of the pinned messages, in the order they were pinned. */ readonly pins: readonly number[]
}

/** A group, or more of the one before. */
export interface GroupEntry {
  /** `g<n>`. */ readonly conversation: string
  /** Its members are added to those of an earlier entry of the same dump. */ readonly isContinued: boolean
  /** It can be found by name. */ readonly isPublic: boolean
  /** Everybody may join. */ readonly isOpen: boolean
  /** Its last place. */ readonly lastSeq: number
  /** `at` of its last event. */ readonly lastAtMs: number
  /** Who is in it. */ readonly members: readonly MemberEntry[]
  /** Of a private group, who was ever a member, invited or banned and no longer is a member. */ readonly formerMembers: readonly number[]
  /** Seqs of the pinned messages, in the order they were pinned. */ readonly pins: readonly number[]
  /** open | request | invite; null: open if isOpen, else invite. */ readonly joinPolicy: null | string
  /** Only admins and owners post. */ readonly isForAdmins: boolean
  /** Only reading and leaving remain. */ readonly isClosed: boolean
  /** Who may join. */ readonly invited: readonly number[]
  /** Who asked to join. */ readonly requested: readonly number[]
  /** Who may not be a member. */ readonly banned: readonly number[]
}

/** A member. */
export interface MemberEntry {
  /** Who. */ readonly user: number
  /** Or an ordinary member. */ readonly isOwner: boolean
  /** Where the present stay began. */ readonly joinedSeq: number
  /** Not the owner, and above ordinary members. */ readonly isAdmin: boolean
  /** Until when he may not write; past: he may. */ readonly mutedUntilMs: number
}

/** A conversation that takes no writes. */
export interface HaltedEntry {
  /** `d<lo>.<hi>` or `g<n>`. */ readonly conversation: string
  /** Its last place. */ readonly lastSeq: number
  /** `at` of its last event. */ readonly lastAtMs: number
}

/** What tells the repeats of one device in one conversation. */
export interface WindowEntry {
  /** `<conversation>|<user>|<device>`; without conversation: creations. */ readonly key: string
  /** Log time of the newest id. */ readonly lastAtMs: number
  /** The greatest id that fell out, as 48, 40 and 40 bits; -1: none. */ readonly dropped: readonly number[]
  /** Five numbers an id, in the order of acceptance: 48, 40 and 40 bits of the id, `seq` or id given, position. The first, fourth and fifth are differences to the id before. */ readonly ids: readonly number[]
}

/** A claimed name. */
export interface AccountEntry {
  /** The name. */ readonly normalisedName: string
  /** Whose. */ readonly userId: number
  /** Of the registration. */ readonly clientMsgId: string
  /** Position of the registration. */ readonly pos: number
  /** He is an operator. */ readonly isOperator: boolean
  /** He is suspended. */ readonly isSuspended: boolean
  /** When he broadcast his last notice, ms since the epoch; 0: never. */ readonly noticeAtMs: number
}

/** A name of a group. */
export interface GroupNameEntry {
  /** The name. */ readonly normalisedName: string
  /** Whose. */ readonly groupId: number
}

/** What a repetition of a refused command is answered. */
export interface RefusalEntry {
  /** `<conversation>|<user>|<device>|<clientMsgId>`; without conversation: a creation. */ readonly key: string
  /** The error code of the protocol. */ readonly code: string
}

/** A message that was deleted. */
export interface DeletionEntry {
  /** `<conversation>|<seq>`. */ readonly key: string
  /** Position of the deletion. */ readonly pos: number
}

/** An online room. */
export interface RoomEntry {
  /** `g<n>`. */ readonly conversation: string
  /** Only reading remains. */ readonly isClosed: boolean
  /** Its last seq. */ readonly lastSeq: number
  /** `at` of its last event, ms since the epoch. */ readonly lastAtMs: number
}

/** The old number of an imported user or group. */
export interface AliasEntry {
  /** The dialect, and whose: `u<id>` or `g<n>`, with a `|` between. */ readonly key: string
  /** The old number. */ readonly oldId: number
}

export type SnapshotRecord = SnapshotBegun | SnapshotEnded | SnapshotPart
