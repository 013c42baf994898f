import type { DirectEntry, SnapshotBegun, SnapshotPart } from '@chat/schemas'
import type { Account } from './account/state.ts'
import type { Conversation } from './conversation.ts'
import { invariant, unexpected } from './decision.ts'
import { isFriendship } from './direct/state.ts'
import { groupEntries, loadGroup } from './group/dump.ts'
import type { Group } from './group/state.ts'
import { noPins, type Pins } from './message-acts.ts'
import type { Head, PartitionState, Wire } from './partition.ts'
import { isLasting, type LastingCode } from './refusal.ts'
import { packIds, unpackIds, type Window } from './window.ts'

/** Some entries of the state, as plain values. */
export type DumpPart = Omit<SnapshotPart, 'type' | 'dump' | 'part'>
/** The state's head, as plain values. */
export type DumpedHead = Pick<
  SnapshotBegun,
  'nextPos' | 'lastPos' | 'chain' | 'resume' | 'nextId' | 'logTimeMs' | 'firstId'
>

/**
 * A state as it was at `head`, in parts that are made when they are asked for. The state may go on meanwhile: the parts hold what was
 * there when the dump began. It ends with one of `keep` and `discard`.
 */
export interface Dump {
  readonly head: DumpedHead
  readonly parts: Iterable<DumpPart>
  /** It is written: the next delta begins where this dump did. */
  keep(): void
  /** It came to nothing: the next delta holds its changes as well. */
  discard(): void
}

/** A part closes at this estimate of its encoded size, which is never too low, bytes. A record is far smaller than a broker's limit. */
export const partBytesMax = 128 * 1024
/** The whole state. Loaded into an empty one, it gives the same state. */
export const dumpFull = (state: PartitionState): Dump => createDump(state, 'dumpAll')

/** What changed since the last kept dump began. Loaded over that one, it gives the same state. */
export const dumpDelta = (state: PartitionState): Dump => createDump(state, 'dumpTouched')

const createDump = ({ head, tables }: PartitionState, which: 'dumpAll' | 'dumpTouched'): Dump => {
  const dumped = dumpHead(head)
  const conversations = tables.conversations[which]()
  const windows = tables.windows[which]()
  const accounts = tables.accounts[which]()
  const groupNames = tables.groupNames[which]()
  const refusals = tables.refusals[which]()
  const deletions = tables.deletions[which]()
  const aliases = tables.aliases[which]()
  const all = [conversations, windows, accounts, groupNames, refusals, deletions, aliases]
  return {
    head: dumped,
    parts: partsOf({
      conversations: conversations.entries,
      windows: windows.entries,
      accounts: accounts.entries,
      groupNames: groupNames.entries,
      refusals: refusals.entries,
      deletions: deletions.entries,
      aliases: aliases.entries,
    }),
    keep: () => {
      for (const table of all) table.keep()
    },
    discard: () => {
      for (const table of all) table.discard()
    },
  }
}

const dumpHead = ({ nextPos, lastPos, chain, resume, nextId, logTimeMs, opened }: Head): DumpedHead => {
  invariant(opened !== undefined, 'a log is dumped once it is open')
  return { nextPos, lastPos, chain, resume, nextId, logTimeMs, firstId: opened.firstId }
}

type Entries<V> = Iterable<readonly [string, V]>

interface Tables {
  readonly conversations: Entries<Conversation>
  readonly windows: Entries<Window>
  readonly accounts: Entries<Account>
  readonly groupNames: Entries<number>
  readonly refusals: Entries<LastingCode>
  readonly deletions: Entries<number>
  readonly aliases: Entries<number>
}

type OpenPart = { readonly [K in keyof DumpPart]: DumpPart[K][number][] }

const emptyPart = (): OpenPart => ({
  directs: [],
  groups: [],
  halted: [],
  rooms: [],
  windows: [],
  accounts: [],
  groupNames: [],
  refusals: [],
  deletions: [],
  aliases: [],
})

function* partsOf(tables: Tables): Iterable<DumpPart> {
  let part = emptyPart()
  let bytes = 0
  for (const [add, entryBytes] of additionsOf(tables)) {
    if (bytes > 0 && bytes + entryBytes > partBytesMax) {
      yield part
      part = emptyPart()
      bytes = 0
    }
    add(part)
    bytes += entryBytes
  }
  if (bytes > 0) yield part
}

/** How to add an entry to a part, and what it costs at most, bytes. */
type Addition = readonly [add: (part: OpenPart) => void, bytes: number]

/** What a number takes: a place or id, a position or time, a 40-bit field of an id. Bytes in Avro. */
const [smallBytes, longBytes, idPartBytes] = [5, 8, 6]
/** Numbers, lengths and flags of an entry besides its texts and lists. */
const entryBytes = 40
/** The join policy and the flags of a group besides that; a member: who, where his stay began, a time and two flags. */
const groupBytes = 16
const memberBytes = 2 * smallBytes + longBytes + 2
/** UTF-8 takes at most three bytes for each unit of a string. */
const textBytes = (text: string): number => 3 * text.length + smallBytes

function* additionsOf({
  conversations,
  windows,
  accounts,
  groupNames,
  refusals,
  deletions,
  aliases,
}: Tables): Iterable<Addition> {
  for (const [key, conversation] of conversations) yield* conversationAdditions(key, conversation)
  for (const [key, window] of windows) {
    const entry = { key, lastAtMs: window.lastAtMs, dropped: [...window.dropped], ids: packIds(window.entries) }
    const idsBytes = entry.ids.length * ((2 * idPartBytes + smallBytes + 2 * longBytes) / 5)
    yield [(part) => void part.windows.push(entry), entryBytes + textBytes(key) + idsBytes]
  }
  for (const [normalisedName, account] of accounts) {
    const entry = { normalisedName, ...account }
    const { clientMsgId } = account
    yield [(part) => void part.accounts.push(entry), entryBytes + textBytes(normalisedName) + textBytes(clientMsgId)]
  }
  for (const [normalisedName, groupId] of groupNames)
    yield [(part) => void part.groupNames.push({ normalisedName, groupId }), entryBytes + textBytes(normalisedName)]
  for (const [key, code] of refusals)
    yield [(part) => void part.refusals.push({ key, code }), textBytes(key) + textBytes(code)]
  for (const [key, pos] of deletions)
    yield [(part) => void part.deletions.push({ key, pos }), textBytes(key) + longBytes]
  for (const [key, oldId] of aliases)
    yield [(part) => void part.aliases.push({ key, oldId }), textBytes(key) + smallBytes]
}

function* conversationAdditions(conversation: string, value: Conversation): Iterable<Addition> {
  const { lastSeq, lastAtMs } = value
  const bytes = entryBytes + textBytes(conversation)
  switch (value.kind) {
    case 'direct': {
      const { friendship, isBlockedByLo, isBlockedByHi } = value
      const relation = { friendship, isBlockedByLo, isBlockedByHi }
      yield directAddition({ conversation, lastSeq, lastAtMs, ...relation, pins: [...value.pins] }, bytes)
      return
    }
    case 'halted':
      yield [(part) => void part.halted.push({ conversation, lastSeq, lastAtMs }), bytes]
      return
    case 'group':
      yield* groupAdditions(conversation, value, bytes)
      return
    case 'room': {
      const { isClosed } = value
      yield [(part) => void part.rooms.push({ conversation, isClosed, lastSeq, lastAtMs }), bytes]
      return
    }
    default:
      unexpected(value)
  }
}

const directAddition = (entry: DirectEntry, bytes: number): Addition => [
  (part) => void part.directs.push(entry),
  bytes + entry.pins.length * smallBytes,
]

function* groupAdditions(conversation: string, group: Group, bytes: number): Iterable<Addition> {
  for (const entry of groupEntries(conversation, group)) {
    const { members, formerMembers, invited, requested, banned, pins } = entry
    const usersBytes =
      (formerMembers.length + invited.length + requested.length + banned.length + pins.length) * smallBytes
    yield [(part) => void part.groups.push(entry), bytes + groupBytes + members.length * memberBytes + usersBytes]
  }
}

/** Takes a part of a dump into the state; parts in their order, dumps in theirs. Throws when it makes no sense: the state is then void. */
export const loadPart = ({ tables }: PartitionState, part: DumpPart, wire: Wire): void => {
  const { conversations } = tables
  for (const { conversation, friendship, ...rest } of part.directs) {
    const id = wire.parseConversation(conversation)
    invariant(id?.kind === 'direct', 'a direct conversation names its two')
    invariant(isFriendship(friendship), 'a friendship is one of those known')
    const { lastSeq, lastAtMs, isBlockedByLo, isBlockedByHi } = rest
    const relation = { friendship, isBlockedByLo, isBlockedByHi }
    const place = { lastSeq, lastAtMs, pins: loadPins(rest.pins) }
    conversations.restore(conversation, { kind: 'direct', lo: id.lo, hi: id.hi, ...place, ...relation })
  }
  for (const entry of part.groups)
    conversations.restore(entry.conversation, loadGroup(entry, conversations.get(entry.conversation)))
  for (const { conversation, lastSeq, lastAtMs } of part.halted)
    conversations.restore(conversation, { kind: 'halted', lastSeq, lastAtMs })
  for (const { conversation, isClosed, lastSeq, lastAtMs } of part.rooms)
    conversations.restore(conversation, { kind: 'room', isClosed, lastSeq, lastAtMs })
  for (const { key, lastAtMs, dropped, ids } of part.windows) {
    const [time, high, low] = dropped
    invariant(time !== undefined && high !== undefined && low !== undefined, 'an id has three parts')
    tables.windows.restore(key, { entries: unpackIds(ids), dropped: [time, high, low], lastAtMs })
  }
  for (const { normalisedName, ...account } of part.accounts) {
    tables.accounts.restore(normalisedName, account)
    tables.accountNames.set(String(account.userId), normalisedName)
  }
  for (const { normalisedName, groupId } of part.groupNames) tables.groupNames.restore(normalisedName, groupId)
  for (const { key, code } of part.refusals) {
    invariant(isLasting(code), 'only what lasts is remembered')
    tables.refusals.restore(key, code)
  }
  for (const { key, pos } of part.deletions) tables.deletions.restore(key, pos)
  for (const { key, oldId } of part.aliases) tables.aliases.restore(key, oldId)
}

/** An idle conversation without pins costs nothing for them. */
const loadPins = (pins: Pins): Pins => (pins.length === 0 ? noPins : pins)

/** The head of a state into which all parts were taken. */
export const loadHead = (dumped: DumpedHead, partitions: number): Head => {
  const { nextPos, lastPos, chain, resume, nextId, logTimeMs, firstId } = dumped
  return { nextPos, lastPos, chain, resume, nextId, logTimeMs, opened: { partitions, firstId } }
}
