import {
  chainOf,
  chainStart,
  createEncoder,
  encodePosition,
  hasPlace,
  idOf,
  type LogEvent,
  localSchemaIds,
  partitionOfConversation,
  partitionOfId,
  type ReceiptAdvanced,
  toClientEvent,
} from '@chat/schemas'
import { type Logged, printOf, type SeenEvent } from '../../history.ts'
import { within } from '../log-facts.ts'
import { createStoryMessages, deedEvent, type StoryDeed, type StoryMessages } from './messages.ts'

/** Wall clock at `at` 0 of every story, ms since the epoch. */
export const storyWallMs = Date.UTC(2026, 0, 1)

/** How far a user's cursor is. */
interface StoryCursor {
  deliveredSeq: number
  readSeq: number
}

/** A conversation as the server has it. */
interface StoryConversation {
  readonly id: string
  readonly partition: number
  readonly sharesAll: boolean
  /** Index = seq - 1. */
  readonly events: SeenEvent[]
  readonly messages: StoryMessages
  readonly members: Set<number>
  /** Of each user who was ever a member; `to` 0: still is. */
  readonly stays: Map<number, { readonly from: number; to: number }[]>
}

export interface StoryPlace {
  readonly conversation: string
  readonly seq: number
  readonly position: string
  readonly seen: SeenEvent
}

/** The whole server side of a story, at once and without a fault: what is done is in the log and visible. */
export interface StoryServer {
  readonly conversations: Map<string, StoryConversation>
  /** The place of every posted message, by id. */
  readonly posted: Map<string, StoryPlace>
  register(user: number, name: string): void
  createGroup(owner: Author, members: readonly number[], history: 'all' | 'sinceJoin'): StoryPlace
  /** Direct conversations begin with their first message. */
  post(author: Author, conversation: string, clientMsgId: string, text: string): StoryPlace | 'not_member'
  join(author: Author, conversation: string): StoryPlace | 'already_member'
  leave(author: Author, conversation: string): StoryPlace | 'not_member'
  /** Whoever may read a message may do anything to it. */
  act(author: Author, conversation: string, clientMsgId: string, deed: StoryDeed): StoryPlace | 'not_member'
  /** false: the cursor is there already. */
  advance(author: Author, conversation: string, cursor: 'delivered' | 'read', seq: number): boolean
  cursorOf(user: number, conversation: string): StoryCursor
  /** Seqs that the user may read, from `from` on, at most `max`; and the highest that he may read. */
  readable(user: number, conversation: string, from: number, max: number): readonly number[]
  highestOf(user: number, conversation: string): number
  /** As a page gives it to the user now. */
  shownTo(user: number, conversation: string, seq: number): SeenEvent
  /** Every record, per topic and partition in order of offset. */
  logged(at: number): readonly Logged[]
}

interface Author {
  readonly user: number
  readonly device: string
}

const nobody = '00000000-0000-7000-8000-000000000000'
const noText: Uint8Array = Buffer.alloc(0) // avsc takes Buffers only

interface PartitionLog {
  readonly records: Logged[]
  chain: string
}

export const createStoryServer = (partitions: number, now: () => number): StoryServer => {
  const encoder = createEncoder(localSchemaIds)
  const conversations = new Map<string, StoryConversation>()
  const posted = new Map<string, StoryPlace>()
  const cursors = new Map<string, Map<string, StoryCursor>>()
  const logs = new Map<string, PartitionLog>()
  let groups = 0
  const wallMs = () => storyWallMs + now()

  const write = (topic: Logged['topic'], partition: number, record: LogEvent | ReceiptAdvanced): number => {
    const log = within(logs, `${topic} ${partition}`, (): PartitionLog => ({ records: [], chain: chainStart }))
    const { schema, value } = encoder.encode(record)
    const offset = log.records.length
    const cmd = offset - 1
    if (topic === 'events') log.chain = chainOf(log.chain, { pos: offset, type: record.type, cmd, value })
    const stamps = { pos: String(offset), cmd: String(cmd), chain: log.chain }
    log.records.push({
      what: 'logged',
      at: 0,
      topic,
      partition,
      offset,
      appendedMs: wallMs(),
      schema,
      type: record.type,
      ...(topic === 'events' ? stamps : { pos: null, cmd: null, chain: null }),
      value: value.toString('base64'),
    })
    return offset
  }

  const append = (conversation: StoryConversation, event: LogEvent): StoryPlace => {
    const offset = write('events', conversation.partition, event)
    const visible = toClientEvent(event)
    if (visible === undefined || !hasPlace(visible)) throw new Error(`${event.type} has no place in a conversation`)
    const { seq, type, actor } = visible
    const clientMsgId = event.type === 'MessagePosted' ? event.clientMsgId : null
    const seen = { seq, type, actor, clientMsgId, print: printOf(visible) }
    conversation.events.push(seen)
    conversation.messages.take(event)
    const position = encodePosition({ partition: conversation.partition, pos: offset })
    return { conversation: conversation.id, seq, position, seen }
  }

  const common = (author: Author, conversation: StoryConversation, clientMsgId = nobody) => ({
    conversation: conversation.id,
    seq: conversation.events.length + 1,
    actor: author.user,
    device: author.device,
    at: wallMs(),
    clientMsgId,
  })

  const open = (id: string, partition: number, sharesAll: boolean): StoryConversation => {
    const messages = createStoryMessages()
    const conversation = {
      id,
      partition,
      sharesAll,
      events: [],
      messages,
      members: new Set<number>(),
      stays: new Map(),
    }
    conversations.set(id, conversation)
    return conversation
  }

  const enter = (conversation: StoryConversation, user: number, seq: number) => {
    conversation.members.add(user)
    within(conversation.stays, user, () => []).push({ from: seq, to: 0 })
  }

  const direct = (id: string): StoryConversation | undefined => {
    if (!id.startsWith('d')) return undefined
    const conversation = open(id, partitionOfConversation(id, partitions) ?? 0, true)
    for (const user of id.slice(1).split('.')) enter(conversation, Number(user), 1)
    return conversation
  }

  const get = (id: string): StoryConversation => {
    const found = conversations.get(id) ?? direct(id)
    if (found === undefined) throw new Error(`there is no ${id}`)
    return found
  }

  for (let partition = 0; partition < partitions; partition++)
    write('events', partition, {
      type: 'LogOpened',
      partitions,
      firstId: 1,
      hash: 'murmur2-utf8-positive',
      at: wallMs(),
    })

  return {
    conversations,
    posted,
    register: (user, name) => {
      const identity = { userId: user, name, normalisedName: name, registrationId: `registration of ${name}` }
      const author = { actor: user, device: nobody, at: wallMs(), clientMsgId: nobody }
      const displayName = Buffer.from(name)
      const event: LogEvent = { type: 'UserRegistered', ...author, ...identity, displayName, keyId: null }
      write('events', partitionOfId(user, partitions), event)
    },
    createGroup: (owner, members, history) => {
      const partition = groups % partitions
      const groupId = idOf(1000 + groups++, partition, partitions)
      const conversation = open(`g${groupId}`, partition, history === 'all')
      for (const user of [owner.user, ...members]) enter(conversation, user, 1)
      const texts = { title: Buffer.from(`group ${groupId}`), description: noText, keyId: null }
      const name = { name: null, normalisedName: null, ...texts }
      const rules = { visibility: 'private', joinPolicy: 'open', history, members: [...members], membership: 'stored' }
      return append(conversation, { type: 'GroupCreated', ...common(owner, conversation), groupId, ...name, ...rules })
    },
    post: (author, id, clientMsgId, text) => {
      const known = posted.get(clientMsgId)
      if (known !== undefined) return known
      const conversation = get(id)
      if (!conversation.members.has(author.user)) return 'not_member'
      const body = Buffer.from(JSON.stringify({ kind: 'text', text }))
      const message = { ...common(author, conversation, clientMsgId), body, keyId: null, replyTo: null, mentions: [] }
      const place = append(conversation, { type: 'MessagePosted', ...message })
      posted.set(clientMsgId, place)
      return place
    },
    join: (author, id) => {
      const conversation = get(id)
      if (conversation.members.has(author.user)) return 'already_member'
      const event: LogEvent = { type: 'MemberJoined', ...common(author, conversation), user: author.user }
      enter(conversation, author.user, event.seq)
      return append(conversation, event)
    },
    leave: (author, id) => {
      const conversation = get(id)
      if (!conversation.members.delete(author.user)) return 'not_member'
      const event: LogEvent = { type: 'MemberLeft', ...common(author, conversation), user: author.user }
      const stay = conversation.stays.get(author.user)?.at(-1)
      if (stay !== undefined) stay.to = event.seq
      return append(conversation, event)
    },
    act: (author, id, clientMsgId, deed) => {
      const conversation = get(id)
      if (!conversation.members.has(author.user)) return 'not_member'
      return append(conversation, { ...common(author, conversation, clientMsgId), ...deedEvent(deed) })
    },
    advance: ({ user, device }, id, cursor, seq) => {
      const devices = within(cursors, `${id} ${user}`, () => new Map<string, StoryCursor>())
      const stored = within(devices, device, () => ({ deliveredSeq: 0, readSeq: 0 }))
      const before = { ...stored }
      if (cursor === 'read') stored.readSeq = Math.max(stored.readSeq, seq)
      stored.deliveredSeq = Math.max(stored.deliveredSeq, seq)
      if (stored.readSeq === before.readSeq && stored.deliveredSeq === before.deliveredSeq) return false
      const receipt: ReceiptAdvanced = { type: 'ReceiptAdvanced', conversation: id, user, device, ...stored }
      write('receipts', get(id).partition, receipt)
      return true
    },
    cursorOf: (user, id) => {
      const all = [...(cursors.get(`${id} ${user}`)?.values() ?? [])]
      const highest = highestReadable(get(id), user)
      return {
        deliveredSeq: Math.min(highest, Math.max(0, ...all.map(({ deliveredSeq }) => deliveredSeq))),
        readSeq: Math.min(highest, Math.max(0, ...all.map(({ readSeq }) => readSeq))),
      }
    },
    readable: (user, id, from, max) => readableSeqs(get(id), user, from, max),
    highestOf: (user, id) => highestReadable(get(id), user),
    shownTo: (user, id, seq) => {
      const conversation = get(id)
      const seen = conversation.events[seq - 1]
      if (seen === undefined) throw new Error(`there is no ${id} ${seq}`)
      const isMember = conversation.members.has(user)
      return conversation.messages.shown(
        seen,
        isMember ? seq + conversation.events.length : highestReadable(conversation, user),
      )
    },
    logged: (at) => [...logs.values()].flatMap(({ records }) => records.map((record) => ({ ...record, at }))),
  }
}

const highestReadable = ({ events, stays }: StoryConversation, user: number): number => {
  const last = stays.get(user)?.at(-1)
  if (last === undefined) return 0
  return last.to === 0 ? events.length : last.to
}

const readableSeqs = (conversation: StoryConversation, user: number, from: number, max: number): readonly number[] => {
  const stays = conversation.stays.get(user) ?? []
  const highest = highestReadable(conversation, user)
  const seqs: number[] = []
  for (let seq = from; seq <= highest && seqs.length < max; seq++) {
    const isInside = stays.some((stay) => seq >= stay.from && (stay.to === 0 || seq <= stay.to))
    if (conversation.sharesAll || isInside) seqs.push(seq)
  }
  return seqs
}
