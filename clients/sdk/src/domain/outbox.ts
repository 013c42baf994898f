import type { MessageBody } from './event.ts'

/**
 * Messages that are not in the log yet, oldest first. Each keeps its id through reconnects and reloads, so that the server tells a
 * repetition from a new message. Per conversation the order holds: sends may overlap, each names the one before it (`after`), and
 * nothing is sent again while a later message of its conversation waits for an answer.
 */
export interface Outbox {
  readonly entries: readonly OutboxEntry[]
  /** Conversation → the last message of this device that was accepted. */
  readonly accepted: Readonly<Record<string, string>>
  /** Conversation → when it may go on, ms. */
  readonly heldUntilMs: Readonly<Record<string, number>>
}

export interface OutboxEntry {
  readonly conversation: string
  readonly clientMsgId: string
  readonly body: MessageBody
  readonly replyTo?: number
  /** When it was written, ms. */
  readonly createdMs: number
  readonly state: OutboxState
}

type OutboxState =
  /** `behind`: the message it was sent too early after; it waits for the answer to that one. */
  | { readonly kind: 'queued'; readonly behind?: string }
  /** On the present connection, unanswered. */
  | { readonly kind: 'sent'; readonly after?: string }
  /** In the log; here until the view has it at its place. */
  | { readonly kind: 'accepted'; readonly seq: number }
  /** Refused for good. It blocks nobody and stays until it is discarded. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }

/** A message to be sent now. */
export interface Dispatch {
  readonly entry: OutboxEntry
  readonly after?: string
}

/** What the server said to a `send`. */
export interface Refusal {
  readonly code: string
  readonly message: string
  readonly retry: 'never' | 'later' | 'reconnect'
  readonly retryAfterMs?: number
}

export const emptyOutbox: Outbox = { entries: [], accepted: {}, heldUntilMs: {} }

/** Messages that wait; whoever writes more is told so. At 16 KiB each it is what a storage can be asked to keep. */
export const outboxEntriesMax = 1_000
/** Unanswered sends of a connection. The server stops reading at 32; the rest is for other writes. */
export const unansweredMax = 16
/** A refusal that says `later` without a time, ms. */
const retryDefaultMs = 1_000

export const withQueued = (outbox: Outbox, entry: OutboxEntry): Outbox => ({
  ...outbox,
  entries: [...outbox.entries, entry],
})

/** The connection is gone, and with it every answer that was waited for. Times of another connection hold nobody up. */
export const withConnectionLost = (outbox: Outbox): Outbox => ({
  ...outbox,
  heldUntilMs: {},
  entries: outbox.entries.map((entry) => (entry.state.kind === 'sent' ? withState(entry, { kind: 'queued' }) : entry)),
})

/** Its `ok`, or its event: either of them says that it is in the log. */
export const withAccepted = (outbox: Outbox, clientMsgId: string, seq: number): Outbox => {
  const entry = find(outbox, clientMsgId)
  if (entry === undefined || entry.state.kind === 'accepted') return outbox
  return {
    ...replaced(outbox, clientMsgId, { kind: 'accepted', seq }),
    accepted: { ...outbox.accepted, [entry.conversation]: clientMsgId },
  }
}

export const withRefused = (outbox: Outbox, clientMsgId: string, refusal: Refusal, nowMs: number): Outbox => {
  const entry = find(outbox, clientMsgId)
  if (entry?.state.kind !== 'sent') return outbox
  if (refusal.retry === 'never') {
    const { code, message } = refusal
    return replaced(outbox, clientMsgId, { kind: 'failed', code, message })
  }
  const queued = replaced(outbox, clientMsgId, { kind: 'queued' })
  const { after } = entry.state
  if (refusal.code !== 'out_of_order' || after === undefined) return heldBy(queued, entry.conversation, refusal, nowMs)
  // The one before it was accepted, so the order is safe; it is only too long ago for the server to remember.
  if (after === outbox.accepted[entry.conversation]) return forgotten(queued, entry.conversation)
  return replaced(outbox, clientMsgId, { kind: 'queued', behind: after })
}

/** Those of a conversation that the view now has at their place. */
export const withShown = (outbox: Outbox, conversation: string, to: number): Outbox => {
  const isShown = (entry: OutboxEntry) =>
    entry.conversation === conversation && entry.state.kind === 'accepted' && entry.state.seq <= to
  return outbox.entries.some(isShown)
    ? { ...outbox, entries: outbox.entries.filter((entry) => !isShown(entry)) }
    : outbox
}

/** Only what failed: anything else may be in the log already. */
export const withDiscarded = (outbox: Outbox, clientMsgId: string): Outbox => ({
  ...outbox,
  entries: outbox.entries.filter((entry) => entry.clientMsgId !== clientMsgId || entry.state.kind !== 'failed'),
})

/** What may go now, oldest first, marked as sent. */
export const dispatch = (outbox: Outbox, nowMs: number): readonly [Outbox, readonly Dispatch[]] => {
  const unanswered = outbox.entries.filter(({ state }) => state.kind === 'sent').length
  const ready = readyEntries(outbox, nowMs).slice(0, Math.max(0, unansweredMax - unanswered))
  const before = new Map(Object.entries(outbox.accepted))
  const chosen = new Map<string, Dispatch>()
  for (const entry of outbox.entries) {
    const { conversation, clientMsgId, state } = entry
    const after = before.get(conversation)
    if (ready.includes(entry)) chosen.set(clientMsgId, { entry, ...(after === undefined ? {} : { after }) })
    if (state.kind === 'sent' || state.kind === 'queued') before.set(conversation, clientMsgId)
  }
  if (chosen.size === 0) return [outbox, []]
  const entries = outbox.entries.map((entry) => {
    const going = chosen.get(entry.clientMsgId)
    if (going === undefined) return entry
    return withState(entry, { kind: 'sent', ...(going.after === undefined ? {} : { after: going.after }) })
  })
  return [{ ...outbox, entries }, [...chosen.values()]]
}

/** When a conversation that waits may go on, ms; undefined: none waits for a time. */
export const nextDueMs = (outbox: Outbox, nowMs: number): number | undefined => {
  const queued = new Set(
    outbox.entries.filter(({ state }) => state.kind === 'queued').map(({ conversation }) => conversation),
  )
  const times = [...queued].map((conversation) => outbox.heldUntilMs[conversation] ?? 0).filter((ms) => ms > nowMs)
  return times.length === 0 ? undefined : Math.min(...times)
}

/** Queued, not held, and with nothing later of its conversation under way. */
const readyEntries = (outbox: Outbox, nowMs: number): readonly OutboxEntry[] => {
  const lastSent = new Map<string, number>()
  for (const [index, { conversation, state }] of outbox.entries.entries())
    if (state.kind === 'sent') lastSent.set(conversation, index)
  const sent = new Set(outbox.entries.filter(({ state }) => state.kind === 'sent').map((entry) => entry.clientMsgId))
  const blocked = new Set<string>()
  return outbox.entries.filter(({ conversation, state }, index) => {
    if (state.kind !== 'queued' || blocked.has(conversation)) return false
    const isHeld = (outbox.heldUntilMs[conversation] ?? 0) > nowMs
    const isOvertaken = (lastSent.get(conversation) ?? -1) > index
    const isEarly = state.behind !== undefined && sent.has(state.behind)
    if (isHeld || isOvertaken || isEarly) blocked.add(conversation)
    return !isHeld && !isOvertaken && !isEarly
  })
}

const heldBy = (outbox: Outbox, conversation: string, { retryAfterMs }: Refusal, nowMs: number): Outbox => ({
  ...outbox,
  heldUntilMs: { ...outbox.heldUntilMs, [conversation]: nowMs + (retryAfterMs ?? retryDefaultMs) },
})

const forgotten = (outbox: Outbox, conversation: string): Outbox => {
  const { [conversation]: _, ...accepted } = outbox.accepted
  return { ...outbox, accepted }
}

const find = (outbox: Outbox, clientMsgId: string) => outbox.entries.find((entry) => entry.clientMsgId === clientMsgId)

const withState = (entry: OutboxEntry, state: OutboxState): OutboxEntry => ({ ...entry, state })

const replaced = (outbox: Outbox, clientMsgId: string, state: OutboxState): Outbox => ({
  ...outbox,
  entries: outbox.entries.map((entry) => (entry.clientMsgId === clientMsgId ? withState(entry, state) : entry)),
})
