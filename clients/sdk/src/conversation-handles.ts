import { ChatError } from './chat-error.ts'
import type { Conversation, Sent } from './conversation.ts'
import type { ChatEvent, MessageBody } from './domain/event.ts'
import { outboxEntriesMax } from './domain/outbox.ts'
import { type ConversationState, conversationOf } from './domain/replica.ts'
import { type Message, messagesOf } from './domain/view.ts'
import type { Link } from './link.ts'
import type { Clock } from './ports.ts'
import type { ReplicaRunner } from './replica-runner.ts'
import { createStream } from './stream.ts'
import type { Writer } from './writer.ts'

export interface ConversationHandles {
  of(id: string): Conversation
  /** Those with the newest event first. */
  all(): readonly Conversation[]
}

interface HandlePorts extends Pick<Writer, 'write'> {
  readonly link: Link
  readonly nextId: () => string
  readonly clock: Clock
}

export const createConversationHandles = (runner: ReplicaRunner, ports: HandlePorts): ConversationHandles => {
  const handles = new Map<string, Conversation>()
  const send = createSend(runner, ports)
  const of = (id: string): Conversation => {
    const known = handles.get(id)
    if (known !== undefined) return known
    const made = createHandle(id, runner, ports, send)
    handles.set(id, made)
    return made
  }
  const lastAt = (state: ConversationState) => state.timeline.events.at(-1)?.at ?? ''
  return {
    of,
    all: () =>
      [...runner.replica().conversations.values()]
        .sort((a, b) => (lastAt(a) < lastAt(b) ? 1 : lastAt(a) > lastAt(b) ? -1 : 0))
        .map(({ id }) => of(id)),
  }
}

type Send = (conversation: string, body: MessageBody, replyTo: number | undefined) => Sent

/** Queues messages and remembers who waits for each. */
const createSend = (runner: ReplicaRunner, { nextId, clock }: HandlePorts): Send => {
  const waiting = new Map<
    string,
    { readonly conversation: string; resolve(seq: number): void; reject(error: ChatError): void }
  >()
  runner.on('accepted', ({ clientMsgId, seq }) => {
    waiting.get(clientMsgId)?.resolve(seq)
    waiting.delete(clientMsgId)
  })
  runner.on('failed', ({ clientMsgId, code, message }) => {
    waiting.get(clientMsgId)?.reject(new ChatError({ code, message, retry: 'never' }))
    waiting.delete(clientMsgId)
  })
  runner.on('stopped', () => {
    for (const { reject } of waiting.values())
      reject(new ChatError({ code: 'closed', message: 'the client was closed', retry: 'reconnect' }))
    waiting.clear()
  })
  return (conversation, body, replyTo) => {
    if (runner.replica().outbox.entries.length >= outboxEntriesMax)
      throw new ChatError({ code: 'too_many', message: 'too many messages wait', retry: 'later' })
    const clientMsgId = nextId()
    const accepted = new Promise<{ readonly conversation: string; readonly seq: number }>((resolve, reject) => {
      waiting.set(clientMsgId, { conversation, resolve: (seq) => resolve({ conversation, seq }), reject })
    })
    accepted.catch(() => {}) // Whoever waits for it sees it; the view shows it to everybody else.
    const reply = replyTo === undefined ? {} : { replyTo }
    runner.queue({ conversation, clientMsgId, body, ...reply, createdMs: clock.now(), state: { kind: 'queued' } })
    return { clientMsgId, accepted }
  }
}

const createHandle = (id: string, runner: ReplicaRunner, ports: HandlePorts, send: Send): Conversation => {
  const { link } = ports
  const state = () => conversationOf(runner.replica(), id)
  const messages = createView(id, runner)
  const advance = async (op: 'read' | 'delivered', seq = state().timeline.to) => {
    if (state().membership === 'online') return
    if (seq > 0) await link.request(op, { conversation: id, seq })
    if (op === 'read') runner.read(id, seq)
  }
  return {
    id,
    kind: id.startsWith('d') ? 'direct' : 'group',
    get title() {
      return state().title
    },
    get with() {
      return state().with
    },
    get unread() {
      return state().unread
    },
    get readSeq() {
      return state().readSeq
    },
    get isLeft() {
      return state().isLeft
    },
    get membership() {
      return state().membership
    },
    get messages() {
      return messages()
    },
    get events() {
      return state().timeline.events
    },
    get hasEarlier() {
      return state().timeline.from > 1
    },
    send: (body, options) => send(id, bodyOf(body), options?.replyTo),
    discard: runner.discard,
    ...actsOf(id, ports),
    loadEarlier: async () => {
      const { from } = state().timeline
      if (from > 1) runner.earlier(id, await link.request('history', { conversation: id, before: from }))
    },
    read: (seq) => advance('read', seq),
    delivered: (seq) => advance('delivered', seq),
    loadReceipts: async () => {
      const { conversation } = await link.request('conversation', { conversation: id })
      runner.receipts(id, conversation.cursors ?? [])
    },
    members: (after) => link.request('members', { conversation: id, ...(after === undefined ? {} : { after }) }),
    onChange: (listener) => runner.on('changed', (changed) => changed === id && listener()),
    [Symbol.asyncIterator]: () =>
      createStream<ChatEvent>(({ next, end }) => {
        const offs = [
          runner.on('announce', (event) => event.conversation === id && next(event)),
          runner.on('stopped', end),
        ]
        return () => {
          for (const off of offs) off()
        }
      }),
  }
}

const bodyOf = (body: string | MessageBody): MessageBody =>
  typeof body === 'string' ? { kind: 'text', text: body } : body

/** What is done to messages that have a place. */
const actsOf = (conversation: string, { link, write }: HandlePorts) => ({
  edit: async (seq: number, body: string | MessageBody) =>
    void (await write('edit', { conversation, seq, body: bodyOf(body) })),
  delete: async (seq: number) => void (await write('delete', { conversation, seq })),
  react: async (seq: number, emoji: string) => void (await write('react', { conversation, seq, emoji })),
  unreact: async (seq: number, emoji: string) => void (await write('unreact', { conversation, seq, emoji })),
  pin: async (seq: number) => void (await write('pin', { conversation, seq })),
  unpin: async (seq: number) => void (await write('unpin', { conversation, seq })),
  typing: async (isTyping: boolean) => void (await link.request('typing', { conversation, isTyping })),
})

/** The same array while nothing changed, as frameworks that compare by identity like it. */
const createView = (id: string, runner: ReplicaRunner): (() => readonly Message[]) => {
  let last: readonly unknown[] = []
  let messages: readonly Message[] = []
  return () => {
    const { outbox, me } = runner.replica()
    const { timeline, receipts } = conversationOf(runner.replica(), id)
    const now = [timeline, outbox, receipts]
    if (now.some((part, index) => part !== last[index])) messages = messagesOf(timeline, outbox, id, me, receipts)
    last = now
    return messages
  }
}
