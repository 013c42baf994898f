import { conversations, type StoredConversation } from '../conversations.ts'
import { type FoldState, memberKey, missingOf, receiptKeyOf } from '../fold.ts'
import type { EventBatch, PlacedReceipt } from '../index.ts'
import { memberships, type StoredStay } from '../memberships.ts'
import { type StoredWordCount, wordsByHour } from '../popular-words.ts'
import { receiptKey, receipts, type StoredReceipt } from '../receipts.ts'
import { type StoredStanding, standings } from '../standings.ts'
import { columnsOf, keyOf } from '../table.ts'
import { type StoredUser, users } from '../users.ts'
import type { Session } from './database.ts'

/** Entries that a partition's fold keeps between batches; over it all is forgotten and read again as needed. */
const entriesMax = 50_000

/** Reads what folding these events looks at and `state` does not hold yet. */
export const readPrior = async (
  session: Session,
  schema: string,
  state: FoldState,
  { partition, events }: Pick<EventBatch, 'partition' | 'events'>,
): Promise<void> => {
  trim(state)
  const missing = missingOf(events, state)
  if (missing.words) await readWords(session, schema, state, partition)
  if (missing.conversations.size > 0) {
    const ids = [...missing.conversations]
    const found = await session.rows<StoredConversation>(
      `select ${columnsOf(conversations).join(', ')} from ${schema}.conversations where id = any($1::text[])`,
      [ids],
    )
    for (const id of ids) state.conversations.set(id, undefined)
    for (const row of found) state.conversations.set(row.id, row)
  }
  if (missing.users.size > 0) {
    const ids = [...missing.users]
    const found = await session.rows<StoredUser>(
      `select ${columnsOf(users).join(', ')} from ${schema}.users where id = any($1::int[])`,
      [ids],
    )
    for (const id of ids) state.users.set(id, undefined)
    for (const row of found) state.users.set(row.id, row)
  }
  if (missing.stays.size > 0) {
    const found = await session.rows<StoredStay>(
      `select ${columnsOf(memberships).join(', ')} from ${schema}.memberships
        join unnest($1::text[], $2::int[]) as k(c, u) on conversation = c and user_id = u where left_seq is null`,
      membersOf(missing.stays),
    )
    for (const key of missing.stays) state.stays.set(key, undefined)
    for (const row of found) state.stays.set(memberKey(row.conversation, row.user_id), row)
  }
  if (missing.standings.size > 0) {
    const found = await session.rows<StoredStanding>(
      `select ${columnsOf(standings).join(', ')} from ${schema}.standings
        join unnest($1::text[], $2::int[]) as k(c, u) on conversation = c and user_id = u`,
      membersOf(missing.standings),
    )
    for (const key of missing.standings) state.standings.set(key, undefined)
    for (const row of found) state.standings.set(memberKey(row.conversation, row.user_id), row)
  }
  if (missing.authors.size > 0) {
    const found = await session.rows<{ c: string; u: number; own_ordinal: number }>(
      `select c, u, own_ordinal from unnest($1::text[], $2::int[]) as k(c, u) cross join lateral (
        select own_ordinal from ${schema}.events_read e where e.conversation = c and e.actor = u and e.own_ordinal is not null
        order by seq desc limit 1) e`,
      membersOf(missing.authors),
    )
    for (const key of missing.authors) state.ownMessages.set(key, 0)
    for (const row of found) state.ownMessages.set(memberKey(row.c, row.u), row.own_ordinal)
  }
}

/** The newest hour's, which are bounded. */
const readWords = async (session: Session, schema: string, state: FoldState, partition: number): Promise<void> => {
  const table = `${schema}.${wordsByHour.name}`
  const found = await session.rows<StoredWordCount>(
    `select hour, word, count from ${table} where partition = $1 and hour = (select max(hour) from ${table} where partition = $1)`,
    [partition],
  )
  state.words = { hour: found[0]?.hour ?? 0, counts: new Map(found.map(({ word, count }) => [word, count])) }
}

export const readPriorReceipts = async (
  session: Session,
  schema: string,
  placed: readonly PlacedReceipt[],
): Promise<ReadonlyMap<string, StoredReceipt>> => {
  const keys = [...new Map(placed.map(({ receipt }) => [receiptKeyOf(receipt), receiptKey(receipt)])).values()]
  const found = await session.rows<StoredReceipt>(
    `select ${columnsOf(receipts).join(', ')} from ${schema}.receipts
      join unnest($1::text[], $2::int[], $3::text[]) as k(c, u, d) on user_id = u and conversation = c and device = d`,
    [keys.map((key) => key.conversation), keys.map((key) => key.user_id), keys.map((key) => key.device)],
  )
  return new Map(found.map((row) => [keyOf(receipts, row), row]))
}

const trim = (state: FoldState): void => {
  const { users: accounts, conversations, stays, standings: others, ownMessages } = state
  const kept = [accounts, conversations, stays, others, ownMessages]
  if (kept.reduce((sum, { size }) => sum + size, 0) <= entriesMax) return
  for (const map of kept) map.clear()
}

const membersOf = (keys: ReadonlySet<string>): readonly [readonly string[], readonly number[]] => {
  const pairs = [...keys].map((key) => key.split('|'))
  return [pairs.map(([conversation]) => conversation ?? ''), pairs.map(([, user]) => Number(user))]
}
