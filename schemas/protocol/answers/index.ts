import { type TProperties, type TSchema, Type } from 'typebox'
import { messageBody } from '../body.ts'
import { anyEvent } from '../events.ts'
import { conversation, onlineMembership, seqBound, userId } from '../fields.ts'
import type { RequestOp } from '../frames.ts'
import { publishedLimits } from '../limits.ts'
import { accountAnswers } from './account.ts'
import {
  conversationKind,
  conversationView,
  foundMessage,
  friendRequestView,
  friendView,
  invitation,
  joinRequest,
  memberView,
  pageOf,
  presenceView,
  stale,
  time,
  token,
  userView,
  written,
} from './parts.ts'

const syncPage = {
  token: token('A place in every partition of the log: store it only after the events.'),
  conversations: Type.Array(
    Type.Object({
      id: conversation,
      kind: conversationKind,
      title: Type.String(),
      with: Type.Optional(userId),
      membership: Type.Optional(onlineMembership),
      from: seqBound,
      to: seqBound,
      lastSeq: seqBound,
      unread: Type.Integer({ minimum: 0 }),
      readSeq: seqBound,
      events: Type.Array(anyEvent),
      truncated: Type.Optional(Type.Literal(true, { description: 'Go on with `history` behind `to`.' })),
      left: Type.Optional(Type.Literal(true, { description: 'He is no member any more.' })),
    }),
  ),
  hasMore: Type.Boolean({ description: 'Ask again with the token given.' }),
  reset: Type.Optional(Type.Literal(true, { description: 'The token could not be served: this is a first page.' })),
  ...stale,
} as const satisfies TProperties

const groupSeen = { conversation: conversationView, ...stale }

/**
 * What `ok` carries beside `op` and `ref`, for each op. An op without an entry does not compile: nothing is answered that the documents
 * do not know. PROTOCOL §2, §3.
 */
export const answerFields = {
  ...accountAnswers,
  conversation: groupSeen,
  conversations: {
    ...pageOf(conversationView),
    invitations: Type.Optional(Type.Array(invitation, { description: 'On the first page; newest first.' })),
  },
  delivered: {},
  friends: {
    ...pageOf(friendView),
    requests: Type.Optional(Type.Array(friendRequestView, { description: 'Open ones, on the first page.' })),
    blocked: Type.Optional(
      Type.Array(Type.Object({ user: userView, since: time }), {
        description: 'Whom the caller blocks, on the first page.',
      }),
    ),
  },
  'friend.request': written,
  'friend.withdraw': written,
  'friend.accept': written,
  'friend.decline': written,
  'friend.remove': written,
  block: written,
  unblock: written,
  delete: written,
  report: written,
  edit: written,
  edits: pageOf(
    Type.Object({
      seq: Type.Integer({ minimum: 1, description: 'Of the message, or of the edit.' }),
      actor: userId,
      at: time,
      body: messageBody,
    }),
  ),
  'group.create': { ...written, groupId: Type.Optional(userId) },
  'group.join': written,
  'group.leave': written,
  'group.change': written,
  'group.invite': written,
  'group.approve': written,
  'group.refuse': written,
  'group.kick': written,
  'group.ban': written,
  'group.unban': written,
  'group.mute': written,
  'group.role': written,
  'group.transfer': written,
  'group.close': written,
  hello: {
    user: userView,
    session: Type.String(),
    connector: Type.String(),
    time,
    heartbeatMs: Type.Integer({ minimum: 1 }),
    limits: Type.Object(
      Object.fromEntries(Object.keys(publishedLimits).map((name) => [name, Type.Integer({ minimum: 0 })])),
    ),
    sync: Type.Optional(Type.Object(syncPage)),
  },
  history: {
    events: Type.Array(anyEvent, { description: 'Oldest first, messages in their present state.' }),
    from: seqBound,
    to: seqBound,
    hasMore: Type.Boolean(),
    ...stale,
  },
  logout: {},
  me: {
    user: userView,
    operator: Type.Optional(Type.Literal(true, { description: 'He is an operator.' })),
    ...stale,
  },
  members: {
    ...pageOf(memberView),
    requests: Type.Optional(
      Type.Array(joinRequest, { description: 'On the first page, for admins and owners; oldest first.' }),
    ),
  },
  pin: written,
  ping: {},
  popular: {
    words: Type.Array(Type.Object({ word: Type.String(), count: Type.Integer({ minimum: 1 }) })),
    ...stale,
  },
  'presence.unwatch': {},
  'presence.watch': { users: Type.Array(presenceView) },
  react: written,
  profile: written,
  read: {},
  search: pageOf(foundMessage),
  send: written,
  sync: syncPage,
  typing: {},
  unpin: written,
  unreact: written,
  user: { user: userView, ...stale },
  users: pageOf(userView),
} as const satisfies Readonly<Record<RequestOp, TProperties>>

const ref = Type.Integer({ description: 'That of the request.' })

/** The whole `ok` frame of an op. */
export const okSchemaOf = (op: RequestOp): TSchema =>
  Type.Object({ op: Type.Literal('ok'), ref, ...(answerFields[op] as TProperties) })

/** The answer of HTTP to a login or a refresh. PROTOCOL §1. */
export const sessionAnswer = Type.Object({
  user: userView,
  accessToken: Type.String(),
  accessExpiresAt: time,
  refreshToken: Type.String(),
  socketUrl: Type.String({ format: 'uri' }),
})

export const passwordResetAnswer = Type.Object({ user: userView })

export const registrationAnswer = Type.Object({
  user: userView,
  position: written.position,
  duplicate: written.duplicate,
})

export const gatewayAnswer = Type.Object({
  socketUrl: Type.String({ format: 'uri', description: 'Of the least loaded ready connector.' }),
  connectors: Type.Array(
    Type.Object({
      id: Type.String(),
      socketUrl: Type.String({ format: 'uri' }),
      connections: Type.Integer({ minimum: 0 }),
      capacity: Type.Integer({ minimum: 1 }),
      ready: Type.Boolean(),
    }),
  ),
})
