import { deepStrictEqual, partialDeepStrictEqual } from 'node:assert/strict'
import {
  type AddressedReply,
  applyEvent,
  type BatchContext,
  commit,
  createPartitionState,
  type Draft,
  decideBatch,
  draftLimits,
  openPolicy,
  type PartitionState,
  type RejectionCode,
  type StoredCommand,
  type StoredEvent,
  type Wire,
} from '@chat/domain'
import {
  type Command,
  type CreateGroup,
  chainOf,
  chainStart,
  createEncoder,
  type FriendRequested,
  type GroupCreated,
  groupConversation,
  idMax,
  type JoinGroup,
  type LeaveGroup,
  type LogEvent,
  localSchemaIds,
  type MemberJoined,
  type MemberLeft,
  type MessagePosted,
  type PostMessage,
  parseConversation,
  type RegisterUser,
  type RequestFriend,
  type UserBlocked,
  type UserRegistered,
} from '@chat/schemas'

/** What the domain is handed in tests: the real thing, with the ids of the embedded log. */
export const testWire: Wire = {
  encode: createEncoder(localSchemaIds).encode,
  chainOf,
  chainStart,
  parseConversation,
  groupConversation,
  idMax,
}

/** ms since the epoch, `seconds` into the test. */
export const at = (seconds: number): number => 1_790_000_000_000 + seconds * 1000

/** A UUID v7 written `seconds` into the test; a greater `n` makes a greater id of the same moment. */
export const messageId = (n: number, seconds = 0): string => {
  const time = at(seconds).toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${n.toString(16).padStart(12, '0')}`
}

export const device = 'a0000000-0000-4000-8000-000000000001'
export const otherDevice = 'a0000000-0000-4000-8000-000000000002'

export type Options<T> = Partial<Omit<T, 'type'>>
export type CommandOptions<T> = Options<T> & { readonly atMs?: number }

/** A command as it lies on the log, but for its offset. */
export interface GivenCommand {
  readonly command: Command
  readonly atMs: number
}

/** Where the replies of given commands go. */
export const reply = { replySlot: 1, replyEpoch: 7, request: 1 }
export const noText: Uint8Array = Buffer.alloc(0) // avsc takes Buffers only
export const bodyOf = (text: string): Uint8Array => Buffer.from(JSON.stringify({ kind: 'text', text }))

let serial = 0
export const nextMessageId = (): string => messageId(++serial)

export const lying = <C extends Command>(base: C, { atMs, ...options }: CommandOptions<C>): GivenCommand => ({
  command: { ...base, ...options },
  atMs: atMs ?? at(0),
})

export const registerUser = (name: string, options: CommandOptions<RegisterUser> = {}): GivenCommand =>
  lying<RegisterUser>(
    {
      type: 'RegisterUser',
      device,
      clientMsgId: nextMessageId(),
      name,
      normalisedName: name.toLowerCase(),
      registrationId: `registration of ${name}`,
      displayName: Buffer.from(name),
      keyId: null,
      ...reply,
    },
    options,
  )

export const createGroup = (actor: number, options: CommandOptions<CreateGroup> = {}): GivenCommand =>
  lying<CreateGroup>(
    {
      type: 'CreateGroup',
      actor,
      device,
      clientMsgId: nextMessageId(),
      name: options.normalisedName ?? null,
      normalisedName: null,
      title: noText,
      description: noText,
      keyId: null,
      visibility: typeof options.normalisedName === 'string' ? 'public' : 'private',
      joinPolicy: 'open',
      history: 'all',
      members: [],
      ...reply,
    },
    options,
  )

export const postMessage = (
  actor: number,
  conversation: string,
  options: CommandOptions<PostMessage> = {},
): GivenCommand =>
  lying<PostMessage>(
    {
      type: 'PostMessage',
      conversation,
      actor,
      device,
      clientMsgId: nextMessageId(),
      after: null,
      body: bodyOf('hi'),
      keyId: null,
      replyTo: null,
      mentions: [],
      ...reply,
    },
    options,
  )

export const joinGroup = (actor: number, conversation: string, options: CommandOptions<JoinGroup> = {}): GivenCommand =>
  lying<JoinGroup>({ type: 'JoinGroup', conversation, actor, device, clientMsgId: nextMessageId(), ...reply }, options)

export const leaveGroup = (
  actor: number,
  conversation: string,
  options: CommandOptions<LeaveGroup> = {},
): GivenCommand =>
  lying<LeaveGroup>(
    { type: 'LeaveGroup', conversation, actor, device, clientMsgId: nextMessageId(), ...reply },
    options,
  )

type RelationCommand = Extract<Command, { readonly type: RelationCommandType }>
type RelationCommandType =
  | 'AcceptFriend'
  | 'BlockUser'
  | 'DeclineFriend'
  | 'RemoveFriend'
  | 'RequestFriend'
  | 'UnblockUser'
  | 'WithdrawFriendRequest'

/** Of friendship and blocks, about the other one of the direct conversation. */
export const relationCommand = (
  type: RelationCommandType,
  actor: number,
  conversation: string,
  { note = noText, ...options }: CommandOptions<RequestFriend> = {},
): GivenCommand => {
  const envelope = { conversation, actor, device, clientMsgId: nextMessageId(), ...reply }
  const command: RelationCommand =
    type === 'RequestFriend' ? { type, ...envelope, note, keyId: null } : { type, ...envelope }
  return lying<RelationCommand>(command, options)
}

export const common = () => ({ device, clientMsgId: nextMessageId(), at: at(0) })

export const userRegistered = (
  userId: number,
  name: string,
  options: Options<UserRegistered> = {},
): UserRegistered => ({
  type: 'UserRegistered',
  ...common(),
  userId,
  actor: userId,
  name,
  normalisedName: name.toLowerCase(),
  registrationId: `registration of ${name}`,
  displayName: Buffer.from(name),
  keyId: null,
  ...options,
})

/** Private unless it has a name; `joinPolicy` open. */
export const groupCreated = (
  groupId: number,
  owner: number,
  members: readonly number[] = [],
  options: Options<GroupCreated> = {},
): GroupCreated => ({
  type: 'GroupCreated',
  ...common(),
  conversation: groupConversation(groupId),
  seq: 1,
  actor: owner,
  groupId,
  name: options.normalisedName ?? null,
  normalisedName: null,
  title: noText,
  description: noText,
  keyId: null,
  visibility: typeof options.normalisedName === 'string' ? 'public' : 'private',
  joinPolicy: 'open',
  history: 'all',
  members,
  membership: 'stored',
  ...options,
})

export const memberJoined = (
  user: number,
  conversation: string,
  seq: number,
  options: Options<MemberJoined> = {},
): MemberJoined => ({ type: 'MemberJoined', ...common(), conversation, seq, actor: user, user, ...options })

export const memberLeft = (
  user: number,
  conversation: string,
  seq: number,
  options: Options<MemberLeft> = {},
): MemberLeft => ({ type: 'MemberLeft', ...common(), conversation, seq, actor: user, user, ...options })

export const messagePosted = (
  actor: number,
  conversation: string,
  seq: number,
  options: Options<MessagePosted> = {},
): MessagePosted => ({
  type: 'MessagePosted',
  ...common(),
  conversation,
  seq,
  actor,
  body: bodyOf('hi'),
  keyId: null,
  replyTo: null,
  mentions: [],
  ...options,
})

/** `other` of the direct conversation is who it is about. */
export const friendEvent = (
  type: 'FriendAccepted' | 'FriendDeclined' | 'FriendRemoved' | 'FriendRequested' | 'FriendWithdrawn',
  actor: number,
  conversation: string,
  seq: number,
  { note = noText, ...options }: Options<FriendRequested> = {},
): LogEvent => {
  const event = { ...common(), conversation, seq, actor, user: otherIn(conversation, actor), ...options }
  return type === 'FriendRequested' ? { type, ...event, note, keyId: null } : { type, ...event }
}

export const blockEvent = (
  type: 'UserBlocked' | 'UserUnblocked',
  actor: number,
  conversation: string,
  options: Options<UserBlocked> = {},
): LogEvent => ({
  ...{ type, ...common(), conversation, seq: null, actor, user: otherIn(conversation, actor) },
  ...options,
})

const otherIn = (conversation: string, user: number): number => {
  const id = parseConversation(conversation)
  if (id?.kind !== 'direct') throw new Error(`${conversation} is not direct`)
  return id.lo === user ? id.hi : id.lo
}

/** The next valid record of a log that ended at `state`. */
export const stored = (state: PartitionState, event: LogEvent, cmd: number, wire: Wire = testWire): StoredEvent => {
  const { value } = wire.encode(event)
  const pos = state.head.nextPos
  const chain = wire.chainOf(state.head.chain, { pos, type: event.type, cmd, value })
  return { pos, cmd, type: event.type, value, chain, event }
}

/** One partition of one (ids 1, 2, 3, …), told what happened, asked what a command comes to. */
export interface Scenario {
  readonly state: PartitionState
  when(...commands: readonly GivenCommand[]): Outcome
}

interface Outcome {
  readonly draft: Draft
  /** The commands came to these events, and no others; fields that are not named may be anything. What follows builds on them. */
  then(...events: readonly Expected[]): Scenario
  /** The one command was refused with `code` and had no effect. */
  thenRejected(code: RejectionCode): Scenario
  /** The one command was answered like the first of its kind and had no effect. */
  thenRepeated(place: Partial<AddressedReply['reply']>): Scenario
}

type Expected = { readonly type: LogEvent['type'] } & Readonly<Record<string, unknown>>

export interface ScenarioOptions {
  readonly partition?: number
  readonly partitions?: number
  readonly context?: Partial<BatchContext>
}

export const given = (...events: readonly LogEvent[]): Scenario => givenWith({}, ...events)

export const givenWith = (options: ScenarioOptions, ...events: readonly LogEvent[]): Scenario => {
  const context = { wire: testWire, policy: openPolicy, limits: draftLimits, brokerTimeMs: at(0), ...options.context }
  const state = createPartitionState(options.partition ?? 0, options.partitions ?? 1, context.wire)
  let nextCmd = 0
  for (const event of events)
    deepStrictEqual(applyEvent(state, stored(state, event, nextCmd++), context.wire), { outcome: 'applied' })
  return scenario(state, context, nextCmd)
}

const scenario = (state: PartitionState, context: BatchContext, firstCmd: number): Scenario => ({
  state,
  when: (...commands) => {
    const batch = commands.map((command, index): StoredCommand => ({ cmd: firstCmd + index, ...command }))
    const draft = decideBatch(batch, state, context)
    deepStrictEqual(draft.taken, commands.length)
    return outcome(draft, () => {
      commit(state, draft)
      return scenario(state, context, firstCmd + commands.length)
    })
  },
})

const outcome = (draft: Draft, proceed: () => Scenario): Outcome => ({
  draft,
  // biome-ignore lint/suspicious/noThenProperty: given, when, then; nobody awaits an outcome.
  then: (...expected) => {
    deepStrictEqual(
      draft.events.map(({ type }) => type),
      expected.map(({ type }) => type),
    )
    for (const [index, event] of expected.entries()) partialDeepStrictEqual(draft.events[index]?.event, event)
    return proceed()
  },
  thenRejected: (code) => {
    deepStrictEqual(
      draft.events.map(({ type }) => type),
      ['CommandsRejected'],
    )
    deepStrictEqual(
      draft.rejections.map((rejection) => rejection.code),
      [code],
    )
    partialDeepStrictEqual(
      draft.replies.map(({ reply }) => reply),
      [{ outcome: 'rejected', code }],
    )
    return proceed()
  },
  thenRepeated: (place) => {
    deepStrictEqual(draft.events, [])
    partialDeepStrictEqual(
      draft.replies.map(({ reply }) => reply),
      [{ outcome: 'repeated', at: null, ...place }],
    )
    return proceed()
  },
})
