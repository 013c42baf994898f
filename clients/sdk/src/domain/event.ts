/** What a message says. `text` has at most 4,000 characters, `data` at most 8 KiB of JSON. */
export type MessageBody =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'custom'; readonly type: string; readonly data: unknown }

interface Placed {
  readonly conversation: string
  /** Its place in the conversation, from 1, for ever. */
  readonly seq: number
  /** Who did it. */
  readonly actor: number
  /** RFC 3339, UTC. */
  readonly at: string
}

export interface MessagePosted extends Placed {
  readonly type: 'messagePosted'
  readonly data: {
    readonly clientMsgId: string
    /** A deleted message has none. */
    readonly body: MessageBody
    readonly replyTo?: number
    /** The members whom its text names. */
    readonly mentions?: readonly number[]
    /** The seq of its newest edit. */
    readonly editedSeq?: number
    readonly deleted?: true
  }
}

/** Every other type, those of later servers included; its fields are the protocol's. */
export interface OtherEvent extends Placed {
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
}

/** What only this user is told: it has no place in a conversation, and comes once. After a reconnect the lists say what it changed. */
export interface PlacelessEvent {
  readonly conversation?: string
  readonly type: string
  readonly actor: number
  readonly at: string
  readonly data: Readonly<Record<string, unknown>>
}

/** One event of a conversation, as the log has it. */
export type ChatEvent = MessagePosted | OtherEvent

export const isMessage = (event: ChatEvent): event is MessagePosted => event.type === 'messagePosted'
