import { type ChatEvent, isMessage } from './event.ts'
import type { Cursor, Effect, HistoryPage, Input, SendOk, SyncedConversation, SyncPage } from './exchange.ts'
import {
  dispatch,
  emptyOutbox,
  nextDueMs,
  type Outbox,
  withAccepted,
  withConnectionLost,
  withDiscarded,
  withQueued,
  withRefused,
  withShown,
} from './outbox.ts'
import { emptyTimeline, gapOf, isEmpty, type Timeline, withEvent, withLastSeq, withRange } from './timeline.ts'

/**
 * All that a logged-in client knows of the log, and what it has to say to it. `step` is the whole logic of merging, gaps and
 * resending: no clock, no socket; what has to be done is in the effects, whoever runs them tells the outcome as the next input.
 */
export interface Replica {
  readonly me: number
  readonly isConnected: boolean
  readonly conversations: ReadonlyMap<string, ConversationState>
  readonly outbox: Outbox
  /** Of the last page of sync whose events are held. */
  readonly syncToken?: string
  readonly sync: 'idle' | 'asked' | 'waiting'
  /** False until a whole walk of sync was done: what it brings was there before this client was. */
  readonly hasSynced: boolean
}

export interface ConversationState {
  readonly id: string
  readonly timeline: Timeline
  readonly fill: 'idle' | 'asked' | 'waiting'
  /** Events up to here were shown as new, or are older than this client; undefined: nothing is known yet. */
  readonly announcedTo?: number
  readonly title?: string
  readonly with?: number
  readonly unread: number
  readonly readSeq: number
  /** Of those members of whom something was heard. */
  readonly receipts: readonly Cursor[]
  readonly isLeft: boolean
  /** `online`: everybody takes part, nothing is unread, and nobody has a cursor. */
  readonly membership: 'stored' | 'online'
}

type Step = readonly [Replica, readonly Effect[]]

/** A missing event may be on its way by another route: wait this long before asking for it, ms. PROTOCOL §2. */
const gapWaitMs = 200
/** A read model that was behind is asked again after this, ms. */
const staleWaitMs = 500
/** Named in one `sync`: they have to fit into a frame. Without its name a conversation is answered from the token on. */
const knownMax = 500

export const createReplica = (me: number, outbox: Outbox = emptyOutbox): Replica => ({
  ...{ me, outbox, isConnected: false, conversations: new Map(), sync: 'idle', hasSynced: false },
})

const emptyConversation = (id: string): ConversationState => ({
  ...{ id, timeline: emptyTimeline, fill: 'idle', unread: 0, readSeq: 0, receipts: [], isLeft: false },
  membership: 'stored',
})

export const step = (replica: Replica, input: Input): Step => {
  switch (input.type) {
    case 'connected':
      return chain([{ ...replica, isConnected: true }, []], askSync, fillAll, (next) => pump(next, input.nowMs))
    case 'disconnected':
      return [disconnected(replica), []]
    case 'event':
      return heard(replica, input.event)
    case 'syncDue':
      return askSync(replica)
    case 'synced':
      return synced(replica, input.page)
    case 'syncFailed':
      if (!replica.isConnected) return [replica, []]
      return input.isTransient ? syncLater(replica, input.retryAfterMs) : [{ ...replica, sync: 'idle' }, []]
    case 'gapDue':
      return askHistory(replica, input.conversation)
    case 'filled':
      return filled(replica, input.conversation, input.page)
    case 'fillFailed':
      return fillFailed(replica, input)
    case 'earlier':
      return updated(confirmed(replica, input.page.events), input.conversation, (held) => ({
        ...held,
        timeline: withRange(held.timeline, input.page),
      }))
    case 'read':
      return updated([replica, []], input.conversation, (held) => {
        const readSeq = Math.max(held.readSeq, input.seq)
        return { ...held, readSeq, unread: readSeq >= held.timeline.lastSeq ? 0 : held.unread }
      })
    case 'receipts':
      return updated([replica, []], input.conversation, (held) => ({
        ...held,
        receipts: input.cursors.reduce(withCursor, held.receipts),
      }))
    default:
      return stepOutbox(replica, input)
  }
}

/** Cursors never go back, in whatever order they are heard of. */
const withCursor = (held: readonly Cursor[], { user, deliveredSeq, readSeq }: Cursor): readonly Cursor[] => {
  const known = held.find((cursor) => cursor.user === user)
  const further = {
    user,
    deliveredSeq: Math.max(deliveredSeq, readSeq, known?.deliveredSeq ?? 0),
    readSeq: Math.max(readSeq, known?.readSeq ?? 0),
  }
  return [...held.filter((cursor) => cursor !== known), further]
}

type OutboxInput = Extract<Input, { type: 'queued' | 'accepted' | 'refused' | 'discarded' | 'outboxDue' }>

const stepOutbox = (replica: Replica, input: OutboxInput): Step => {
  const { outbox } = replica
  switch (input.type) {
    case 'queued': {
      const next = { ...replica, outbox: withQueued(outbox, input.entry) }
      return chain([next, outboxChanged(input.entry.conversation)], (queued) => pump(queued, input.nowMs))
    }
    case 'accepted':
      return chain(accepted(replica, input.clientMsgId, input.ok), (next) => pump(next, input.nowMs))
    case 'refused':
      return refused(replica, input)
    case 'discarded': {
      const entry = outbox.entries.find(({ clientMsgId }) => clientMsgId === input.clientMsgId)
      const next = { ...replica, outbox: withDiscarded(outbox, input.clientMsgId) }
      return [next, entry === undefined ? [] : outboxChanged(entry.conversation)]
    }
    case 'outboxDue':
      return pump(replica, input.nowMs)
  }
}

/** What was asked for is not answered any more; a new connection asks again. */
const disconnected = (replica: Replica): Replica => ({
  ...replica,
  isConnected: false,
  sync: 'idle',
  outbox: withConnectionLost(replica.outbox),
  conversations: new Map([...replica.conversations].map(([id, held]) => [id, { ...held, fill: 'idle' as const }])),
})

const heard = (replica: Replica, event: ChatEvent): Step => {
  const { conversation } = event
  const step = updated(confirmed(replica, [event]), conversation, (held) => {
    const membership = isRoomCreated(event) ? 'online' : held.membership
    const isNews =
      membership === 'stored' && event.seq > held.timeline.lastSeq && isMessage(event) && event.actor !== replica.me
    return {
      ...held,
      timeline: withEvent(held.timeline, event),
      announcedTo: held.announcedTo ?? event.seq - 1,
      unread: held.unread + (isNews ? 1 : 0),
      isLeft: isLeftAfter(held, event, replica.me),
      membership,
    }
  })
  return chain(step, (next) => fillLater(next, conversation, gapWaitMs))
}

const isRoomCreated = ({ type, data }: ChatEvent): boolean =>
  type === 'groupCreated' && 'membership' in data && data.membership === 'online'

const isLeftAfter = (held: ConversationState, event: ChatEvent, me: number): boolean => {
  const { user } = event.data as { readonly user?: unknown }
  if ((user ?? event.actor) !== me) return held.isLeft
  return notIn.test(event.type) || (held.isLeft && event.type !== 'memberJoined')
}

/** Whoever hears this of himself is no member after it. */
const notIn = /^(member(Left|Removed|Banned|Invited)|joinRefused)$/

const askSync = (replica: Replica): Step => {
  if (!replica.isConnected || replica.sync === 'asked') return [replica, []]
  const token = replica.syncToken === undefined ? {} : { token: replica.syncToken }
  const held = [...replica.conversations.values()].filter(({ timeline }) => !isEmpty(timeline))
  const known = Object.fromEntries(held.slice(-knownMax).map(({ id, timeline }) => [id, timeline.to]))
  return [{ ...replica, sync: 'asked' }, [{ type: 'sync', ...token, known }]]
}

const syncLater = (replica: Replica, ms = staleWaitMs): Step => [
  { ...replica, sync: 'waiting' },
  [{ type: 'later', ms, input: 'syncDue' }],
]

const synced = (replica: Replica, page: SyncPage): Step => {
  let step: Step = [{ ...replica, sync: 'idle' }, []]
  for (const synced of page.conversations) step = chain(step, (next) => syncedOne(next, synced))
  return chain(step, (next) => {
    // The token after its events: with it the server takes them for held.
    const held = { ...next, syncToken: page.token }
    if (page.stale === true) return syncLater(held)
    if (page.hasMore) return askSync(held)
    return [{ ...held, hasSynced: true }, held.hasSynced ? [] : [{ type: 'synced' }]]
  })
}

const syncedOne = (replica: Replica, synced: SyncedConversation): Step => {
  const { id, title, unread, readSeq, lastSeq } = synced
  const step = updated(confirmed(replica, synced.events), id, (held) => ({
    ...held,
    ...{ title, unread, isLeft: synced.left === true, membership: synced.membership ?? 'stored' },
    ...(synced.with === undefined ? {} : { with: synced.with }),
    readSeq: Math.max(held.readSeq, readSeq),
    timeline: withRange(held.timeline, synced, lastSeq),
    announcedTo: held.announcedTo ?? (replica.hasSynced ? synced.from - 1 : synced.to),
  }))
  return chain(step, (next) => fillLater(next, id, 0))
}

/** Gaps that a lost connection left open: a token that is newer than they are does not bring them up again. */
const fillAll = (replica: Replica): Step =>
  chain(
    [replica, []],
    ...[...replica.conversations.keys()].map((id) => (next: Replica) => fillLater(next, id, gapWaitMs)),
  )

const fillLater = (replica: Replica, conversation: string, ms: number): Step => {
  const held = conversationOf(replica, conversation)
  if (!replica.isConnected || held.fill !== 'idle' || gapOf(held.timeline) === undefined) return [replica, []]
  const waiting = withConversation(replica, { ...held, fill: 'waiting' })
  return [waiting, [{ type: 'later', ms, input: 'gapDue', conversation }]]
}

const askHistory = (replica: Replica, conversation: string): Step => {
  const held = conversationOf(replica, conversation)
  if (!replica.isConnected || held.fill !== 'waiting') return [replica, []]
  const bound = gapOf(held.timeline)
  const next = withConversation(replica, { ...held, fill: bound === undefined ? 'idle' : 'asked' })
  return [next, bound === undefined ? [] : [{ type: 'history', conversation, bound }]]
}

const filled = (replica: Replica, conversation: string, page: HistoryPage): Step => {
  const before = conversationOf(replica, conversation).timeline
  const step = updated(confirmed(replica, page.events), conversation, (held) => ({
    ...held,
    fill: 'idle',
    timeline: withRange(held.timeline, page),
    announcedTo: held.announcedTo ?? page.to,
  }))
  // A page that brought nothing new is from a view that is behind what was heard: it is given time.
  return chain(step, (next) => {
    const isBehind = page.stale === true || conversationOf(next, conversation).timeline.to === before.to
    return fillLater(next, conversation, isBehind ? staleWaitMs : 0)
  })
}

/** What is refused for good is tried again when more is heard of the conversation. */
const fillFailed = (replica: Replica, failed: Extract<Input, { type: 'fillFailed' }>): Step => {
  const { conversation, isTransient, retryAfterMs = staleWaitMs } = failed
  const idle = withConversation(replica, { ...conversationOf(replica, conversation), fill: 'idle' })
  return isTransient ? fillLater(idle, conversation, retryAfterMs) : [idle, []]
}

const accepted = (replica: Replica, clientMsgId: string, { conversation, seq, at }: SendOk): Step => {
  const entry = replica.outbox.entries.find((other) => other.clientMsgId === clientMsgId)
  const [next, effects] = confirmedOne(replica, clientMsgId, seq)
  if (entry !== undefined && at !== undefined) {
    const { body, replyTo } = entry
    const data = { clientMsgId, body, ...(replyTo === undefined ? {} : { replyTo }) }
    const event = { conversation, seq, type: 'messagePosted', actor: replica.me, at, data } as const
    return chain([next, effects], (known) => heard(known, event))
  }
  // A repetition says where it is, not when it was: the event itself comes by history.
  return chain(
    [next, effects],
    (known) => updated([known, []], conversation, (held) => ({ ...held, timeline: withLastSeq(held.timeline, seq) })),
    (known) => fillLater(known, conversation, gapWaitMs),
  )
}

const refused = (replica: Replica, { clientMsgId, refusal, nowMs }: Extract<Input, { type: 'refused' }>): Step => {
  const entry = replica.outbox.entries.find((other) => other.clientMsgId === clientMsgId)
  const next = { ...replica, outbox: withRefused(replica.outbox, clientMsgId, refusal, nowMs) }
  const effects: Effect[] = entry === undefined ? [] : [...outboxChanged(entry.conversation)]
  if (entry !== undefined && refusal.retry === 'never')
    effects.push({ type: 'failed', entry, code: refusal.code, message: refusal.message })
  if (refusal.retry === 'reconnect') effects.push({ type: 'reconnect' })
  return chain([next, effects], (queued) => pump(queued, nowMs))
}

const outboxChanged = (conversation: string): readonly Effect[] => [
  { type: 'changed', conversation },
  { type: 'saveOutbox' },
]

/** An own message that comes back is in the log, whether its `ok` came or not. Somebody else's with the same id is not it. */
const confirmed = (replica: Replica, events: readonly ChatEvent[]): Step => {
  const own = events.filter(isMessage).filter(({ actor }) => actor === replica.me)
  return chain(
    [replica, []],
    ...own.map((event) => (next: Replica) => confirmedOne(next, event.data.clientMsgId, event.seq)),
  )
}

const confirmedOne = (replica: Replica, clientMsgId: string, seq: number): Step => {
  const outbox = withAccepted(replica.outbox, clientMsgId, seq)
  if (outbox === replica.outbox) return [replica, []]
  return [{ ...replica, outbox }, [{ type: 'accepted', clientMsgId, seq }, { type: 'saveOutbox' }]]
}

const pump = (replica: Replica, nowMs: number): Step => {
  if (!replica.isConnected) return [replica, []]
  const [outbox, dispatches] = dispatch(replica.outbox, nowMs)
  const dueMs = nextDueMs(outbox, nowMs)
  return [
    { ...replica, outbox },
    [
      ...dispatches.map((going): Effect => ({ type: 'send', dispatch: going })),
      ...(dueMs === undefined ? [] : [{ type: 'later', ms: dueMs - nowMs, input: 'outboxDue' } as const]),
    ],
  ]
}

export const conversationOf = (replica: Replica, id: string): ConversationState =>
  replica.conversations.get(id) ?? emptyConversation(id)

const withConversation = (replica: Replica, held: ConversationState): Replica => ({
  ...replica,
  conversations: new Map(replica.conversations).set(held.id, held),
})

/** Changes one conversation, says so, and announces what its run now holds that is new. */
const updated = (before: Step, id: string, change: (held: ConversationState) => ConversationState): Step => {
  const [replica, effects] = before
  const held = change(conversationOf(replica, id))
  const { timeline, announcedTo = timeline.to } = held
  const events = timeline.events.slice(timeline.events.findLastIndex(({ seq }) => seq <= announcedTo) + 1)
  const outbox = withShown(replica.outbox, id, timeline.to)
  const next = withConversation(
    { ...replica, outbox },
    held.announcedTo === undefined ? held : { ...held, announcedTo: Math.max(announcedTo, timeline.to) },
  )
  return [
    next,
    [
      ...effects,
      { type: 'changed', conversation: id },
      ...(events.length === 0 ? [] : [{ type: 'announce', conversation: id, events } as const]),
      ...(outbox === replica.outbox ? [] : [{ type: 'saveOutbox' } as const]),
    ],
  ]
}

/** Step after step; their effects in order. */
const chain = (first: Step, ...steps: readonly ((replica: Replica) => Step)[]): Step =>
  steps.reduce<Step>(([replica, effects], next) => {
    const [then, more] = next(replica)
    return [then, [...effects, ...more]]
  }, first)
