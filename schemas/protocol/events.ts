import { type TProperties, Type } from 'typebox'
import { time } from './answers/parts.ts'
import { messageBody } from './body.ts'
import {
  clientMsgId,
  conversation,
  historyPolicy,
  joinPolicy,
  onlineMembership,
  postingPolicy,
  role,
  seq,
  userId,
} from './fields.ts'
import { friendNoteCodePointsMax, reactionUsersMax } from './limits.ts'

/** An event that every member sees: it has a place in the conversation. */
const event = <T extends string, P extends TProperties>(type: T, data: P) =>
  Type.Object({ conversation, seq, type: Type.Literal(type), actor: userId, at: time, data: Type.Object(data) })

/** The message that an event is about. */
const message = Type.Integer({ minimum: 1, description: 'The seq of the message.' })
const mentions = Type.Optional(Type.Array(userId, { description: 'The members whom the text names.' }))
const deleted = Type.Optional(Type.Literal(true, { description: 'The message was deleted: there is no body.' }))
const reaction = Type.Object({
  emoji: Type.String(),
  count: Type.Integer({ minimum: 1 }),
  users: Type.Array(userId, { description: `At most ${reactionUsersMax}, he who asks first.` }),
})

/** An event that is pushed only, to those whom it concerns: it has no place. */
const placeless = <T extends string, P extends TProperties>(type: T, data: P) =>
  Type.Object({
    conversation: Type.Optional(conversation),
    ...{ type: Type.Literal(type), actor: userId, at: time, data: Type.Object(data) },
  })

/** Every event type with a place that clients see, with its data. What is not in here cannot be told to a client. PROTOCOL §2. */
export const eventSchemas = {
  friendAccepted: event('friendAccepted', { user: userId }),
  friendDeclined: event('friendDeclined', { user: userId }),
  friendRemoved: event('friendRemoved', { user: userId }),
  friendRequested: event('friendRequested', {
    user: userId,
    note: Type.Optional(Type.String({ description: `At most ${friendNoteCodePointsMax} characters.` })),
  }),
  friendWithdrawn: event('friendWithdrawn', { user: userId }),
  groupCreated: event('groupCreated', {
    name: Type.Optional(Type.String()),
    title: Type.String(),
    description: Type.String(),
    visibility: Type.Enum(['public', 'private']),
    joinPolicy,
    history: historyPolicy,
    members: Type.Array(userId, { description: 'Those that it begins with, beside its owner, who is the actor.' }),
    membership: Type.Optional(onlineMembership),
  }),
  groupChanged: event('groupChanged', {
    title: Type.Optional(Type.String()),
    description: Type.Optional(Type.String()),
    joinPolicy: Type.Optional(joinPolicy),
    history: Type.Optional(historyPolicy),
    posting: Type.Optional(postingPolicy),
  }),
  groupClosed: event('groupClosed', {}),
  memberInvited: event('memberInvited', { user: userId }),
  joinRequested: event('joinRequested', { user: userId }),
  joinRefused: event('joinRefused', { user: userId }),
  memberRemoved: event('memberRemoved', { user: userId }),
  memberBanned: event('memberBanned', { user: userId }),
  memberUnbanned: event('memberUnbanned', { user: userId }),
  memberMuted: event('memberMuted', {
    user: userId,
    untilMs: Type.Integer({ minimum: 0, description: 'ms since the epoch; past: he is not muted any more.' }),
  }),
  roleChanged: event('roleChanged', { user: userId, role }),
  memberJoined: event('memberJoined', { user: userId }),
  memberLeft: event('memberLeft', { user: userId }),
  messagePosted: event('messagePosted', {
    clientMsgId,
    body: Type.Optional(messageBody),
    replyTo: Type.Optional(seq),
    mentions,
    editedSeq: Type.Optional(Type.Integer({ minimum: 1, description: 'The seq of its newest edit.' })),
    reactions: Type.Optional(Type.Array(reaction)),
    deleted,
  }),
  messageEdited: event('messageEdited', { seq: message, body: Type.Optional(messageBody), mentions, deleted }),
  messageDeleted: event('messageDeleted', { seq: message }),
  reactionAdded: event('reactionAdded', { seq: message, emoji: Type.String() }),
  reactionRemoved: event('reactionRemoved', { seq: message, emoji: Type.String() }),
  messagePinned: event('messagePinned', { seq: message }),
  messageUnpinned: event('messageUnpinned', { seq: message }),
} as const

/** Every event type that clients are pushed without a place, with its data. */
const placelessEventSchemas = {
  profileChanged: placeless('profileChanged', {
    displayName: Type.Optional(Type.String()),
    about: Type.Optional(Type.String({ description: 'What is absent stays as it was.' })),
  }),
  messageReported: placeless('messageReported', {
    seq: message,
    reason: Type.String({ description: 'What he told operators.' }),
  }),
  userBlocked: placeless('userBlocked', { user: userId }),
  userUnblocked: placeless('userUnblocked', { user: userId }),
} as const

export type PlacelessEventType = keyof typeof placelessEventSchemas

export type ClientEventType = keyof typeof eventSchemas

/** Any with a place, as `history` and `sync` give it; the push has the `op` before it. */
export const anyEvent = Type.Union(Object.values(eventSchemas), { title: 'Event' })

/** Whatever is pushed, without the `op`. */
export const pushedEvent = Type.Union([...Object.values(eventSchemas), ...Object.values(placelessEventSchemas)])
