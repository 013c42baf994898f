import { reactionEmojisMax, reactionUsersMax } from '@chat/schemas/protocol'
import { events, type StoredEvent } from '../events.ts'
import { messageStates, type StoredMessageState } from '../message-states.ts'
import type { ReactionCount } from '../reactions.ts'
import type { Snapshot } from '../snapshot.ts'
import { type StoredUser, users } from '../users.ts'
import type { Session } from './database.ts'
import { read } from './names.ts'
import { list } from './rows.ts'

type MessageQueries = Pick<
  Snapshot,
  'messageStates' | 'deletedCounts' | 'reactions' | 'edits' | 'lastEdits' | 'usersByNames'
>

/** What became of messages, and whom their texts can mean. */
export const messageQueries = (session: Session): MessageQueries => ({
  messageStates: (spots) =>
    session.rows<StoredMessageState>(
      `select ${list(messageStates, 's')} from unnest($1::text[], $2::int[]) as k(conversation, seq)
        join ${read.messageStates} s on s.conversation = k.conversation and s.seq = k.seq`,
      [spots.map((spot) => spot.conversation), spots.map((spot) => spot.seq)],
    ),
  deletedCounts: async (user, ranges) => {
    const found = await session.rows<{ deleted: number }>(deletedCounts, [
      ranges.map((range) => range.conversation),
      ranges.map((range) => range.from),
      ranges.map((range) => range.to),
      user,
    ])
    return found.map((row) => row.deleted)
  },
  reactions: async (user, spots) => {
    const found = await session.rows<ReactionCount & { place: number }>(reactions, [
      spots.map((spot) => spot.conversation),
      spots.map((spot) => spot.seq),
      spots.map((spot) => spot.to),
      user,
    ])
    const lists: ReactionCount[][] = spots.map(() => [])
    for (const { place, emoji, count, users: some } of found) lists[place - 1]?.push({ emoji, count, users: some })
    return lists
  },
  edits: ({ conversation, message, from, to }, limit) =>
    session.rows<StoredEvent>(
      `select ${list(events, 'e')} from ${read.events} e
        where e.conversation = $1 and e.about = $2 and e.seq between $3 and $4 and e.type = 'messageEdited'
        order by e.seq limit $5`,
      [conversation, message, from, to, limit],
    ),
  lastEdits: (spots) =>
    session.rows<StoredEvent>(lastEdits, [
      spots.map((spot) => spot.conversation),
      spots.map((spot) => spot.seq),
      spots.map((spot) => spot.to),
    ]),
  usersByNames: (names) =>
    session.rows<StoredUser>(
      `select ${list(users, 'u')} from ${read.users} u where u.normalised_name = any($1::text[])`,
      [names],
    ),
})

const deletedCounts = `
  select (select count(*)::int from ${read.messageStates} s where s.conversation = r.conversation
    and s.seq between r.lo and r.hi and s.deleted_seq is not null and s.author <> $4) as deleted
  from unnest($1::text[], $2::int[], $3::int[]) with ordinality as r(conversation, lo, hi, place) order by r.place`

const lastEdits = `
  select ${list(events, 'e')} from unnest($1::text[], $2::int[], $3::int[]) as k(conversation, message, hi)
  cross join lateral (
    select * from ${read.events} e where e.conversation = k.conversation and e.about = k.message
      and e.seq <= k.hi and e.type = 'messageEdited'
    order by e.seq desc limit 1) e`

const reactions = `
  select k.place::int as place, r.emoji, r.count, r.users
  from unnest($1::text[], $2::int[], $3::int[]) with ordinality as k(conversation, message, hi, place)
  cross join lateral (
    select emoji, count(*)::int as count, min(seq) as first,
      (array_agg(user_id order by user_id <> $4, seq))[1:${reactionUsersMax}] as users
    from ${read.reactions} r
    where r.conversation = k.conversation and r.message = k.message and r.seq <= k.hi
    group by emoji order by first limit ${reactionEmojisMax}) r
  order by k.place, r.first`
