import { type Static, type TSchema, Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { accountSchemas } from './account-frames.ts'
import { bodyExcess, messageBody } from './body.ts'
import type { ErrorCode } from './codes.ts'
import {
  clientMsgId,
  conversation,
  historyPolicy,
  joinPolicy,
  name,
  pageCursor,
  pageLimit,
  ref,
  repeatable,
  seq,
  seqBound,
  strict,
  text,
  title,
  userId,
  uuid,
} from './fields.ts'
import { relationSchemas } from './frames/relations.ts'
import { type GroupFrame, groupExcess, groupSchemas } from './group-frames.ts'
import {
  accessTokenCharsMax,
  descriptionCodePointsMax,
  groupCreateMembersMax,
  queryCodePointsMax,
  syncKnownMax,
  syncTokenCharsMax,
} from './limits.ts'
import { messageSchemas } from './message-frames.ts'
import { problemOf } from './problem.ts'
import { profile } from './profile.ts'
import { popular, search } from './search-frames.ts'

/** Every request of a client. PROTOCOL §2. */
const syncToken = text(0, syncTokenCharsMax)

const hello = Type.Object(
  {
    op: Type.Literal('hello'),
    ref,
    token: text(1, accessTokenCharsMax),
    device: uuid,
    sync: Type.Optional(syncToken),
  },
  strict,
)
const ping = Type.Object({ op: Type.Literal('ping'), ref }, strict)

const send = Type.Object(
  {
    op: Type.Literal('send'),
    ref,
    to: Type.Union([Type.Object({ user: userId }, strict), Type.Object({ conversation }, strict)]),
    clientMsgId,
    after: Type.Optional(clientMsgId),
    body: messageBody,
    replyTo: Type.Optional(seq),
  },
  strict,
)

const history = Type.Object(
  {
    op: Type.Literal('history'),
    ref,
    conversation,
    before: Type.Optional(seqBound),
    after: Type.Optional(seqBound),
    limit: Type.Optional(pageLimit),
  },
  strict,
)

const sync = Type.Object(
  {
    op: Type.Literal('sync'),
    ref,
    token: Type.Optional(syncToken),
    known: Type.Optional(
      Type.Refine(
        Type.Record(Type.String(), seqBound, { description: `At most ${syncKnownMax} conversations.` }),
        (known) => {
          const ids = Object.keys(known)
          return ids.length <= syncKnownMax && ids.every((id) => isConversation.Check(id))
        },
        () => `must have at most ${syncKnownMax} conversation ids as keys`,
      ),
    ),
  },
  strict,
)

const conversations = Type.Object(
  { op: Type.Literal('conversations'), ref, after: Type.Optional(pageCursor), limit: Type.Optional(pageLimit) },
  strict,
)
/** `countsAt`: how many members have got, and read, everything up to it. */
const conversationView = Type.Object(
  { op: Type.Literal('conversation'), ref, conversation, countsAt: Type.Optional(seq) },
  strict,
)
const members = Type.Object(
  {
    op: Type.Literal('members'),
    ref,
    conversation,
    after: Type.Optional(pageCursor),
    limit: Type.Optional(pageLimit),
  },
  strict,
)
const users = Type.Object(
  {
    op: Type.Literal('users'),
    ref,
    query: Type.Optional(text(0, queryCodePointsMax)),
    after: Type.Optional(pageCursor),
    limit: Type.Optional(pageLimit),
  },
  strict,
)
const user = Type.Union([
  Type.Object({ op: Type.Literal('user'), ref, id: userId }, strict),
  Type.Object({ op: Type.Literal('user'), ref, name }, strict),
])
const me = Type.Object({ op: Type.Literal('me'), ref }, strict)

const delivered = Type.Object({ op: Type.Literal('delivered'), ref, conversation, seq, ...repeatable }, strict)
const read = Type.Object({ op: Type.Literal('read'), ref, conversation, seq, ...repeatable }, strict)

const typing = Type.Object({ op: Type.Literal('typing'), ref, conversation, isTyping: Type.Boolean() }, strict)

const presenceWatch = Type.Object(
  { op: Type.Literal('presence.watch'), ref, users: Type.Array(userId, { minItems: 1 }) },
  strict,
)
/** Without `users`: all. */
const presenceUnwatch = Type.Object(
  { op: Type.Literal('presence.unwatch'), ref, users: Type.Optional(Type.Array(userId)) },
  strict,
)

const groupCreate = Type.Refine(
  Type.Object(
    {
      op: Type.Literal('group.create'),
      ref,
      name: Type.Optional(name),
      title,
      description: Type.Optional(text(0, descriptionCodePointsMax)),
      visibility: Type.Enum(['public', 'private']),
      joinPolicy: Type.Optional(joinPolicy),
      history: Type.Optional(historyPolicy),
      members: Type.Optional(Type.Array(userId, { description: `At most ${groupCreateMembersMax}.` })),
      ...repeatable,
    },
    strict,
  ),
  (frame) => (frame.visibility === 'public') === (frame.name !== undefined),
  () => 'must have a name if and only if the group is public',
)
const groupJoin = Type.Union([
  Type.Object({ op: Type.Literal('group.join'), ref, conversation, ...repeatable }, strict),
  Type.Object({ op: Type.Literal('group.join'), ref, name, ...repeatable }, strict),
])
const groupLeave = Type.Object({ op: Type.Literal('group.leave'), ref, conversation, ...repeatable }, strict)

const logout = Type.Object({ op: Type.Literal('logout'), ref, ...repeatable }, strict)

export type HelloFrame = Static<typeof hello>
export type PingFrame = Static<typeof ping>
export type SendFrame = Static<typeof send>
export type HistoryFrame = Static<typeof history>
export type SyncFrame = Static<typeof sync>
export type ConversationsFrame = Static<typeof conversations>
export type ConversationFrame = Static<typeof conversationView>
export type MembersFrame = Static<typeof members>
export type UsersFrame = Static<typeof users>
export type UserFrame = Static<typeof user>
export type MeFrame = Static<typeof me>
export type ProfileFrame = Static<typeof profile>
export type SearchFrame = Static<typeof search>
export type PopularFrame = Static<typeof popular>
export type DeliveredFrame = Static<typeof delivered>
export type ReadFrame = Static<typeof read>
export type TypingFrame = Static<typeof typing>
export type PresenceWatchFrame = Static<typeof presenceWatch>
export type PresenceUnwatchFrame = Static<typeof presenceUnwatch>
export type GroupCreateFrame = Static<typeof groupCreate>
export type GroupJoinFrame = Static<typeof groupJoin>
export type GroupLeaveFrame = Static<typeof groupLeave>
export type LogoutFrame = Static<typeof logout>

/** The schema of each request, by its op. */
export const requestSchemas = {
  hello,
  ping,
  send,
  ...messageSchemas,
  history,
  sync,
  conversations,
  conversation: conversationView,
  members,
  users,
  user,
  me,
  profile,
  search,
  popular,
  delivered,
  read,
  typing,
  'presence.watch': presenceWatch,
  'presence.unwatch': presenceUnwatch,
  'group.create': groupCreate,
  'group.join': groupJoin,
  'group.leave': groupLeave,
  ...accountSchemas,
  ...relationSchemas,
  ...groupSchemas,
  logout,
} as const

export type RequestOp = keyof typeof requestSchemas

/** Those that mean something on a socket only. */
export const socketOps: ReadonlySet<RequestOp> = new Set([
  'hello',
  'ping',
  'typing',
  'presence.watch',
  'presence.unwatch',
])

export type RequestFrame = Static<(typeof requestSchemas)[RequestOp]>

/** A request, or why there is none. `malformed` closes the connection with 4400; an error is answered, and the connection lives. */
export type ParsedFrame =
  | { readonly frame: RequestFrame }
  | { readonly malformed: true }
  | { readonly ref: number; readonly op: string; readonly error: ErrorCode; readonly message: string }

/** Never throws, whatever the text is. */
export const parseFrame = (text: string): ParsedFrame => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { malformed: true } // Not JSON: the one outcome that this has.
  }
  return parseRequest(value)
}

/** The same for a request that came as parsed JSON (HTTP). */
export const parseRequest = (value: unknown): ParsedFrame => {
  if (!isRequest.Check(value)) return { malformed: true }
  const { op, ref } = value
  if (!Object.hasOwn(validators, op)) return { ref, op, error: 'invalid', message: 'unknown op' }
  const validator = validators[op as RequestOp]
  if (!validator.Check(value)) return { ref, op, error: 'invalid', message: problemOf(validator.Errors(value)) }
  const frame = value as RequestFrame
  const excess = excessOf(frame)
  return excess === undefined ? { frame } : { ref, op, error: 'too_large', message: excess }
}

const excessOf = (frame: RequestFrame): string | undefined => {
  if (frame.op === 'send' || frame.op === 'edit') return bodyExcess(frame.body)
  if (frame.op === 'group.create' && (frame.members?.length ?? 0) > groupCreateMembersMax)
    return `a group is created with at most ${groupCreateMembersMax} members`
  return groupExcess(frame as GroupFrame)
}

/** What a `group.create` leaves out: a public group is open and shows everything, a private one neither. */
export const groupSettings = (frame: GroupCreateFrame) => ({
  joinPolicy: frame.joinPolicy ?? (frame.visibility === 'public' ? ('open' as const) : ('invite' as const)),
  history: frame.history ?? (frame.visibility === 'public' ? ('all' as const) : ('sinceJoin' as const)),
})

const isConversation = Compile(conversation)
const isRequest = Compile(Type.Object({ op: Type.String(), ref }))

interface FrameValidator {
  Check(value: unknown): boolean
  Errors(value: unknown): readonly { readonly instancePath: string; readonly message: string }[]
}

const validators = Object.fromEntries(
  Object.entries<TSchema>(requestSchemas).map(([op, schema]) => [op, Compile(schema)]),
) as unknown as Readonly<Record<RequestOp, FrameValidator>>
