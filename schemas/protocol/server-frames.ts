import { type Static, Type } from 'typebox'
import { type ErrorCode, errorStatus } from './codes.ts'
import { conversation, seq, userId } from './fields.ts'

/** What a server sends. Clients ignore fields, event types and ops they do not know, so these are open. PROTOCOL §2. */
const open = {} as const
const time = Type.String({ format: 'date-time', description: 'RFC 3339, UTC, milliseconds.' })
const ref = Type.Integer()

/** The fields beside `ref` are the request's own answer; writes carry `position`. */
const okSchema = Type.Object({ op: Type.Literal('ok'), ref, position: Type.Optional(Type.String()) }, open)

const errorSchema = Type.Object(
  {
    op: Type.Literal('error'),
    ref,
    code: Type.Enum(Object.keys(errorStatus) as ErrorCode[]),
    message: Type.String(),
    retry: Type.Enum(['never', 'later', 'reconnect']),
    retryAfterMs: Type.Optional(Type.Integer({ minimum: 0 })),
  },
  open,
)

const eventSchema = Type.Object(
  {
    op: Type.Literal('event'),
    conversation: Type.Optional(conversation),
    /** Absent where not every member may see the event: it has no place, and comes once. */
    seq: Type.Optional(seq),
    type: Type.String(),
    actor: userId,
    at: time,
    data: Type.Record(Type.String(), Type.Unknown()),
  },
  open,
)

/** Of somebody who is watched. `since`: when he came online; `lastSeenAt`: when he went, if that is known. */
const presenceSchema = Type.Object(
  {
    op: Type.Literal('presence'),
    user: userId,
    online: Type.Boolean(),
    since: Type.Optional(time),
    lastSeenAt: Type.Optional(time),
  },
  open,
)

/** How far a member is; of one user and conversation it never goes back, and who gets a lower one keeps the higher. */
const receiptSchema = Type.Object(
  {
    op: Type.Literal('receipt'),
    conversation,
    user: userId,
    deliveredSeq: Type.Integer({ minimum: 0 }),
    readSeq: Type.Integer({ minimum: 0 }),
  },
  open,
)

/** `isTyping: false` comes by itself when it was not renewed. */
const typingSchema = Type.Object(
  { op: Type.Literal('typing'), conversation, user: userId, isTyping: Type.Boolean() },
  open,
)

const noticeSchema = Type.Object(
  {
    op: Type.Literal('notice'),
    code: Type.String(),
    message: Type.String(),
    reconnectWithinMs: Type.Optional(Type.Integer({ minimum: 0 })),
  },
  open,
)

/** Pushes were dropped: call `sync`. */
const resyncSchema = Type.Object(
  { op: Type.Literal('resync'), conversations: Type.Optional(Type.Array(conversation)) },
  open,
)

export type OkFrame = Static<typeof okSchema> & Readonly<Record<string, unknown>>
export type ErrorFrame = Static<typeof errorSchema>
export type EventFrame = Static<typeof eventSchema>
export type NoticeFrame = Static<typeof noticeSchema>
export type ResyncFrame = Static<typeof resyncSchema>
export type PresenceFrame = Static<typeof presenceSchema>
export type ReceiptFrame = Static<typeof receiptSchema>
export type TypingPush = Static<typeof typingSchema>
export type ServerFrame =
  | OkFrame
  | ErrorFrame
  | EventFrame
  | PresenceFrame
  | ReceiptFrame
  | TypingPush
  | NoticeFrame
  | ResyncFrame

/** The schema of each, by its op. */
export const serverSchemas = {
  ok: okSchema,
  error: errorSchema,
  event: eventSchema,
  presence: presenceSchema,
  receipt: receiptSchema,
  typing: typingSchema,
  notice: noticeSchema,
  resync: resyncSchema,
} as const
