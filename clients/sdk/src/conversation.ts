import type { ChatEvent, MessageBody } from './domain/event.ts'
import type { Message } from './domain/view.ts'
import type { Member, Page } from './requests.ts'

/** One conversation as this client sees it. The object is the same for the same id; its properties are those of the moment. */
export interface Conversation extends AsyncIterable<ChatEvent> {
  readonly id: string
  readonly kind: 'direct' | 'group'
  /** As the last `sync` said it. */
  readonly title: string | undefined
  /** The other person of a direct conversation. */
  readonly with: number | undefined
  readonly unread: number
  readonly readSeq: number
  /** This user left it, or was removed. */
  readonly isLeft: boolean
  /** `online`: a room in which everybody takes part while connected; nothing in it is unread, and `read` and `delivered` do nothing. */
  readonly membership: 'stored' | 'online'
  /**
   * By `seq` without a hole, then the own ones that have no place yet. An event beyond a gap is not shown before the gap is closed.
   * The same array until something changes.
   */
  readonly messages: readonly Message[]
  /** Everything that happened in it, in the same run: messages, members, the group itself. */
  readonly events: readonly ChatEvent[]
  /** There is something before the first event held. */
  readonly hasEarlier: boolean
  /**
   * Queues a message and shows it at once. It survives a lost connection, and with a storage a restart. Throws ChatError `too_many`
   * when 1,000 messages wait.
   */
  send(body: string | MessageBody, options?: { readonly replyTo?: number }): Sent
  /** Says an own message anew. */
  edit(seq: number, body: string | MessageBody): Promise<void>
  /** For everybody. */
  delete(seq: number): Promise<void>
  react(seq: number, emoji: string): Promise<void>
  unreact(seq: number, emoji: string): Promise<void>
  pin(seq: number): Promise<void>
  unpin(seq: number): Promise<void>
  /** Say it again while it goes on: it ends by itself after 6 s. */
  typing(isTyping: boolean): Promise<void>
  /** Takes a message away that was refused. */
  discard(clientMsgId: string): void
  /** Reads the page before the first event held. */
  loadEarlier(): Promise<void>
  /** Everything up to `seq` was read; without it, all that is held. */
  read(seq?: number): Promise<void>
  /** Everything up to `seq` reached this device; without it, all that is held. */
  delivered(seq?: number): Promise<void>
  /**
   * Puts into `messages` whom they reached and who has read them, in conversations of at most 64 members; from then on they are kept by
   * what is pushed. Pushes of a lost connection are lost: ask again after it.
   */
  loadReceipts(): Promise<void>
  members(after?: string): Promise<Page<Member>>
  onChange(listener: () => void): () => void
  /** Every event that is new from now on, in order, each once. */
  [Symbol.asyncIterator](): AsyncIterableIterator<ChatEvent>
}

export interface Sent {
  readonly clientMsgId: string
  /**
   * Resolves once it is in the log; until then it waits, however long nobody is connected. Rejects with ChatError when it was refused
   * for good, and with `closed` when the client was closed first: it is sent by the next client on the same storage.
   */
  readonly accepted: Promise<{ readonly conversation: string; readonly seq: number }>
}
