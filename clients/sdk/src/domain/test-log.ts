import type { ChatEvent } from './event.ts'
import type { Cursor, Effect, HistoryPage, Input, SyncPage } from './exchange.ts'
import type { Dispatch } from './outbox.ts'

export const me = 1
export const conversations = ['g1', 'd1.2'] as const
export type ConversationId = (typeof conversations)[number]

/** How the server takes a send. `timeout`: it says so, and the message is in the log or is not. */
export type Outcome = 'accept' | 'unavailable' | 'timeoutAccepted' | 'timeoutLost' | 'refuse'

const historyLimit = 2
const syncLimit = 2

/** The model: a server that is nothing but its logs, and says what PROTOCOL §2 and §3 say of them. */
export const createLog = () => {
  const logs = new Map<string, ChatEvent[]>(conversations.map((id) => [id, []]))
  const refused = new Set<string>()
  const cursors = new Map<string, Cursor>(conversations.map((id) => [id, { user: 2, deliveredSeq: 0, readSeq: 0 }]))
  const logOf = (id: string): ChatEvent[] => logs.get(id) ?? []

  const post = (conversation: string, actor: number, clientMsgId: string): ChatEvent => {
    const seq = logOf(conversation).length + 1
    const data = { clientMsgId, body: { kind: 'text', text: clientMsgId } as const }
    const event = { conversation, seq, type: 'messagePosted', actor, at: `t${seq}`, data } as const
    logOf(conversation).push(event)
    return event
  }
  /** The other one has everything there is, and has read some of it. */
  const receive = (conversation: string, hasRead: boolean): Cursor => {
    const { length } = logOf(conversation)
    const readSeq = hasRead ? length : (cursors.get(conversation)?.readSeq ?? 0)
    const cursor = { user: 2, deliveredSeq: length, readSeq }
    cursors.set(conversation, cursor)
    return cursor
  }
  const find = (conversation: string, clientMsgId: string | undefined) =>
    logOf(conversation).find(({ data, actor }) => actor === me && data.clientMsgId === clientMsgId)

  /** The answer, and what is pushed. */
  const send = ({ entry, after }: Dispatch, outcome: Outcome): { answer: Input; pushed?: ChatEvent } => {
    const { conversation, clientMsgId } = entry
    const no = (code: string, retry: 'never' | 'later', retryAfterMs?: number): { answer: Input } => {
      const refusal = { code, message: code, retry, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
      return { answer: { type: 'refused', clientMsgId, refusal, nowMs: 0 } }
    }
    const known = find(conversation, clientMsgId)
    if (known !== undefined)
      return { answer: { type: 'accepted', clientMsgId, ok: { conversation, seq: known.seq }, nowMs: 0 } }
    if (after !== undefined && find(conversation, after) === undefined) return no('out_of_order', 'later')
    if (outcome === 'unavailable') return no('unavailable', 'later', 50)
    if (outcome === 'timeoutLost') return no('timeout', 'later')
    if (outcome === 'refuse') {
      refused.add(clientMsgId)
      return no('muted', 'never')
    }
    const pushed = post(conversation, me, clientMsgId)
    if (outcome === 'timeoutAccepted') return { ...no('timeout', 'later'), pushed }
    const { seq, at } = pushed
    return { answer: { type: 'accepted', clientMsgId, ok: { conversation, seq, at }, nowMs: 0 }, pushed }
  }

  const history = ({ conversation, bound }: Extract<Effect, { type: 'history' }>): HistoryPage => {
    const log = logOf(conversation)
    if ('after' in bound && bound.after !== undefined) {
      const events = log.slice(bound.after, bound.after + historyLimit)
      return {
        from: bound.after + 1,
        to: bound.after + events.length,
        events,
        hasMore: log.length > bound.after + historyLimit,
      }
    }
    const events = log.slice(-historyLimit)
    return { from: log.length - events.length + 1, to: log.length, events, hasMore: log.length > historyLimit }
  }

  /** One conversation a page; the token says how much of each was there. */
  const sync = ({ token, known }: Extract<Effect, { type: 'sync' }>): SyncPage => {
    const before: Record<string, number> = token === undefined ? {} : JSON.parse(token)
    const changed = conversations.filter((id) => logOf(id).length > (before[id] ?? 0))
    const [id] = changed
    if (id === undefined) return { token: token ?? '{}', conversations: [], hasMore: false }
    const log = logOf(id)
    const after = token === undefined ? Math.max(0, log.length - syncLimit) : (known[id] ?? before[id] ?? 0)
    const events = log.slice(after, after + syncLimit)
    const range = { from: after + 1, to: after + events.length, lastSeq: log.length, events }
    return {
      token: JSON.stringify({ ...before, [id]: log.length }),
      conversations: [{ id, title: id, unread: 0, readSeq: 0, ...range }],
      hasMore: changed.length > 1,
    }
  }

  return { cursors, receive, logOf, post, send, history, sync, wasRefused: (id: string) => refused.has(id) }
}
