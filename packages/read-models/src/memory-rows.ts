import type { StoredAlias } from './aliases.ts'
import type { StoredBlock } from './blocks.ts'
import type { StoredConversation } from './conversations.ts'
import type { StoredEvent } from './events.ts'
import { type FoldedRows, type FoldState, memberKey } from './fold.ts'
import type { StoredFriendship } from './friendships.ts'
import type { ParkedEvent, ProjectionOffset, Source } from './index.ts'
import type { StoredStay } from './memberships.ts'
import type { StoredMessageState } from './message-states.ts'
import type { StoredWordCount } from './popular-words.ts'
import type { StoredReaction } from './reactions.ts'
import type { StoredReceipt } from './receipts.ts'
import type { StoredResolution } from './report-resolutions.ts'
import type { StoredReport } from './reports.ts'
import type { StoredStanding } from './standings.ts'
import type { StoredUser } from './users.ts'

/** The tables, and what PostgreSQL has as indexes. */
export interface MemoryRows {
  readonly generation: string
  readonly users: Map<number, StoredUser>
  readonly conversations: Map<string, StoredConversation>
  /** The ids of online rooms. */
  readonly rooms: Set<string>
  readonly stays: Map<string, Map<string, StoredStay>>
  readonly staysOf: Map<number, Map<string, Map<number, StoredStay>>>
  /** By conversation and user. */
  readonly standings: Map<string, StoredStanding>
  /** Index = seq − 1. */
  readonly events: Map<string, StoredEvent[]>
  /** By `conversation|seq`. */
  readonly messageStates: Map<string, StoredMessageState>
  /** `conversation|message` → key → its reactions. */
  readonly reactions: Map<string, Map<string, StoredReaction>>
  /** By partition, hour and word. */
  readonly words: Map<string, StoredWordCount>
  readonly receipts: Map<string, StoredReceipt>
  readonly receiptsOf: Map<string, Map<string, StoredReceipt>>
  readonly friendships: Map<string, StoredFriendship>
  readonly blocks: Map<string, StoredBlock>
  readonly reports: Map<string, StoredReport>
  /** By partition and place of the report. */
  readonly resolutions: Map<string, StoredResolution>
  readonly aliases: Map<string, StoredAlias>
  readonly parked: ParkedEvent[]
  readonly offsets: Record<Source, Map<number, ProjectionOffset>>
  readonly folds: Map<number, FoldState>
}

export const emptyRows = (generation: string): MemoryRows => ({
  generation,
  users: new Map(),
  conversations: new Map(),
  rooms: new Set(),
  stays: new Map(),
  staysOf: new Map(),
  standings: new Map(),
  events: new Map(),
  messageStates: new Map(),
  reactions: new Map(),
  words: new Map(),
  receipts: new Map(),
  receiptsOf: new Map(),
  friendships: new Map(),
  blocks: new Map(),
  reports: new Map(),
  resolutions: new Map(),
  aliases: new Map(),
  parked: [],
  offsets: { events: new Map(), receipts: new Map() },
  folds: new Map(),
})

const within = <K, V>(map: Map<K, V>, key: K, make: () => V): V => {
  const found = map.get(key)
  if (found !== undefined) return found
  const made = make()
  map.set(key, made)
  return made
}

export const writeRows = (rows: MemoryRows, folded: FoldedRows): void => {
  for (const [id, user] of folded.users) rows.users.set(id, user)
  for (const [id, conversation] of folded.conversations) {
    rows.conversations.set(id, conversation)
    if (conversation.membership === 'online') rows.rooms.add(id)
  }
  for (const [key, stay] of folded.memberships) {
    within(rows.stays, stay.conversation, () => new Map<string, StoredStay>()).set(key, stay)
    const ofUser = within(rows.staysOf, stay.user_id, () => new Map<string, Map<number, StoredStay>>())
    within(ofUser, stay.conversation, () => new Map<number, StoredStay>()).set(stay.joined_seq, stay)
  }
  for (const [key, standing] of folded.standings) rows.standings.set(key, standing)
  for (const event of folded.events_read) {
    const ofConversation = within(rows.events, event.conversation, () => [] as StoredEvent[])
    ofConversation[event.seq - 1] = event
  }
  for (const [key, friendship] of folded.friendships) rows.friendships.set(key, friendship)
  for (const [key, block] of folded.blocks) rows.blocks.set(key, block)
  for (const [key, report] of folded.reports) rows.reports.set(key, report)
  for (const [key, resolution] of folded.report_resolutions) rows.resolutions.set(key, resolution)
  for (const [key, alias] of folded.dialect_ids) rows.aliases.set(key, alias)
  for (const [key, state] of folded.message_states) rows.messageStates.set(key, state)
  for (const [key, reaction] of folded.reactions) {
    const ofMessage = `${reaction.conversation}|${reaction.message}`
    within(rows.reactions, ofMessage, () => new Map<string, StoredReaction>()).set(key, reaction)
  }
  for (const [key, count] of folded.words_by_hour) rows.words.set(`${count.partition} ${key}`, count)
  rows.parked.push(...folded.parked)
}

export const writeReceipts = (rows: MemoryRows, folded: ReadonlyMap<string, StoredReceipt>): void => {
  for (const [key, receipt] of folded) {
    rows.receipts.set(key, receipt)
    const ofMember = memberKey(receipt.conversation, receipt.user_id)
    within(rows.receiptsOf, ofMember, () => new Map<string, StoredReceipt>()).set(receipt.device, receipt)
  }
}
