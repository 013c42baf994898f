import type { PlacedEvent, PlacedReceipt, Position, Projection, ReadModels } from '@chat/read-models'
import {
  chainStart,
  directConversation,
  type LogEvent,
  partitionOfConversation,
  partitionOfId,
  type ReceiptAdvanced,
} from '@chat/schemas'

export const startMs = Date.UTC(2031, 0, 1)

export interface GroupOptions {
  readonly name?: string
  readonly title?: string
  readonly members?: readonly number[]
  readonly history?: 'all' | 'sinceJoin'
  readonly membership?: 'stored' | 'online'
}

type Bare<E> = E extends { readonly seq: number }
  ? Omit<E, 'conversation' | 'seq' | 'actor' | 'device' | 'at' | 'clientMsgId'>
  : never
/** What happens in a conversation, without where, when and by whom. */
export type StoryEvent = Bare<LogEvent>

export type FriendEventType =
  | 'FriendAccepted'
  | 'FriendDeclined'
  | 'FriendRemoved'
  | 'FriendRequested'
  | 'FriendWithdrawn'

/** Makes a history as routers would write it: dense positions per partition, dense seqs per conversation, one second apart. */
export interface Story {
  register(id: number, name?: string, displayName?: string): Position
  group(id: number, owner: number, options?: GroupOptions): string
  join(conversation: string, user: number): number
  leave(conversation: string, user: number): number
  /** Anything else that happens there. */
  act(conversation: string, actor: number, event: StoryEvent): number
  /** Resolves to the seq. `text` may be anything a body holds. */
  post(conversation: string, user: number, text?: string): number
  direct(user: number, other: number, text?: string): string
  /** One of friendship, with a place; resolves to its seq. `note` is of a request. */
  befriend(type: FriendEventType, user: number, other: number, note?: string): number
  /** One of blocks, without a place. */
  block(type: 'UserBlocked' | 'UserUnblocked', user: number, other: number): Position
  /** What became of the message at `message`; resolves to the event's own seq. */
  edit(conversation: string, user: number, message: number, text: string): number
  remove(conversation: string, user: number, message: number, author?: number): number
  react(conversation: string, user: number, message: number, emoji: string, isThere?: boolean): number
  pin(conversation: string, user: number, message: number, isPinned?: boolean): number
  receipt(
    conversation: string,
    user: number,
    seqs: { readonly delivered?: number; readonly read?: number },
    device?: string,
  ): void
  /** Appends an event as it is: nothing of it is checked. */
  raw(partition: number, event: LogEvent): Position
  lastSeq(conversation: string): number
  /** The place of a partition's newest event. */
  position(conversation: string): Position
  partitionOf(conversation: string): number
  /** All so far, by partition. */
  readonly events: readonly (readonly PlacedEvent[])[]
  readonly receipts: readonly (readonly PlacedReceipt[])[]
  /** Applies what was not applied to this projection yet, in batches of at most `max`. */
  applyTo(projection: Projection, max?: number): Promise<void>
}

/** A list that there must be. */
export const listed = <L extends object>(list: L | 'not_kept' | undefined): L => {
  if (typeof list !== 'object') throw new Error(`there is no list: ${list}`)
  return list
}

/** A store, the history that is told to it, and the two together. */
export interface ReadModelsScene {
  readonly readModels: ReadModels
  readonly projection: Projection
  readonly story: Story
  /** Projects what the story has so far. */
  project(): Promise<void>
}

export const createStory = (partitions: number): Story => {
  const events: PlacedEvent[][] = Array.from({ length: partitions }, () => [])
  const receipts: PlacedReceipt[][] = Array.from({ length: partitions }, () => [])
  const seqs = new Map<string, number>()
  let at = startMs
  let count = 0

  const partitionOf = (conversation: string): number => {
    const partition = partitionOfConversation(conversation, partitions)
    if (partition === undefined) throw new Error(`${conversation} is no conversation`)
    return partition
  }
  const raw = (partition: number, event: LogEvent): Position => {
    const list = events[partition] ?? []
    const pos = list.length
    list.push({ pos, event })
    return { partition, pos }
  }
  const common = (user: number) => {
    at += 1000
    count++
    return { actor: user, device: `device-${user}`, at, clientMsgId: `message-${count}` }
  }
  const nextSeq = (conversation: string): number => {
    const seq = (seqs.get(conversation) ?? 0) + 1
    seqs.set(conversation, seq)
    return seq
  }
  const post = (conversation: string, user: number, text = `text ${count}`): number => {
    const seq = nextSeq(conversation)
    const body = Buffer.from(JSON.stringify({ kind: 'text', text }))
    const event = {
      type: 'MessagePosted',
      conversation,
      seq,
      ...common(user),
      body,
      keyId: null,
      replyTo: null,
      mentions: [],
    } as const
    raw(partitionOf(conversation), event)
    return seq
  }
  const act = (conversation: string, actor: number, event: StoryEvent): number => {
    const seq = nextSeq(conversation)
    raw(partitionOf(conversation), { ...event, conversation, seq, ...common(actor) })
    return seq
  }
  const membership = (type: 'MemberJoined' | 'MemberLeft', conversation: string, user: number): number =>
    act(conversation, user, { type, user })

  return {
    edit: (conversation, user, message, text) => {
      const body = Buffer.from(JSON.stringify({ kind: 'text', text }))
      return act(conversation, user, { type: 'MessageEdited', message, body, keyId: null, mentions: [] })
    },
    remove: (conversation, user, message, author = user) =>
      act(conversation, user, { type: 'MessageDeleted', message, author }),
    react: (conversation, user, message, emoji, isThere = true) =>
      act(conversation, user, { type: isThere ? 'ReactionAdded' : 'ReactionRemoved', message, emoji }),
    pin: (conversation, user, message, isPinned = true) =>
      act(conversation, user, { type: isPinned ? 'MessagePinned' : 'MessageUnpinned', message }),
    events,
    receipts,
    raw,
    post,
    act,
    partitionOf,
    register: (id, name = `user${id}`, displayName = `User ${id}`) =>
      raw(partitionOfId(id, partitions), {
        type: 'UserRegistered',
        ...common(id),
        userId: id,
        name,
        normalisedName: name.normalize('NFKC').toLowerCase(),
        registrationId: `registration-${id}`,
        displayName: Buffer.from(displayName),
        keyId: null,
      }),
    group: (id, owner, options = {}) => {
      const { name, title = `Group ${id}`, members = [], history = 'sinceJoin', membership = 'stored' } = options
      const conversation = `g${id}`
      raw(partitionOf(conversation), {
        type: 'GroupCreated',
        conversation,
        seq: nextSeq(conversation),
        ...common(owner),
        groupId: id,
        name: name ?? null,
        normalisedName: name?.toLowerCase() ?? null,
        title: Buffer.from(title),
        description: Buffer.from(''),
        keyId: null,
        visibility: name === undefined ? 'private' : 'public',
        joinPolicy: 'open',
        history,
        members,
        membership,
      })
      return conversation
    },
    join: (conversation, user) => membership('MemberJoined', conversation, user),
    leave: (conversation, user) => membership('MemberLeft', conversation, user),
    direct: (user, other, text) => {
      const conversation = directConversation(user, other)
      post(conversation, user, text)
      return conversation
    },
    befriend: (type, user, other, note = '') => {
      const conversation = directConversation(user, other)
      const seq = nextSeq(conversation)
      const event = { conversation, seq, ...common(user), user: other }
      const texts = { note: Buffer.from(note), keyId: null }
      raw(partitionOf(conversation), type === 'FriendRequested' ? { type, ...event, ...texts } : { type, ...event })
      return seq
    },
    block: (type, user, other) => {
      const conversation = directConversation(user, other)
      return raw(partitionOf(conversation), { type, conversation, seq: null, ...common(user), user: other })
    },
    receipt: (conversation, user, { delivered = 0, read = 0 }, device = `device-${user}`) => {
      const list = receipts[partitionOf(conversation)] ?? []
      const receipt: ReceiptAdvanced = {
        type: 'ReceiptAdvanced',
        conversation,
        user,
        device,
        deliveredSeq: delivered,
        readSeq: read,
      }
      list.push({ offset: list.length, receipt })
    },
    lastSeq: (conversation) => seqs.get(conversation) ?? 0,
    position: (conversation) => {
      const partition = partitionOf(conversation)
      return { partition, pos: (events[partition]?.length ?? 0) - 1 }
    },
    applyTo: async (projection, max = 1000) => {
      for (let partition = 0; partition < partitions; partition++) {
        const waiting = events[partition] ?? []
        let from = (await projection.offset('events', partition)).nextOffset
        for (; from < waiting.length; from = Math.min(from + max, waiting.length)) {
          const part = waiting.slice(from, from + max)
          const nextOffset = from + part.length
          const to = { nextOffset, lastPos: nextOffset - 1, chain: chainStart }
          await projection.applyEvents({ partition, from, to, events: part })
        }
        const cursors = receipts[partition] ?? []
        const next = (await projection.offset('receipts', partition)).nextOffset
        if (next < cursors.length)
          await projection.applyReceipts({ partition, from: next, to: cursors.length, receipts: cursors.slice(next) })
      }
    },
  }
}
