import type { ConversationId, EventHeaders, LogEvent, Rejection } from '@chat/schemas'
import { type AccountEvent, begin, evolve as evolveAccount, subjectOf } from './account/evolve.ts'
import type { Account } from './account/state.ts'
import { aliasKey } from './alias.ts'
import { type Conversation, evolve as evolveConversation, halt } from './conversation.ts'
import type { ConversationEvent } from './conversation-command.ts'
import { invariant } from './decision.ts'
import { emptyDirect } from './direct/state.ts'
import { type Deletions, deletionKey, deletionsMax } from './message-acts.ts'
import { NewestTable } from './newest-table.ts'
import { isLasting, type LastingCode, refusalKey, refusalsMax } from './refusal.ts'
import { TrackedTable } from './tracked-table.ts'
import {
  accountKey,
  dayOf,
  emptyWindow,
  noNumber,
  parseMessageId,
  remember,
  sight,
  type Window,
  windowAt,
} from './window.ts'

/** What the domain is handed of the schemas, whose types alone it imports. All are pure. */
export interface Wire {
  readonly encode: (event: LogEvent) => { readonly schema: string; readonly value: Uint8Array }
  readonly chainOf: (previous: string, event: ChainedEvent) => string
  readonly chainStart: string
  readonly parseConversation: (text: string) => ConversationId | undefined
  readonly groupConversation: (groupId: number) => string
  readonly idMax: number
}

interface ChainedEvent {
  readonly pos: number
  readonly type: string
  readonly cmd: number
  readonly value: Uint8Array
}

/** A valid record of the log. `event` is undefined when its type is unknown to this build and ignorable. */
export interface StoredEvent extends ChainedEvent {
  readonly chain: string
  readonly event: LogEvent | undefined
}

export interface Table<V> {
  get(key: string): V | undefined
  set(key: string, value: V): unknown
}

/** `T` is a Map for the state itself, a layer over it for a draft. */
export interface Tables {
  /** By conversation id. */
  readonly conversations: Table<Conversation>
  /** By `windowKey`. */
  readonly windows: Table<Window>
  /** By normalised name: who claimed it. */
  readonly accounts: Table<Account>
  /** By `String(userId)`: the normalised name that leads to the account. Follows from `accounts`. */
  readonly accountNames: Table<string>
  /** Normalised names of groups → group id. */
  readonly groupNames: Table<number>
  /** By `refusalKey`: what a repetition of a refused command is answered. */
  readonly refusals: Table<LastingCode>
  /** By `deletionKey`: positions of deletions of messages. */
  readonly deletions: Deletions
  /** By `aliasKey`: the old number of an imported user or group. */
  readonly aliases: Table<number>
}

/** Where a partition stands. */
export interface Head {
  /** The offset that the next record of the log gets. */
  readonly nextPos: number
  /** Position and chain of the last valid event; -1 and the wire's `chainStart` before the first. */
  readonly lastPos: number
  readonly chain: string
  /** Commands are decided from here on. */
  readonly resume: number
  /** The id that the next user or group gets. */
  readonly nextId: number
  /** The greatest `at` of the log, ms: the only clock that state depends on. */
  readonly logTimeMs: number
  /** What the log was opened with; undefined: it is empty. */
  readonly opened: { readonly partitions: number; readonly firstId: number } | undefined
}

/**
 * Everything one partition of the log says. A pure function of its valid events: `applyEvent` in log order, or `commit` of a draft
 * that was appended, both of which change it in place, since it is too large to copy.
 */
export interface PartitionState {
  readonly partition: number
  readonly partitions: number
  head: Head
  tables: {
    readonly conversations: TrackedTable<Conversation>
    readonly windows: TrackedTable<Window>
    readonly accounts: TrackedTable<Account>
    readonly accountNames: Map<string, string>
    readonly groupNames: TrackedTable<number>
    readonly refusals: NewestTable<LastingCode>
    readonly deletions: NewestTable<number>
    readonly aliases: TrackedTable<number>
  }
}

export const createPartitionState = (partition: number, partitions: number, wire: Wire): PartitionState => ({
  partition,
  partitions,
  head: {
    nextPos: 0,
    lastPos: -1,
    chain: wire.chainStart,
    resume: 0,
    nextId: partition + 1,
    logTimeMs: 0,
    opened: undefined,
  },
  tables: {
    conversations: new TrackedTable(),
    windows: new TrackedTable(),
    accounts: new TrackedTable(),
    accountNames: new Map(),
    groupNames: new TrackedTable(),
    refusals: new NewestTable(refusalsMax),
    deletions: new NewestTable(deletionsMax),
    aliases: new TrackedTable(),
  },
})

export type Applied =
  | { readonly outcome: 'applied' }
  /** Its aggregate takes no writes from now on; the others go on. An alarm is due. */
  | { readonly outcome: 'contained'; readonly error: unknown }
  /** The chain does not fit: the log was cut and grew again. Nothing was applied. */
  | { readonly outcome: 'cut' }

/** Takes the next valid event of the log into the state. */
export const applyEvent = (state: PartitionState, stored: StoredEvent, wire: Wire): Applied => {
  if (wire.chainOf(state.head.chain, stored) !== stored.chain) return { outcome: 'cut' }
  const before = state.head
  let applied: Applied = { outcome: 'applied' }
  try {
    applyToTables(state.tables, before, stored, wire)
  } catch (error) {
    if (isOfConversation(stored.event)) contain(state, stored.event)
    applied = { outcome: 'contained', error }
  }
  state.head = headAfter(before, stored, state)
  restIdleWindows(state, before)
  return applied
}

/** Its conversation takes nothing any more; a name that it claims stays claimed, or another group would get it. */
const contain = ({ tables }: PartitionState, event: ConversationEvent): void => {
  tables.conversations.set(event.conversation, halt(event, tables.conversations.get(event.conversation)))
  if (event.type !== 'GroupCreated' || event.normalisedName === null) return
  if (!tables.groupNames.has(event.normalisedName)) tables.groupNames.set(event.normalisedName, event.groupId)
}

/** Passes a record of the log that is not valid: it only takes up a position. */
export const passInvalid = (state: PartitionState, pos: number): void => {
  state.head = { ...state.head, nextPos: pos + 1 }
}

/** One event's effect. Throws before its first write or not at all. */
export const applyToTables = (
  tables: Tables,
  head: Head,
  { event, pos }: Pick<StoredEvent, 'event' | 'pos'>,
  wire: Wire,
): void => {
  if (event === undefined) return
  switch (event.type) {
    case 'UserRegistered':
      tables.accounts.set(event.normalisedName, begin(tables.accounts.get(event.normalisedName), event, pos))
      tables.accountNames.set(String(event.userId), event.normalisedName)
      return
    case 'ProfileChanged':
    case 'UserSuspended':
    case 'UserReinstated':
    case 'OperatorGranted':
    case 'OperatorRevoked':
    case 'UserImported':
    case 'NoticeBroadcast':
      applyToAccount(tables, head, event, pos)
      return
    case 'CommandsRejected':
      for (const rejection of event.rejections) rememberRefusal(tables, rejection) // [G11]
      return
    case 'CommandsRebased':
    case 'LogOpened':
      return
    default:
      applyToConversation(tables, head, event, pos, wire)
  }
}

const applyToAccount = (tables: Tables, head: Head, event: AccountEvent, pos: number): void => {
  const userId = subjectOf(event)
  const name = tables.accountNames.get(String(userId))
  const account = name === undefined ? undefined : tables.accounts.get(name)
  const id = parseMessageId(event.clientMsgId)
  invariant(name !== undefined && account !== undefined, 'an account begins with its registration')
  invariant(id !== undefined, 'a clientMsgId is a UUID v7')
  const key = windowKey(accountKey(userId), event.actor, event.device)
  const window = windowAt(tables.windows.get(key) ?? emptyWindow, head.logTimeMs)
  tables.accounts.set(name, evolveAccount(account, event))
  tables.windows.set(key, remember(window, id, { number: userId, pos }, event.at))
  if (event.type === 'UserImported') tables.aliases.set(aliasKey(event.dialect, accountKey(userId)), event.oldId)
}

/** Its repetition gets the same answer, whatever has happened since. */
export const rememberRefusal = ({ refusals }: Tables, { code, refused }: Rejection): void => {
  if (refused === null || !isLasting(code)) return
  const { conversation, actor, device, clientMsgId } = refused
  refusals.set(refusalKey(windowKey(conversation ?? undefined, actor, device), clientMsgId), code)
}

const applyToConversation = (tables: Tables, head: Head, event: ConversationEvent, pos: number, wire: Wire): void => {
  const conversation = evolveConversation(findConversation(tables, event.conversation, wire), event)
  const isCreation = event.type === 'GroupCreated'
  const key = windowKey(isCreation ? undefined : event.conversation, event.actor, event.device)
  const id = parseMessageId(event.clientMsgId)
  invariant(id !== undefined, 'a clientMsgId is a UUID v7')
  const place = { number: isCreation ? event.groupId : (event.seq ?? noNumber), pos }
  const window = windowAt(tables.windows.get(key) ?? emptyWindow, head.logTimeMs)
  tables.conversations.set(event.conversation, conversation)
  // One command may have several events: its place is that of the first, which a repetition is answered with. [G2]
  if (sight(window, id).kind !== 'repeated') tables.windows.set(key, remember(window, id, place, event.at))
  if (event.type === 'GroupImported') tables.aliases.set(aliasKey(event.dialect, event.conversation), event.oldId)
  if (event.type === 'MessageDeleted') tables.deletions.set(deletionKey(event.conversation, event.message), pos)
  if (isCreation && event.normalisedName !== null) tables.groupNames.set(event.normalisedName, event.groupId)
}

/** A direct conversation that nobody used yet is empty; a group that nobody created is none. */
export const findConversation = (tables: Tables, conversation: string, wire: Wire): Conversation | undefined => {
  const found = tables.conversations.get(conversation)
  if (found !== undefined) return found
  const id = wire.parseConversation(conversation)
  return id?.kind === 'direct' ? emptyDirect(id.lo, id.hi) : undefined
}

/** A device's ids in a conversation; without one: its creations of groups in this partition. */
export const windowKey = (conversation: string | undefined, actor: number, device: string): string =>
  `${conversation ?? ''}|${actor}|${device}`

/** The head after `stored`, in the log and in a draft alike. */
export const headAfter = (
  head: Head,
  stored: StoredEvent,
  { partition, partitions }: { readonly partition: number; readonly partitions: number },
): Head => {
  const { event } = stored
  return {
    nextPos: stored.pos + 1,
    lastPos: stored.pos,
    chain: stored.chain,
    resume: event?.type === 'CommandsRebased' ? event.next : Math.max(head.resume, stored.cmd + 1),
    nextId: nextIdAfter(head.nextId, event, partition, partitions),
    logTimeMs: event === undefined || isByOwnClock(event) ? head.logTimeMs : Math.max(head.logTimeMs, event.at),
    opened: event?.type === 'LogOpened' ? { partitions: event.partitions, firstId: event.firstId } : head.opened,
  }
}

/** Its `at` is of a process, not of the broker. */
const isByOwnClock = ({ type }: LogEvent): boolean => type === 'LogOpened' || type === 'CommandsRebased'

/** Ids carry their partition: (id - 1) mod P; so those of one partition are P apart. */
const nextIdAfter = (nextId: number, event: LogEvent | undefined, partition: number, partitions: number): number => {
  switch (event?.type) {
    case 'LogOpened':
      return leastId(event.firstId, partition, partitions)
    case 'UserRegistered':
      return Math.max(nextId, event.userId + partitions)
    case 'GroupCreated':
      return Math.max(nextId, event.groupId + partitions)
    default:
      return nextId
  }
}

/** The least id of the partition that is not below `firstId`. */
const leastId = (firstId: number, partition: number, partitions: number): number => {
  const least = Math.max(1, firstId)
  const ahead = (partition + 1 - least) % partitions
  return least + (ahead < 0 ? ahead + partitions : ahead)
}

/** Once a day of log time the idle windows give their memory back; `windowAt` already read them as shrunk. */
export const restIdleWindows = (state: PartitionState, before: Head): void => {
  if (dayOf(before.logTimeMs) === dayOf(state.head.logTimeMs)) return
  const { windows } = state.tables
  for (const [key, window] of windows) {
    const rested = windowAt(window, state.head.logTimeMs)
    if (rested !== window) windows.set(key, rested)
  }
}

export const isOfConversation = (event: LogEvent | undefined): event is ConversationEvent =>
  event !== undefined && 'conversation' in event

/** The record headers of an event. */
export const headersOf = (stored: StoredEvent & { readonly schema: string }): EventHeaders => ({
  type: stored.type,
  schema: stored.schema,
  pos: String(stored.pos),
  cmd: String(stored.cmd),
  ignorable: stored.type === 'CommandsRejected' ? 'true' : 'false',
  chain: stored.chain,
})
