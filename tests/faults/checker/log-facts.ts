import { chainOf, chainStart, decodeEvent, hasPlace, type LogEvent, toClientEvent } from '@chat/schemas'
import { type HistoryEvent, type Logged, printOf } from '../history.ts'
import { watchRefusals } from './log-refusals.ts'

/** Seqs, both inclusive. */
export interface Interval {
  readonly from: number
  readonly to: number
}

/** An event that counts, and has a place in a conversation. */
export interface LoggedEvent {
  readonly conversation: string
  readonly seq: number
  /** As clients know it: `messagePosted`, … */
  readonly type: string
  readonly actor: number
  readonly device: string
  /** Of a message. */
  readonly clientMsgId: string | null
  readonly text: string | null
  /** As it was appended. */
  readonly print: number
  /** The seq of the message that was edited, deleted or reacted to. */
  readonly about: number | null
  /** Of the request that asked for it. */
  readonly requestId: string
  readonly line: Logged
  readonly partition: number
  readonly pos: number
  /** LogAppendTime, ms since the epoch. */
  readonly appendedMs: number
}

/** What the log says of a conversation; the checker's own reading of it, independent of the read models. */
export interface LoggedConversation {
  readonly id: string
  readonly partition: number
  /** In log order: seq is index + 1, or the log is wrong. */
  readonly events: LoggedEvent[]
  /** Events that do not stand at their seq, by seq, the first of each: none, or the log is wrong. */
  readonly displaced: ReadonlyMap<number, LoggedEvent>
  /** Seq of a message → what was done to it later, in order. */
  readonly deeds: ReadonlyMap<number, readonly LoggedEvent[]>
  /** Members see what was before they came. */
  readonly sharesAll: boolean
  /** Everybody is in it, and nobody has a stay or a cursor. */
  readonly isRoom: boolean
  /** In order; an open one ends at `Infinity`. */
  readonly stays: ReadonlyMap<number, readonly Interval[]>
  readonly lastSeq: number
}

export interface LogFacts {
  readonly conversations: ReadonlyMap<string, LoggedConversation>
  /** The valid message of this id, the first of them. */
  readonly messages: ReadonlyMap<string, LoggedEvent>
  /** Ids that more than one valid message has, with all of them. */
  readonly repeated: ReadonlyMap<string, readonly LoggedEvent[]>
  /** `partition/pos` is what a position names. */
  at(partition: number, pos: number): LoggedEvent | undefined
  /** What was refused for good and done later. */
  readonly contradicted: readonly string[]
  /** What is wrong with the log by itself. */
  readonly problems: readonly string[]
}

interface Draft {
  readonly id: string
  readonly partition: number
  readonly events: LoggedEvent[]
  readonly displaced: Map<number, LoggedEvent>
  readonly deeds: Map<number, LoggedEvent[]>
  sharesAll: boolean
  isRoom: boolean
  readonly stays: Map<number, Interval[]>
  lastSeq: number
}

interface PartitionPlace {
  nextOffset: number
  chain: string
}

/** Reads the dump of the event log as every reader must: a record counts if it stands at its `pos`, and the chain must hold. */
export const readLog = (history: readonly HistoryEvent[]): LogFacts => {
  const conversations = new Map<string, Draft>()
  const messages = new Map<string, LoggedEvent>()
  const repeated = new Map<string, LoggedEvent[]>()
  /** Per partition, by offset. */
  const places = new Map<number, LoggedEvent[]>()
  const partitions = new Map<number, PartitionPlace>()
  const problems: string[] = []
  const refusals = watchRefusals()
  for (const line of history) {
    if (line.what !== 'logged' || line.topic !== 'events') continue
    const event = take(line, partitions, problems)
    if (event !== undefined) refusals.take(event, `${line.partition}/${line.offset}`)
    const placed = event === undefined ? undefined : placeOf(event, line)
    if (event === undefined || placed === undefined) continue
    const draft = within(conversations, placed.conversation, () => emptyDraft(placed))
    draft.events.push(placed)
    if (draft.events.length !== placed.seq) within(draft.displaced, placed.seq, () => placed)
    if (placed.about !== null) within(draft.deeds, placed.about, () => [] as LoggedEvent[]).push(placed)
    draft.lastSeq = Math.max(draft.lastSeq, placed.seq)
    moveMembers(draft, event, placed.seq)
    within(places, line.partition, () => [] as LoggedEvent[])[line.offset] = placed
    if (placed.clientMsgId === null) continue
    const known = messages.get(placed.clientMsgId)
    if (known === undefined) messages.set(placed.clientMsgId, placed)
    else within(repeated, placed.clientMsgId, () => [known]).push(placed)
  }
  return {
    conversations,
    messages,
    repeated,
    at: (partition, pos) => places.get(partition)?.[pos],
    contradicted: refusals.contradicted,
    problems,
  }
}

/** The event at a place of a conversation; of several, which I3 tells of, the first. */
export const eventAt = (conversation: LoggedConversation | undefined, seq: number): LoggedEvent | undefined => {
  const there = conversation?.events[seq - 1]
  return there?.seq === seq ? there : conversation?.displaced.get(seq)
}

const emptyDraft = ({ conversation, partition }: LoggedEvent): Draft => ({
  id: conversation,
  partition,
  events: [],
  displaced: new Map(),
  deeds: new Map(),
  sharesAll: conversation.startsWith('d'),
  isRoom: false,
  stays: new Map(),
  lastSeq: 0,
})

export const within = <K, V>(map: Map<K, V>, key: K, make: () => V): V => {
  const found = map.get(key)
  if (found !== undefined) return found
  const made = make()
  map.set(key, made)
  return made
}

/** The event of a record that counts. */
const take = (line: Logged, partitions: Map<number, PartitionPlace>, problems: string[]): LogEvent | undefined => {
  const place = within(partitions, line.partition, () => ({ nextOffset: 0, chain: chainStart }))
  const where = `events ${line.partition}/${line.offset}`
  if (line.offset !== place.nextOffset) problems.push(`${where}: came where offset ${place.nextOffset} was due`)
  place.nextOffset = line.offset + 1
  if (line.pos !== String(line.offset)) return undefined
  const value = Buffer.from(line.value, 'base64')
  const chain = chainOf(place.chain, { pos: line.offset, type: line.type ?? '', cmd: Number(line.cmd), value })
  if (line.chain !== chain) problems.push(`${where}: chain ${line.chain} where ${chain} was due: the log was cut`)
  place.chain = line.chain ?? chain
  const decoded = decodeEvent(line.schema ?? '', value)
  if ('record' in decoded) return decoded.record
  problems.push(`${where}: ${decoded.detail}`)
  return undefined
}

/** What changes how a message is shown. */
const deedTypes: ReadonlySet<string> = new Set(['messageEdited', 'messageDeleted', 'reactionAdded', 'reactionRemoved'])

const placeOf = (event: LogEvent, line: Logged): LoggedEvent | undefined => {
  const visible = toClientEvent(event)
  if (visible === undefined || !hasPlace(visible) || !('device' in event)) return undefined
  const { conversation, seq, type, actor } = visible
  const isMessage = event.type === 'MessagePosted'
  const text = (visible.data.body as { readonly text?: unknown } | undefined)?.text
  return {
    conversation,
    seq,
    type,
    actor,
    device: event.device,
    clientMsgId: isMessage ? event.clientMsgId : null,
    text: typeof text === 'string' ? text : null,
    print: printOf(visible),
    about: deedTypes.has(type) ? Number(visible.data.seq) : null,
    requestId: event.clientMsgId,
    line,
    partition: line.partition,
    pos: line.offset,
    appendedMs: line.appendedMs,
  }
}

/** An event type that changes members and is not known here shows as posts of people who are no members: teach it. */
const moveMembers = (draft: Draft, event: LogEvent, seq: number): void => {
  // A direct conversation begins with whatever is first in it, and both stay for ever.
  if (draft.id.startsWith('d') && draft.stays.size === 0)
    for (const user of draft.id.slice(1).split('.')) begin(draft, Number(user), 1)
  switch (event.type) {
    case 'GroupCreated':
      draft.sharesAll = event.history === 'all'
      draft.isRoom = event.membership === 'online'
      if (draft.isRoom) return
      for (const user of new Set([event.actor, ...event.members])) begin(draft, user, seq)
      return
    case 'GroupChanged':
      if (event.history !== null) draft.sharesAll = event.history === 'all'
      return
    case 'MemberJoined':
      begin(draft, event.user, seq)
      return
    case 'MemberBanned':
    case 'MemberLeft':
    case 'MemberRemoved': {
      const stays = draft.stays.get(event.user)
      const open = stays?.at(-1)
      if (open?.to === Number.POSITIVE_INFINITY) stays?.splice(-1, 1, { from: open.from, to: seq })
      return
    }
    default:
      return
  }
}

const begin = (draft: Draft, user: number, from: number): void => {
  const stays = within(draft.stays, user, () => [])
  if (stays.at(-1)?.to !== Number.POSITIVE_INFINITY) stays.push({ from, to: Number.POSITIVE_INFINITY })
}
