import { type TProperties, type TSchema, Type } from 'typebox'
import {
  conversation,
  historyPolicy,
  joinPolicy,
  onlineMembership,
  postingPolicy,
  role,
  seq,
  seqBound,
  userId,
} from '../fields.ts'

/** What answers are made of. Clients ignore fields they do not know, so none of these is closed. PROTOCOL §1, §2. */

export const time = Type.String({ format: 'date-time', description: 'RFC 3339, UTC, milliseconds.' })

/** Made by the server, to be given back as it is. */
export const token = (description: string) => Type.String({ description })

export const userView = Type.Object(
  {
    id: userId,
    name: Type.String(),
    displayName: Type.String(),
    createdAt: time,
    about: Type.Optional(Type.String({ description: 'What he says about himself; absent: nothing.' })),
  },
  { title: 'User', description: 'A user as everybody sees him.' },
)

const position = token('The place of what was written in the log; as `minPos` it makes a read wait for it.')

/** The answer to whatever became an event. */
export const written = {
  conversation: Type.Optional(conversation),
  seq: Type.Optional(seq),
  position,
  at: Type.Optional(time),
  duplicate: Type.Optional(Type.Literal(true, { description: 'It was done before; nothing happened now.' })),
} as const satisfies TProperties

/** Every read may say so. */
export const stale = {
  stale: Type.Optional(Type.Literal(true, { description: 'Older than what was seen before: wait, ask again.' })),
} as const satisfies TProperties

/** The answer of a list. */
export const pageOf = (item: TSchema) =>
  ({
    items: Type.Array(item),
    next: Type.Optional(token('Pass it as `after`; absent on the last page.')),
    ...stale,
  }) as const satisfies TProperties

/** Only the muted himself, admins and owners are told. */
const mutedUntil = Type.String({ format: 'date-time', description: 'Until then he may not write.' })

/** Somebody who asks to become a member. */
export const joinRequest = Type.Object({ user: userView, at: time }, { title: 'JoinRequest' })

/** A group that the caller may join. */
export const invitation = Type.Object(
  { conversation, title: Type.String(), by: userId, at: time },
  { title: 'Invitation' },
)

export const conversationKind = Type.Enum(['direct', 'group'])

export const conversationView = Type.Object(
  {
    id: conversation,
    kind: conversationKind,
    title: Type.String({ description: 'Of a group its title, else the display name of the other.' }),
    with: Type.Optional(userId),
    name: Type.Optional(Type.String()),
    description: Type.Optional(Type.String()),
    visibility: Type.Optional(Type.Enum(['public', 'private'])),
    joinPolicy: Type.Optional(joinPolicy),
    history: Type.Optional(historyPolicy),
    posting: Type.Optional(postingPolicy),
    membership: Type.Optional(onlineMembership),
    closed: Type.Optional(Type.Literal(true, { description: 'Only reading and leaving remain.' })),
    role: Type.Optional(
      Type.Enum(['owner', 'admin', 'member'], { description: "The caller's, while he is a member of the group." }),
    ),
    mutedUntil: Type.Optional(mutedUntil),
    invited: Type.Optional(Type.Literal(true, { description: 'The caller may join.' })),
    requested: Type.Optional(Type.Literal(true, { description: 'The caller asked to join.' })),
    lastSeq: seqBound,
    lastAt: time,
    unread: Type.Integer({ minimum: 0 }),
    readSeq: seqBound,
    deliveredSeq: seqBound,
    cursors: Type.Optional(
      Type.Array(Type.Object({ user: userId, deliveredSeq: seqBound, readSeq: seqBound }), {
        description: 'Of all members, where they are at most 64; in the answer to `conversation` only.',
      }),
    ),
    counts: Type.Optional(
      Type.Object(
        { seq, delivered: Type.Integer({ minimum: 0 }), read: Type.Integer({ minimum: 0 }) },
        { description: 'How many members are at `countsAt` or beyond.' },
      ),
    ),
    pins: Type.Optional(
      Type.Array(seq, { description: 'Pinned messages, in the order they were pinned; absent: none.' }),
    ),
  },
  { title: 'Conversation' },
)

export const friendView = Type.Object(
  {
    user: userView,
    since: time,
    online: Type.Boolean({ description: 'false of one who blocks the caller, wherever he is.' }),
    lastSeenAt: Type.Optional(time),
  },
  { title: 'Friend' },
)

export const friendRequestView = Type.Object(
  {
    user: userView,
    direction: Type.Enum(['incoming', 'outgoing']),
    note: Type.Optional(Type.String()),
    at: time,
  },
  { title: 'FriendRequest' },
)

export const memberView = Type.Object(
  {
    user: userView,
    role,
    online: Type.Optional(Type.Boolean({ description: 'Absent: nobody can tell now.' })),
    mutedUntil: Type.Optional(mutedUntil),
    joinedSeq: seq,
  },
  { title: 'Member' },
)

export const presenceView = Type.Object(
  {
    id: userId,
    online: Type.Boolean(),
    since: Type.Optional(time),
    lastSeenAt: Type.Optional(time),
  },
  { title: 'Presence', description: 'Of somebody of whom nothing can be told now there is none: a push follows.' },
)

export const foundMessage = Type.Object(
  {
    ...{ conversation, seq, at: time, actor: userId },
    snippet: Type.String({ description: 'Plain text: the message, or a part of it.' }),
    highlights: Type.Array(Type.Array(seqBound, { minItems: 2, maxItems: 2 }), {
      description: 'Where the snippet says what was looked for: from and to (exclusive), in code points.',
    }),
  },
  { title: 'FoundMessage' },
)
