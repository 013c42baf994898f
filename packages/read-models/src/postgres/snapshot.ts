import { assert } from '@chat/runtime'
import type { StoredConversation } from '../conversations.ts'
import { conversations } from '../conversations.ts'
import { events as eventsTable, type StoredEvent } from '../events.ts'
import type { LargeGroupStay, WordCount } from '../index.ts'
import { memberships, type StoredStay } from '../memberships.ts'
import type { Invitation, Offsets, Seat, Snapshot } from '../snapshot.ts'
import { type StoredStanding, standings } from '../standings.ts'
import { type StoredUser, users } from '../users.ts'
import { createAliases } from './aliases.ts'
import type { Session } from './database.ts'
import { messageQueries } from './message-queries.ts'
import { read } from './names.ts'
import { createRelations } from './relations.ts'
import { createReports } from './reports.ts'
import { asJson, list } from './rows.ts'

/** The tables in one transaction. */
export const createPostgresSnapshot = (session: Session): Snapshot => ({
  offsets: async () => offsetsOf(await session.rows<OffsetRow>(`select ${offsets}`)),
  standing: async (user, base) => {
    const found = await session.rows<OffsetRow & { is_changed: boolean }>(standing, [user, base.events, base.receipts])
    return { now: offsetsOf(found), isChanged: found[0]?.is_changed === true }
  },
  seat: async (user, conversation) => {
    const [seat] = await readSeats(session, user, `c.id = $2`, [conversation])
    return seat
  },
  newestSeats: async (user, after, limit) => {
    const isAfter = after === undefined ? '' : 'and (c.last_at < $3 or (c.last_at = $3 and c.id > $4))'
    const where = `c.id in (select conversation from ${read.memberships} where user_id = $1 and left_seq is null union all ${rooms}) ${isAfter}
      order by c.last_at desc, c.id limit $2`
    return readSeats(session, user, where, [limit, ...(after === undefined ? [] : [after.lastAt, after.id])])
  },
  changedSeats: (user, base, afterId, limit) =>
    readSeats(session, user, changed, [limit, afterId, base.events, base.receipts]),
  seqsBefore: async (spots) => {
    if (spots.length === 0) return new Map()
    const found = await session.rows<{ conversation: string; lo: number }>(seqsBefore, [
      spots.map((spot) => spot.conversation),
      spots.map((spot) => spot.pos),
      spots.map((spot) => spot.lastSeq),
    ])
    return new Map(found.map((row) => [row.conversation, row.lo]))
  },
  counts: async (user, spots) => {
    const found = await session.rows<{ messages: number; own: number }>(counts, [
      spots.map((spot) => spot.conversation),
      spots.map((spot) => spot.seq),
      user,
    ])
    return found.map((row) => ({ all: row.messages, own: row.own }))
  },
  events: async (ranges, limit, end) => {
    const found = await session.rows<StoredEvent & { range: number }>(end === 'first' ? firstEvents : lastEvents, [
      ranges.map((range) => range.conversation),
      ranges.map((range) => range.from),
      ranges.map((range) => range.to),
      limit,
    ])
    const lists: StoredEvent[][] = ranges.map(() => [])
    for (const event of found) lists[event.range - 1]?.push(event)
    return lists
  },
  everSeats: (user, afterId, limit) => {
    const where = `c.id in (select conversation from ${read.memberships} where user_id = $1 union all ${rooms}) and c.id > $2 order by c.id limit $3`
    return readSeats(session, user, where, [afterId, limit])
  },
  ownMessages: (user, conversation, afterSeq, limit) =>
    session.rows<StoredEvent>(ownMessages, [conversation, user, afterSeq, limit]),
  ...messageQueries(session),
  readable: async (user, limit) => {
    const found = await session.rows<StoredConversation & { stays: readonly StoredStay[] }>(readable, [user, limit])
    return found.map(({ stays, ...conversation }) => ({ conversation, stays }))
  },
  // Planned for the words asked for: how many messages have them decides which index goes first.
  found: (ranges, words, before, limit) => {
    const parameters = [
      ranges.map((range) => range.conversation),
      ranges.map((range) => range.from),
      ranges.map((range) => range.to),
      words,
      limit,
    ]
    return before === undefined
      ? session.rowsPlannedAnew<StoredEvent>(foundFirst, parameters)
      : session.rowsPlannedAnew<StoredEvent>(foundNext, [...parameters, before.at, before.conversation, before.seq])
  },
  wordCounts: (hours, limit) => session.rows<WordCount>(wordCounts, [hours.from, hours.to, limit]),
  usersByIds: (ids) =>
    ids.length === 0
      ? Promise.resolve([])
      : session.rows<StoredUser>(`${selectUsers} where id = any($1::int[])`, [ids]),
  hasParked: async () => {
    const [found] = await session.rows<{ has_parked: boolean }>(
      `select exists (select from ${read.parked}) as has_parked`,
    )
    return found?.has_parked === true
  },
  registrations: async (ids) => {
    const statement = `select registration_id from ${read.users} where registration_id = any($1::text[])`
    const found = await session.rows<{ registration_id: string }>(statement, [ids])
    return found.map((row) => row.registration_id)
  },
  userByName: async (name) => {
    const [user] = await session.rows<StoredUser>(`${selectUsers} where normalised_name = $1`, [name])
    return user
  },
  usersByPrefix: (prefix, afterName, limit) =>
    session.rowsPlannedAnew<StoredUser>(usersByPrefix, [likePrefix(prefix), afterName, limit]),
  similarUsers: (prefix, grams, limit) =>
    session.rowsPlannedAnew<StoredUser>(similarUsers, [grams, likePrefix(prefix), limit]),
  userByRegistration: async (id) => {
    const [user] = await session.rows<StoredUser>(`${selectUsers} where registration_id = $1 order by id limit 1`, [id])
    return user
  },
  operators: (afterName, limit) =>
    session.rows<StoredUser>(
      `${selectUsers} where u.operator_since is not null and u.normalised_name > $1 order by u.normalised_name limit $2`,
      [afterName, limit],
    ),
  ...createReports(session),
  ...createAliases(session),
  suspended: () => session.rows<StoredUser>(`${selectUsers} where u.suspended_at is not null`),
  usersChangedSince: (events, limit) => session.rows<StoredUser>(usersChangedSince, [events, limit]),
  publicGroupByName: async (name) => {
    const statement = `select id from ${read.conversations} where visibility = 'public' and normalised_name = $1`
    const [group] = await session.rows<{ id: string }>(statement, [name])
    return group?.id
  },
  members: async (conversation, afterUser, limit) => {
    const found = await session.rows<{ member: StoredStay } & StoredUser>(members, [conversation, afterUser, limit])
    return found.map(({ member, ...user }) => ({ stay: member, user }))
  },
  largeGroups: (asked, membersMin) => session.rows<LargeGroupStay>(largeGroups, [asked, membersMin]),
  memberCursors: async (conversation, limit) => {
    const found = await session.rows<CursorRow>(`${memberCursors} order by m.user_id limit $2`, [conversation, limit])
    return found.map((row) => ({ user: row.user_id, deliveredSeq: row.delivered_seq, readSeq: row.read_seq }))
  },
  cursorCounts: async (conversation, seq) => {
    const [found] = await session.rows<{ delivered: number; read: number }>(cursorCounts, [conversation, seq])
    return { delivered: found?.delivered ?? 0, read: found?.read ?? 0 }
  },
  ...createRelations(session),
  invitations: (user, limit) => session.rows<Invitation>(invitations, [user, limit]),
  requests: async (conversation) => {
    const found = await session.rows<{ requested_at: number } & StoredUser>(requests, [conversation])
    return found.map(({ requested_at: at, ...user }) => ({ at, user }))
  },
  cursor: async (user, device, conversation) => {
    const [found] = await session.rows<{ is_room: boolean; delivered_seq: number | null; read_seq: number | null }>(
      cursor,
      [user, conversation, device],
    )
    if (found?.is_room === true) return 'not_kept'
    return { deliveredSeq: found?.delivered_seq ?? 0, readSeq: found?.read_seq ?? 0 }
  },
})

interface OffsetRow {
  readonly generation: string
  readonly source: string
  readonly partition: number
  readonly next_offset: number
}

const offsetsOf = (found: readonly OffsetRow[]): Offsets => {
  const lists = { events: [] as number[], receipts: [] as number[] }
  for (const { source, partition, next_offset } of found) {
    const to = source === 'events' ? lists.events : source === 'receipts' ? lists.receipts : undefined
    if (to !== undefined) to[partition] = next_offset
  }
  const generation = found[0]?.generation
  assert(generation !== undefined, 'the read models have a generation')
  return { generation, events: Array.from(lists.events, dense), receipts: Array.from(lists.receipts, dense) }
}

const dense = (offset: number | undefined): number => offset ?? 0

/** Everybody takes part in them. There are few: operators make them. */
const rooms = `select id from ${read.conversations} where membership = 'online'`

/** One statement gives the conversation, the user's stays and cursors there, and the other's name. `$1` is the user. */
const readSeats = async (
  session: Session,
  user: number,
  where: string,
  parameters: readonly (string | number | readonly number[])[],
): Promise<readonly Seat[]> => {
  const found = await session.rows<SeatRow>(
    `select ${list(conversations, 'c')}, s.stays, n.standing, coalesce(r.read_seq, 0) as user_read_seq,
      coalesce(r.delivered_seq, 0) as user_delivered_seq, coalesce(u.display_name, '') as other_name
    from ${read.conversations} c
    cross join lateral (select json_agg(${asJson(memberships, 'm')} order by m.joined_seq) as stays
      from ${read.memberships} m where m.user_id = $1 and m.conversation = c.id) s
    left join lateral (select ${asJson(standings, 'n')} as standing
      from ${read.standings} n where n.user_id = $1 and n.conversation = c.id) n on true
    cross join lateral (select max(read_seq) as read_seq, max(delivered_seq) as delivered_seq
      from ${read.receipts} r where r.user_id = $1 and r.conversation = c.id) r
    left join ${read.users} u on u.id = case when c.user_lo = $1 then c.user_hi else c.user_lo end
    where ${where}`,
    [user, ...parameters],
  )
  return found.map(({ stays, standing, user_read_seq, user_delivered_seq, other_name, ...conversation }) => ({
    conversation,
    stays: stays ?? [],
    standing: standing ?? undefined,
    readSeq: user_read_seq,
    deliveredSeq: user_delivered_seq,
    otherName: other_name,
  }))
}

type SeatRow = StoredConversation & {
  readonly stays: readonly StoredStay[] | null
  readonly standing: StoredStanding | null
  readonly user_read_seq: number
  readonly user_delivered_seq: number
  readonly other_name: string
}

/**
 * The ids of what changed for user $1 since the given offsets of events and receipts, by partition. It goes by the user's own stays: the work grows with
 * his conversations (one probe each), not with what all the others wrote, and conversations need no index on what every
 * event changes.
 */
const changedIds = (after: string, events: string, receipts: string): string => `
    select m.conversation from ${read.memberships} m join ${read.conversations} mc on mc.id = m.conversation
    where m.user_id = $1 and m.left_seq is null and m.conversation > ${after}
      and mc.last_pos >= coalesce((${events}::bigint[])[mc.partition + 1], 0)
    union all
    select m.conversation from ${read.memberships} m join ${read.conversations} mc on mc.id = m.conversation
    where m.user_id = $1 and m.left_pos >= coalesce((${events}::bigint[])[mc.partition + 1], 0) and m.conversation > ${after}
    union all
    select m.conversation from ${read.receipts} r
      join ${read.memberships} m on m.user_id = r.user_id and m.conversation = r.conversation and m.left_seq is null
    where r.user_id = $1 and r.conversation > ${after}
      and r.read_offset >= coalesce((${receipts}::bigint[])[r.partition + 1], 0)
    union all
    select mc.id from ${read.conversations} mc where mc.membership = 'online' and mc.id > ${after}
      and mc.last_pos >= coalesce((${events}::bigint[])[mc.partition + 1], 0)`

const changed = `c.id > $3 and c.id in (${changedIds('$3', '$4', '$5')}) order by c.id limit $2`

const offsets = `g.generation, o.source, o.partition, o.next_offset from ${read.generation} g left join ${read.offsets} o on true`

const standing = `select exists (${changedIds("''", '$2', '$3')}) as is_changed, ${offsets}`

/** A binary search over seqs, which are dense: 17 probes find the place among 100,000 events. */
const seqsBefore = `
  with recursive search(conversation, pos, lo, hi) as (
    select conversation, pos, 0, last_seq from unnest($1::text[], $2::bigint[], $3::int[]) as s(conversation, pos, last_seq)
    union all
    select s.conversation, s.pos,
      case when e.pos < s.pos then e.seq else s.lo end,
      case when e.pos < s.pos then s.hi else e.seq - 1 end
    from search s join ${read.events} e on e.conversation = s.conversation and e.seq = (s.lo + s.hi + 1) / 2
    where s.lo < s.hi)
  select conversation, lo from search where lo = hi`

const counts = `
  select coalesce(a.ordinal, 0) as messages, coalesce(o.own_ordinal, 0) as own
  from unnest($1::text[], $2::int[]) with ordinality as s(conversation, seq, place)
  left join ${read.events} a on a.conversation = s.conversation and a.seq = s.seq
  left join lateral (select own_ordinal from ${read.events} e
    where e.conversation = s.conversation and e.actor = $3 and e.seq <= s.seq and e.own_ordinal is not null
    order by e.seq desc limit 1) o on true
  order by s.place`

const eventsInRanges = (order: 'asc' | 'desc'): string => `
  select r.place::int as range, e.* from unnest($1::text[], $2::int[], $3::int[]) with ordinality as r(conversation, lo, hi, place)
  cross join lateral (select ${list(eventsTable, 'i')} from ${read.events} i
    where i.conversation = r.conversation and i.seq between r.lo and r.hi order by i.seq ${order} limit $4) e
  order by r.place, e.seq`

const firstEvents = eventsInRanges('asc')
const lastEvents = eventsInRanges('desc')

const ownMessages = `
  select ${list(eventsTable, 'e')} from ${read.events} e
  where conversation = $1 and actor = $2 and seq > $3 and own_ordinal is not null order by seq limit $4`
const readable = `
  select ${list(conversations, 'c')}, s.stays
  from (select m.conversation, json_agg(${asJson(memberships, 'm')} order by m.joined_seq) as stays
    from ${read.memberships} m where m.user_id = $1 group by m.conversation
    union all select r.id, '[]'::json from (${rooms}) r) s
  join ${read.conversations} c on c.id = s.conversation order by c.last_at desc, c.id limit $2`

/** The words lead to messages of everybody; of words that many have, the conversations' own index narrows it down first. */
const foundIn = (isBefore: string): string => `
  with ranges as materialized (select * from unnest($1::text[], $2::int[], $3::int[]) as r(conversation, lo, hi))
  select ${list(eventsTable, 'e')} from ${read.events} e
  join ranges r on r.conversation = e.conversation and e.seq between r.lo and r.hi
  where e.words is not null and string_to_array(e.words, ' ') @> $4::text[] and e.conversation = any($1::text[]) ${isBefore}
  order by e.at desc, e.conversation desc, e.seq desc limit $5`

const foundFirst = foundIn('')
const foundNext = foundIn('and (e.at, e.conversation, e.seq) < ($6::bigint, $7::text collate "C", $8::int)')

const wordCounts = `
  select word, sum(count) as count from ${read.words} where hour between $1 and $2
  group by word order by count desc, word limit $3`

const selectUsers = `select ${list(users, 'u')} from ${read.users} u`

/** One look at the end of the index for each partition. A partition beyond the list was not projected when it was made. */
const usersChangedSince = `
  select c.* from ${read.offsets} o cross join lateral (${selectUsers}
    where u.partition = o.partition and u.changed_pos >= coalesce(($1::bigint[])[o.partition + 1], 0) limit $2) c
  where o.source = 'events' limit $2`

const usersByPrefix = `${selectUsers}
  where (u.normalised_name like $1 or u.display_folded like $1) and u.normalised_name > $2
  order by u.normalised_name limit $3`

const likePrefix = (prefix: string): string => `${prefix.replace(/[\\%_]/g, '\\$&')}%`

/** Rows that are compared for one search, at most: a common gram of a query is in the names of many. */
const comparedUsersMax = 5_000

const similarUsers = `
  select ${list(users, 'u')} from (
    select *, (select count(*) from unnest($1::text[]) gram where gram = any(string_to_array(c.grams, e'\\x1f'))) as shared
    from ${read.users} c where string_to_array(c.grams, e'\\x1f') && $1::text[] limit ${comparedUsersMax}
  ) u
  where u.shared * 5 >= cardinality($1::text[]) * 2 and u.normalised_name not like $2 and u.display_folded not like $2
  order by u.shared desc, u.normalised_name limit $3`

const invitations = `
  select n.conversation, c.title, n.invited_by, n.invited_at
  from ${read.standings} n join ${read.conversations} c on c.id = n.conversation
  where n.user_id = $1 and n.invited_at is not null order by n.invited_at desc, n.conversation limit $2`

const requests = `
  select n.requested_at, ${list(users, 'u')} from ${read.standings} n join ${read.users} u on u.id = n.user_id
  where n.conversation = $1 and n.requested_at is not null order by n.requested_at, n.user_id`

const members = `
  select ${list(users, 'u')}, ${asJson(memberships, 'm')} as member
  from ${read.memberships} m join ${read.users} u on u.id = m.user_id
  where m.conversation = $1 and m.left_seq is null and m.user_id > $2 order by m.user_id limit $3`

const cursor = `
  select c.is_room, r.delivered_seq, r.read_seq
  from (select exists (select from (${rooms}) o where o.id = $2) as is_room) c
  left join ${read.receipts} r on r.user_id = $1 and r.conversation = $2 and r.device = $3`

/** Each group is counted once, and no further than it takes to say that it is large. */
const largeGroups = `
  with own as materialized (
    select conversation, user_id, joined_seq from ${read.memberships} where user_id = any($1::int[]) and left_seq is null
  ), large as materialized (
    select c.id, c.last_seq from (select distinct conversation from own) o join ${read.conversations} c on c.id = o.conversation
    where c.kind = 'group' and $2 <= (select count(*) from (
      select from ${read.memberships} m where m.conversation = c.id and m.left_seq is null limit $2
    ) counted)
  )
  select o.conversation, o.user_id as user, o.joined_seq as "joinedSeq", l.last_seq as "lastSeq"
  from own o join large l on l.id = o.conversation`

interface CursorRow {
  readonly user_id: number
  readonly delivered_seq: number
  readonly read_seq: number
}

const memberCursors = `
  select m.user_id, least(c.last_seq, coalesce(r.delivered_seq, 0)) as delivered_seq, least(c.last_seq, coalesce(r.read_seq, 0)) as read_seq
  from ${read.memberships} m join ${read.conversations} c on c.id = m.conversation
  left join lateral (select max(delivered_seq) as delivered_seq, max(read_seq) as read_seq
    from ${read.receipts} r where r.conversation = m.conversation and r.user_id = m.user_id) r on true
  where m.conversation = $1 and m.left_seq is null`

const cursorCounts = `
  select count(*) filter (where delivered_seq >= $2)::int as delivered, count(*) filter (where read_seq >= $2)::int as read
  from (${memberCursors}) cursors`
