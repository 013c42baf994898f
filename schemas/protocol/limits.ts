/** The limits of the protocol, one named constant each. Lengths of text count Unicode code points. PROTOCOL §1, §2. */

/** A frame from a client; a bigger one closes the connection with 1009. */
export const frameBytesMax = 64 * 1024
/** A body of HTTP: every request frame fits. */
export const httpBodyBytesMax = 64 * 1024
/** The body of a message as JSON; more is `too_large`. */
export const bodyBytesMax = 16 * 1024
/** The text of a message; more is `too_large`. */
export const textCodePointsMax = 4_000
/** `data` of a custom body, as JSON. */
export const customDataBytesMax = 8 * 1024
/** Nesting of `data`: readers that walk it recursively must be safe, and 32 is beyond what people write. */
export const customDataDepthMax = 32
/** The `type` of a custom body. */
export const customTypeCodePointsMax = 64

/** The emoji of a reaction, UTF-8: the longest that Unicode recommends has 35. */
export const emojiBytesMax = 40
/** Emojis that a message shows of its reactions, those first that were there first. */
export const reactionEmojisMax = 20
/** Users that are named of one emoji, he who asks first, then in the order in which they reacted. */
export const reactionUsersMax = 10
/** Places of a text where a name may stand that are looked at. */
export const mentionPlacesMax = 100
/** Members whom one message names; those named behind them are not told. The domain counts them. */
export const mentionsMax = 50
/** Pinned messages of a conversation. The domain counts them. */
export const pinsMax = 50
/** Names of users and public groups, as written and again as normalised. */
export const nameCodePointsMax = 64
/** The display name of a user, one line. */
export const displayNameCodePointsMax = 64
/** What somebody says about himself. */
export const aboutCodePointsMax = 500
/** Why an operator does something, for other operators. */
export const reasonCodePointsMax = 500
/** What an operator tells everybody. */
export const noticeCodePointsMax = 500
/** A new password has at least so many. */
export const passwordCodePointsMin = 8
/** argon2 takes more; the bound keeps the cost of a request known. */
export const passwordCodePointsMax = 256
/** The title of a group, one line. */
export const titleCodePointsMax = 128
/** The description of a group. */
export const descriptionCodePointsMax = 1_024
/** Members named in one `group.create`, more is `too_large`: the event stays far below the size of a log batch. */
export const groupCreateMembersMax = 1_000
/** Users named in one `group.invite`, more is `too_large`: each becomes an event. */
export const groupInviteUsersMax = 100
/** Members of a group. The domain counts them. */
export const groupMembersMax = 10_000
/** Open invitations and requests of a group, together. The domain counts them. */
export const groupOpenMax = 1_000
/** Banned users of a group. The domain counts them. */
export const groupBansMax = 10_000
/** The latest `untilMs` of a mute, ms since the epoch: the last day that dates have. */
export const muteUntilMsMax = 8_640_000_000_000_000
/** Open invitations that the first page of `conversations` names, newest first. */
export const invitationsListedMax = 100

/** Requests to be friends on the first page of `friends`, the newest. */
export const friendRequestsListMax = 200
/** Blocked users on the first page of `friends`, the newest. */
export const blockedListMax = 1_000
/** What one says to a request to be friends. */
export const friendNoteCodePointsMax = 256

/** The first frame must come within this. */
export const helloTimeoutMs = 10_000
/** The server pings this often. */
export const heartbeatMs = 25_000
/** Nothing heard for this long closes with 4510. */
export const heartbeatTimeoutMs = 2 * heartbeatMs
/** No outcome of a write within this is `timeout`. */
export const replyTimeoutMs = 30_000
/** How long a read waits for its position before it answers with `stale`. */
export const readWaitMs = 500
/** A `clientMsgId` further ahead of the server's clock than this is `invalid`. */
export const clientMsgIdAheadMaxMs = 24 * 60 * 60 * 1_000
/** Unanswered writes of one device; then its socket is not read until one is answered. */
export const unansweredWritesMax = 32

/** Members of a conversation, at most, who are told of each other's receipts and typing; above that receipts are only counted. */
export const hintedMembersMax = 64
/** Who writes is shown for this long after the last `typing` of his: clients renew it sooner, every 3 s. */
export const typingShownMs = 6_000

/** Users that one connection watches at once. */
export const presenceWatchedMax = 500

/** Events of one page of `history`; more that are asked for are not given. */
export const historyEventsMax = 200
/** Events of a page of `history` that says no `limit`. */
export const historyEventsDefault = 50
/** Items of a page of any list. */
export const pageItemsMax = 100
/** Items of a page that says no `limit`. */
export const pageItemsDefault = 50
/** The `after` of a list. */
export const pageCursorCharsMax = 512
/** The id of a report, as `GET /v1/operator/reports` lists it. */
export const reportIdCodePointsMax = 64
/** The `query` of a search for users. */
export const queryCodePointsMax = 64
/** The `query` of a search for messages. */
export const searchQueryCodePointsMax = 256
/** The `snippet` of a found message. */
export const snippetCodePointsMax = 160
/** Words of a `popular` that says no `n`. */
export const popularWordsDefault = 10
/** Words of one `popular`; more that are asked for are not given. */
export const popularWordsMax = 100
/** An access token, in `hello`. */
export const accessTokenCharsMax = 4_096
/** A refresh token. */
export const refreshTokenCharsMax = 512
/** A token of the host application's own login. */
export const externalTokenCharsMax = 16_384
/** A code that sets a password anew, as it is typed. */
export const resetCodeCodePointsMax = 64
/** The id of a session, as `sessions` lists it. */
export const sessionIdCodePointsMax = 64
/** A token names two positions a partition; this is enough for 1,024 partitions. */
export const syncTokenCharsMax = 48 * 1024

/** Conversations named in the `known` of a `sync`; one that knows more leaves those out that did not move lately. */
export const syncKnownMax = 5_000
/** Conversations on one page of `sync`. */
export const syncConversationsMax = 50
/** Events of one conversation on a page of `sync`; the rest comes by `history`. */
export const syncEventsPerConversationMax = 200
/** The events that a conversation comes with on a first page of `sync`. */
export const syncFirstEventsMax = 20
/** A page of `sync`, as JSON; the rest comes on the next one. */
export const syncPageBytesMax = 512 * 1024

/** What `hello` tells a client. */
export const publishedLimits = {
  frameBytes: frameBytesMax,
  textCodePoints: textCodePointsMax,
  bodyBytes: bodyBytesMax,
  customDataBytes: customDataBytesMax,
  emojiBytes: emojiBytesMax,
  historyEvents: historyEventsMax,
  pageItems: pageItemsMax,
  unansweredWrites: unansweredWritesMax,
  groupCreateMembers: groupCreateMembersMax,
  presenceWatched: presenceWatchedMax,
  hintedMembers: hintedMembersMax,
} as const
