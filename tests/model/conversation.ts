/**
 * What a conversation is, in the plainest words: lists and sets that are changed in place. Written from the protocol and `docs/rules.md`
 * by hand; it must never import the domain that it is compared with.
 */

export type User = number
/** A refusal's code, or how many events of the conversation's own sequence came of it. */
export type Expected = { readonly code: string } | { readonly events: number }

export interface Message {
  readonly author: User
  isDeleted: boolean
  /** What it says from an event on; first the event that posted it. */
  readonly texts: { readonly seq: number; readonly text: string }[]
  /** emoji → who, and by which event last. */
  readonly reactions: Map<string, Map<User, number>>
}

interface Entry {
  readonly seq: number
  readonly type: string
  readonly actor: User
}

export interface Conversation {
  readonly id: string
  readonly entries: Entry[]
  readonly messages: Map<number, Message>
  readonly pins: Set<number>
}

export const emptyConversation = (id: string): Conversation => ({
  id,
  entries: [],
  messages: new Map(),
  pins: new Set(),
})

const pinsMax = 50

export const refuse = (code: string): Expected => ({ code })

/** A message as of an event: who left sees it as it was then, but what was taken back since is gone for everybody. */
export const stateAt = ({ isDeleted, texts, reactions }: Message, last: number) => {
  if (isDeleted) return { deleted: true }
  const { seq, text } = texts.findLast((each) => each.seq <= last) ?? { seq: 0, text: '' }
  const counts = [...reactions].map(
    ([emoji, who]) => [emoji, [...who.values()].filter((since) => since <= last).length] as const,
  )
  return { text, editedSeq: seq === texts[0]?.seq ? null : seq, reactions: counts }
}

/** Puts events behind each other. */
export const happen = ({ entries }: Conversation, actor: User, ...types: readonly string[]): Expected => {
  for (const type of types) entries.push({ seq: entries.length + 1, type, actor })
  return { events: types.length }
}

export const post = (conversation: Conversation, actor: User, text: string, replyTo: number | undefined): Expected => {
  const seq = conversation.entries.length + 1
  if (replyTo !== undefined && replyTo >= seq) return refuse('no_such_message')
  conversation.messages.set(seq, { author: actor, isDeleted: false, texts: [{ seq, text }], reactions: new Map() })
  return happen(conversation, actor, 'messagePosted')
}

/** What is done to a message. */
export type Act =
  | { readonly op: 'edit'; readonly seq: number; readonly text: string }
  | { readonly op: 'react' | 'unreact'; readonly seq: number; readonly emoji: string }
  | { readonly op: 'delete' | 'pin' | 'unpin' | 'report'; readonly seq: number }

/** By somebody who may do such things here; `message`: as far as he may see it. */
export const act = (
  conversation: Conversation,
  actor: User,
  what: Act,
  { message, mayDeleteAll }: { readonly message: Message | undefined; readonly mayDeleteAll: boolean },
): Expected => {
  if (message === undefined || message.isDeleted) return refuse('no_such_message')
  const { seq } = what
  switch (what.op) {
    case 'report':
      return { events: 0 } // Operators hear of it, nobody here.
    case 'edit':
      if (message.author !== actor) return refuse('forbidden')
      message.texts.push({ seq: conversation.entries.length + 1, text: what.text })
      return happen(conversation, actor, 'messageEdited')
    case 'delete':
      if (message.author !== actor && !mayDeleteAll) return refuse('forbidden')
      message.isDeleted = true
      conversation.pins.delete(seq)
      return happen(conversation, actor, 'messageDeleted')
    case 'react': {
      const who = message.reactions.get(what.emoji) ?? new Map<User, number>()
      message.reactions.set(what.emoji, who.set(actor, conversation.entries.length + 1))
      return happen(conversation, actor, 'reactionAdded')
    }
    case 'unreact':
      message.reactions.get(what.emoji)?.delete(actor)
      return happen(conversation, actor, 'reactionRemoved')
    case 'pin':
      if (conversation.pins.size >= pinsMax && !conversation.pins.has(seq)) return refuse('too_many')
      conversation.pins.add(seq)
      return happen(conversation, actor, 'messagePinned')
    case 'unpin':
      conversation.pins.delete(seq)
      return happen(conversation, actor, 'messageUnpinned')
  }
}
