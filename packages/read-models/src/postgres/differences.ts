import { tables } from '../dump.ts'
import { type Difference, differencesMax } from '../index.ts'
import { columnsOf, type Table } from '../table.ts'
import type { Session } from './database.ts'

/**
 * Compares two schemas as of the session's moment. A conversation counts where both have projected it as far as it goes: its rows of
 * every table, as checksums. Cursors may only have gone forward (a compacted topic keeps the newest, and `read_offset` with it).
 */
export const findDifferences = async (session: Session, live: string, next: string): Promise<readonly Difference[]> => {
  const found: Difference[] = []
  for (const statement of [
    conversationsDiffer(live, next),
    usersDiffer(live, next),
    receiptsDiffer(live, next),
    placedDiffer(live, next, tables.friendships, pairOf('lo', 'hi')),
    placedDiffer(live, next, tables.blocks, pairOf('least(user_id, blocked_id)', 'greatest(user_id, blocked_id)')),
    placedDiffer(live, next, tables.reports, 'conversation'),
    placedDiffer(live, next, tables.report_resolutions, 'conversation'),
    placedDiffer(live, next, tables.dialect_ids, `case kind when 'user' then 'user ' else 'g' end || id`),
    wordsDiffer(live, next),
  ])
    if (found.length < differencesMax) found.push(...(await session.rows<Difference>(statement)))
  return found.slice(0, differencesMax)
}

const rowText = <Row>(table: Table<Row>, alias: string): string =>
  `row(${columnsOf(table)
    .map((column) => `${alias}.${column}`)
    .join(', ')})::text`

const sums = <Row>(schema: string, table: Table<Row>): string =>
  `select t.conversation, count(*) as rows, sum(hashtextextended(${rowText(table, 't')}, 0)::numeric) as checksum
   from ${schema}.${table.name} t group by t.conversation`

/** 0 where a partition was never projected. */
const offset = (schema: string, source: string, partition: string): string =>
  `coalesce((select next_offset from ${schema}.projection_offsets o
    where o.source = '${source}' and o.partition = ${partition}), 0)`

/** Tables whose rows belong to a conversation. */
const ofConversations = [
  tables.events_read,
  tables.memberships,
  tables.standings,
  tables.message_states,
  tables.reactions,
] as const

/** A conversation's own row, and of each table of its rows their number and checksum. */
const sidesOf = (schema: string): string => `
    select c.id, c.partition, c.last_pos, row(${rowText(tables.conversations, 'c')},
      ${ofConversations.map(({ name }) => `${name}.rows, ${name}.checksum`).join(', ')})::text as rows
    from ${schema}.conversations c
    ${ofConversations.map((table) => `left join (${sums<never>(schema, table)}) ${table.name} on ${table.name}.conversation = c.id`).join('\n    ')}`

const conversationsDiffer = (live: string, next: string): string => `
  with l as (${sidesOf(live)}),
  n as (${sidesOf(next)})
  select 'conversations' as table, coalesce(l.id, n.id) as key from l full join n on n.id = l.id
  where l.rows is distinct from n.rows
    and coalesce(n.last_pos, -1) < ${offset(live, 'events', 'coalesce(l.partition, n.partition)')}
    and coalesce(l.last_pos, -1) < ${offset(next, 'events', 'coalesce(l.partition, n.partition)')}
    and coalesce(l.id, n.id) not in (select aggregate from ${live}.parked union all select aggregate from ${next}.parked)
  limit ${differencesMax}`

const usersDiffer = (live: string, next: string): string => `
  select 'users' as table, coalesce(l.id, n.id)::text as key
  from ${live}.users l full join ${next}.users n on n.id = l.id
  where case
    when l.id is null then ${offset(live, 'events', 'n.partition')} >= ${offset(next, 'events', 'n.partition')}
    when n.id is null then ${offset(next, 'events', 'l.partition')} >= ${offset(live, 'events', 'l.partition')}
    else ${rowText(tables.users, 'l')} <> ${rowText(tables.users, 'n')}
      and coalesce(n.changed_pos, -1) < ${offset(live, 'events', 'l.partition')}
      and coalesce(l.changed_pos, -1) < ${offset(next, 'events', 'l.partition')} end
    and 'user ' || coalesce(l.id, n.id) not in (select aggregate from ${live}.parked union all select aggregate from ${next}.parked)
  limit ${differencesMax}`

const pairOf = (lo: string, hi: string): string => `'d' || ${lo} || '.' || ${hi}`

/** Rows with the place of their event: they count where both sides have come past both places. `conversation`: whose, in SQL. */
const placedDiffer = <Row>(live: string, next: string, table: Table<Row>, conversation: string): string => {
  const key = table.key.join(` || '|' || `)
  const rows = (schema: string) =>
    `select ${key} as key, partition, pos, ${conversation} as conversation, ${rowText(table, 't')} as row
     from ${schema}.${table.name} t`
  return `
  select '${table.name}' as table, coalesce(l.key, n.key) as key
  from (${rows(live)}) l full join (${rows(next)}) n on n.key = l.key
  where l.row is distinct from n.row
    and coalesce(n.pos, -1) < ${offset(live, 'events', 'coalesce(l.partition, n.partition)')}
    and coalesce(l.pos, -1) < ${offset(next, 'events', 'coalesce(l.partition, n.partition)')}
    and coalesce(l.conversation, n.conversation) not in
      (select aggregate from ${live}.parked union all select aggregate from ${next}.parked)
  limit ${differencesMax}`
}

const receiptsDiffer = (live: string, next: string): string => `
  select 'receipts' as table, l.conversation || '|' || l.user_id || '|' || l.device as key
  from ${live}.receipts l
  left join ${next}.receipts n on n.user_id = l.user_id and n.conversation = l.conversation and n.device = l.device
  where ${offset(next, 'receipts', 'l.partition')} >= ${offset(live, 'receipts', 'l.partition')}
    and (n.user_id is null or n.delivered_seq < l.delivered_seq or n.read_seq < l.read_seq)
  limit ${differencesMax}`

/** Of a partition that both have projected to the same place. Words of what is parked in one are missing there. */
const wordsDiffer = (live: string, next: string): string => `
  select 'words_by_hour' as table, coalesce(l.partition, n.partition) || '|' || coalesce(l.hour, n.hour) as key
  from (${hourSums(live)}) l full join (${hourSums(next)}) n on n.partition = l.partition and n.hour = l.hour
  where (l.words, l.checksum) is distinct from (n.words, n.checksum)
    and ${offset(live, 'events', 'coalesce(l.partition, n.partition)')} = ${offset(next, 'events', 'coalesce(l.partition, n.partition)')}
    and coalesce(l.partition, n.partition) not in (select partition from ${live}.parked union all select partition from ${next}.parked)
  limit ${differencesMax}`

const hourSums = (schema: string): string =>
  `select w.partition, w.hour, count(*) as words, sum(hashtextextended(${rowText(tables.words_by_hour, 'w')}, 0)::numeric) as checksum
   from ${schema}.words_by_hour w group by w.partition, w.hour`
