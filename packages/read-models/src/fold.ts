import { aliases, type StoredAlias } from './aliases.ts'
import type { StoredBlock } from './blocks.ts'
import type { StoredConversation } from './conversations.ts'
import type { StoredEvent } from './events.ts'
import type { StoredFriendship } from './friendships.ts'
import type { EventBatch, ParkedEvent, PlacedEvent, PlacedReceipt } from './index.ts'
import type { StoredStay } from './memberships.ts'
import { messageStates, type StoredMessageState } from './message-states.ts'
import { noWordsOfHour, type StoredWordCount, type WordsOfHour } from './popular-words.ts'
import { type Needs, needsOf, type Prior, project } from './project.ts'
import { reactions, type StoredReaction } from './reactions.ts'
import { projectReceipt, receiptKey, receipts, type StoredReceipt } from './receipts.ts'
import { resolutions, type StoredResolution } from './report-resolutions.ts'
import { reports, type StoredReport } from './reports.ts'
import type { StoredStanding } from './standings.ts'
import { keyOf } from './table.ts'
import type { StoredUser } from './users.ts'

/**
 * The rows of one partition that folding goes on from: what the store holds, as far as it was looked at. An entry `undefined` (or 0)
 * says that there is none. It is true as of one offset of the partition: whoever keeps it keeps that offset too, and uses it only for a
 * batch that begins there.
 */
export interface FoldState {
  readonly users: Map<number, StoredUser | undefined>
  readonly conversations: Map<string, StoredConversation | undefined>
  /** `conversation|user` → the open stay. */
  readonly stays: Map<string, StoredStay | undefined>
  /** `conversation|user` → what he is to the group beside a member. */
  readonly standings: Map<string, StoredStanding | undefined>
  /** `conversation|user` → how many messages he posted there. */
  readonly ownMessages: Map<string, number>
  /** The newest hour of words; undefined: not looked at, which is to say none. */
  words: KeptWords | undefined
  /** Aggregates whose events are parked. */
  readonly parked: Set<string>
}

interface KeptWords extends WordsOfHour {
  readonly counts: Map<string, number>
}

export const emptyFold = (): FoldState => ({
  users: new Map(),
  conversations: new Map(),
  stays: new Map(),
  standings: new Map(),
  ownMessages: new Map(),
  words: undefined,
  parked: new Set(),
})

export const memberKey = (conversation: string, user: number): string => `${conversation}|${user}`

/** The rows that a batch comes down to: the last state of each key. */
export interface FoldedRows {
  readonly users: Map<number, StoredUser>
  readonly conversations: Map<string, StoredConversation>
  readonly memberships: Map<string, StoredStay>
  readonly standings: Map<string, StoredStanding>
  readonly events_read: StoredEvent[]
  /** By `lo|hi`. */
  readonly friendships: Map<string, StoredFriendship>
  /** By `user|blocked`. */
  readonly blocks: Map<string, StoredBlock>
  readonly message_states: Map<string, StoredMessageState>
  readonly reactions: Map<string, StoredReaction>
  readonly reports: Map<string, StoredReport>
  readonly report_resolutions: Map<string, StoredResolution>
  readonly dialect_ids: Map<string, StoredAlias>
  /** By `hour word`. */
  readonly words_by_hour: Map<string, StoredWordCount>
  readonly parked: ParkedEvent[]
  /** Those of `parked` whose handler failed now; the others follow one that failed before. */
  readonly failed: ParkedEvent[]
}

export const noRows = (): FoldedRows => ({
  users: new Map(),
  conversations: new Map(),
  memberships: new Map(),
  standings: new Map(),
  events_read: [],
  friendships: new Map(),
  blocks: new Map(),
  message_states: new Map(),
  reactions: new Map(),
  reports: new Map(),
  report_resolutions: new Map(),
  dialect_ids: new Map(),
  words_by_hour: new Map(),
  parked: [],
  failed: [],
})

/** Folds a batch into `state`, which must hold what `missingOf` named, and adds the rows to `rows`. */
export const foldEvents = (
  batch: Pick<EventBatch, 'partition' | 'events'>,
  state: FoldState,
  rows: FoldedRows = noRows(),
): FoldedRows => {
  for (const placed of batch.events) foldEvent(batch.partition, placed, state, rows)
  return rows
}

const foldEvent = (partition: number, { pos, event }: PlacedEvent, state: FoldState, rows: FoldedRows): void => {
  const needs = needsOf(event)
  if (needs === undefined) return
  const park = (reason: string) => {
    const parked = { aggregate: needs.aggregate, partition, pos, reason }
    rows.parked.push(parked)
    return parked
  }
  if (state.parked.has(needs.aggregate)) return void park('follows a parked event')
  const changes = attempt(() => project(event, { partition, pos }, priorOf(needs, state)))
  if (changes instanceof Error) {
    state.parked.add(needs.aggregate)
    rows.failed.push(park(changes.message))
    return
  }
  for (const change of changes) {
    switch (change.table) {
      case 'users':
        state.users.set(change.row.id, change.row)
        rows.users.set(change.row.id, change.row)
        break
      case 'conversations':
        state.conversations.set(change.row.id, change.row)
        rows.conversations.set(change.row.id, change.row)
        break
      case 'memberships': {
        const { conversation, user_id: user, joined_seq: joined, left_seq: left } = change.row
        state.stays.set(memberKey(conversation, user), left === null ? change.row : undefined)
        rows.memberships.set(`${conversation}|${user}|${joined}`, change.row)
        break
      }
      case 'standings': {
        const key = memberKey(change.row.conversation, change.row.user_id)
        state.standings.set(key, change.row)
        rows.standings.set(key, change.row)
        break
      }
      case 'events_read': {
        const { conversation, actor, own_ordinal: own } = change.row
        if (own !== null) state.ownMessages.set(memberKey(conversation, actor), own)
        rows.events_read.push(change.row)
        break
      }
      case 'words_by_hour': {
        const { hour, word, count } = change.row
        if (state.words?.hour !== hour) state.words = { hour, counts: new Map() }
        state.words.counts.set(word, count)
        rows.words_by_hour.set(`${hour} ${word}`, change.row)
        break
      }
      case 'friendships':
        rows.friendships.set(`${change.row.lo}|${change.row.hi}`, change.row)
        break
      case 'blocks':
        rows.blocks.set(`${change.row.user_id}|${change.row.blocked_id}`, change.row)
        break
      case 'message_states':
        rows.message_states.set(keyOf(messageStates, change.row), change.row)
        break
      case 'reactions':
        rows.reactions.set(keyOf(reactions, change.row), change.row)
        break
      case 'reports':
        rows.reports.set(keyOf(reports, change.row), change.row)
        break
      case 'report_resolutions':
        rows.report_resolutions.set(keyOf(resolutions, change.row), change.row)
        break
      case 'dialect_ids':
        rows.dialect_ids.set(keyOf(aliases, change.row), change.row)
    }
  }
}

/** A handler's bug stays in its aggregate: the others go on. */
const attempt = <T>(run: () => T): T | Error => {
  try {
    return run()
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

const priorOf = (needs: Needs, state: FoldState): Prior => {
  const at = (user: number | undefined) =>
    user === undefined || needs.conversation === undefined ? '' : memberKey(needs.conversation, user)
  return {
    conversation: needs.conversation === undefined ? undefined : state.conversations.get(needs.conversation),
    stay: needs.stayOf === undefined ? undefined : state.stays.get(at(needs.stayOf)),
    standing: needs.standingOf === undefined ? undefined : state.standings.get(at(needs.standingOf)),
    ownMessages: needs.author === undefined ? 0 : (state.ownMessages.get(at(needs.author)) ?? 0),
    user: needs.account === undefined ? undefined : state.users.get(needs.account),
    words: state.words ?? noWordsOfHour,
  }
}

export interface Missing {
  readonly conversations: ReadonlySet<string>
  /** `conversation|user`. */
  readonly stays: ReadonlySet<string>
  readonly standings: ReadonlySet<string>
  readonly authors: ReadonlySet<string>
  readonly users: ReadonlySet<number>
  readonly words: boolean
}

/** What folding these events looks at and `state` does not tell. */
export const missingOf = (events: readonly PlacedEvent[], state: FoldState): Missing => {
  const missing = {
    conversations: new Set<string>(),
    stays: new Set<string>(),
    standings: new Set<string>(),
    authors: new Set<string>(),
    users: new Set<number>(),
    words: false,
  }
  for (const { event } of events) {
    const needs = needsOf(event)
    if (needs?.account !== undefined && !state.users.has(needs.account)) missing.users.add(needs.account)
    if (needs?.conversation === undefined) continue
    const { conversation, stayOf, standingOf, author, words } = needs
    if (words && state.words === undefined) missing.words = true
    if (!state.conversations.has(conversation)) missing.conversations.add(conversation)
    if (stayOf !== undefined && !state.stays.has(memberKey(conversation, stayOf)))
      missing.stays.add(memberKey(conversation, stayOf))
    if (standingOf !== undefined && !state.standings.has(memberKey(conversation, standingOf)))
      missing.standings.add(memberKey(conversation, standingOf))
    if (author !== undefined && !state.ownMessages.has(memberKey(conversation, author)))
      missing.authors.add(memberKey(conversation, author))
  }
  return missing
}

/** Folds receipts onto the rows that are there; gives the last state of each key. */
export const foldReceipts = (
  partition: number,
  placed: readonly PlacedReceipt[],
  prior: ReadonlyMap<string, StoredReceipt>,
): ReadonlyMap<string, StoredReceipt> => {
  const rows = new Map<string, StoredReceipt>()
  for (const { offset, receipt } of placed) {
    const key = receiptKeyOf(receipt)
    rows.set(key, projectReceipt(receipt, { partition, offset }, rows.get(key) ?? prior.get(key)))
  }
  return rows
}

export const receiptKeyOf = (receipt: PlacedReceipt['receipt']): string =>
  keyOf(receipts, { ...receiptKey(receipt), partition: 0, delivered_seq: 0, read_seq: 0, read_offset: 0 })
