import { reactionEmojisMax, reactionUsersMax } from '@chat/schemas/protocol'
import type { StoredConversation } from './conversations.ts'
import type { StoredEvent } from './events.ts'
import { memberKey } from './fold.ts'
import type { MemberCursor, Source } from './index.ts'
import { aliasesOf } from './memory-aliases.ts'
import { relationsOf } from './memory-relations.ts'
import { reportsOf } from './memory-reports.ts'
import type { MemoryRows } from './memory-rows.ts'
import type { ReactionCount, StoredReaction } from './reactions.ts'
import type { FoundKey, Offsets, Seat, Snapshot } from './snapshot.ts'
import { gramSeparator, isSimilar, type StoredUser } from './users.ts'
import { otherOf } from './views.ts'
import { isMember } from './visibility.ts'

/** The rows as they are now; every answer is made before anything else runs, and a query awaits nothing but these. */
export const createMemorySnapshot = (rows: MemoryRows): Snapshot => {
  const seatOf = (user: number, conversation: StoredConversation): Seat => {
    const cursors = [...(rows.receiptsOf.get(memberKey(conversation.id, user))?.values() ?? [])]
    return {
      conversation,
      stays: [...(rows.staysOf.get(user)?.get(conversation.id)?.values() ?? [])],
      standing: rows.standings.get(memberKey(conversation.id, user)),
      readSeq: Math.max(0, ...cursors.map((receipt) => receipt.read_seq)),
      deliveredSeq: Math.max(0, ...cursors.map((receipt) => receipt.delivered_seq)),
      otherName: rows.users.get(otherOf(user, { conversation }) ?? 0)?.display_name ?? '',
    }
  }

  const seatsOf = (user: number): readonly Seat[] =>
    [...(rows.staysOf.get(user)?.keys() ?? []), ...rows.rooms].flatMap((id) => {
      const conversation = rows.conversations.get(id)
      return conversation === undefined ? [] : [seatOf(user, conversation)]
    })

  const hasChanged = (user: number, { conversation, stays }: Seat, base: Offsets): boolean => {
    const { id, partition, last_pos } = conversation
    const since = base.events[partition] ?? 0
    if (!isMember({ conversation, stays })) return stays.some((stay) => (stay.left_pos ?? -1) >= since)
    if (rows.rooms.has(id)) return last_pos >= since
    const receipts = [...(rows.receiptsOf.get(memberKey(id, user))?.values() ?? [])]
    return last_pos >= since || receipts.some((receipt) => receipt.read_offset >= (base.receipts[partition] ?? 0))
  }

  const membersOf = (id: string): number =>
    [...(rows.stays.get(id)?.values() ?? [])].filter((stay) => stay.left_seq === null).length

  const cursorsIn = (id: string): readonly MemberCursor[] => {
    const last = rows.conversations.get(id)?.last_seq ?? 0
    return [...(rows.stays.get(id)?.values() ?? [])]
      .filter((stay) => stay.left_seq === null)
      .sort((a, b) => a.user_id - b.user_id)
      .map(({ user_id: user }) => {
        const found = [...(rows.receiptsOf.get(memberKey(id, user))?.values() ?? [])]
        const capped = (seqs: readonly number[]) => Math.min(last, Math.max(0, ...seqs))
        return {
          user,
          deliveredSeq: capped(found.map((receipt) => receipt.delivered_seq)),
          readSeq: capped(found.map((receipt) => receipt.read_seq)),
        }
      })
  }

  const editsOf = (id: string, message: number, from: number, to: number): readonly StoredEvent[] =>
    (rows.events.get(id) ?? [])
      .slice(Math.max(from - 1, 0), to)
      .filter(({ type, about }) => type === 'messageEdited' && about === message)

  const offsets = (): Offsets => ({
    generation: rows.generation,
    events: nextOffsets(rows, 'events'),
    receipts: nextOffsets(rows, 'receipts'),
  })

  return {
    offsets: async () => offsets(),
    standing: async (user, base) => ({
      now: offsets(),
      isChanged: seatsOf(user).some((seat) => hasChanged(user, seat, base)),
    }),
    seat: async (user, id) => {
      const conversation = rows.conversations.get(id)
      return conversation === undefined ? undefined : seatOf(user, conversation)
    },
    newestSeats: async (user, after, limit) =>
      seatsOf(user)
        .filter(isMember)
        .filter(({ conversation: { last_at: at, id } }) =>
          after === undefined ? true : at < after.lastAt || (at === after.lastAt && compare(id, after.id) > 0),
        )
        .sort(
          (a, b) => b.conversation.last_at - a.conversation.last_at || compare(a.conversation.id, b.conversation.id),
        )
        .slice(0, limit),
    changedSeats: async (user, base, afterId, limit) =>
      seatsOf(user)
        .filter((seat) => compare(seat.conversation.id, afterId) > 0 && hasChanged(user, seat, base))
        .sort((a, b) => compare(a.conversation.id, b.conversation.id))
        .slice(0, limit),
    seqsBefore: async (spots) =>
      new Map(
        spots.map(({ conversation, pos }) => {
          const found = rows.events.get(conversation)?.findLast((event) => event.pos < pos)
          return [conversation, found?.seq ?? 0]
        }),
      ),
    counts: async (user, spots) =>
      spots.map(({ conversation, seq }) => {
        const events = rows.events.get(conversation) ?? []
        const own = events.slice(0, seq).findLast((event) => event.actor === user && event.own_ordinal !== null)
        return { all: events[seq - 1]?.ordinal ?? 0, own: own?.own_ordinal ?? 0 }
      }),
    events: async (ranges, limit, end) =>
      ranges.map(({ conversation, from, to }) => {
        const found: readonly StoredEvent[] = (rows.events.get(conversation) ?? []).slice(Math.max(from - 1, 0), to)
        return end === 'first' ? found.slice(0, limit) : found.slice(-limit)
      }),
    everSeats: async (user, afterId, limit) =>
      seatsOf(user)
        .filter((seat) => compare(seat.conversation.id, afterId) > 0)
        .sort((a, b) => compare(a.conversation.id, b.conversation.id))
        .slice(0, limit),
    ownMessages: async (user, conversation, afterSeq, limit) =>
      (rows.events.get(conversation) ?? [])
        .filter((event) => event.actor === user && event.own_ordinal !== null && event.seq > afterSeq)
        .slice(0, limit),
    messageStates: async (spots) =>
      spots.flatMap(({ conversation, seq }) => rows.messageStates.get(`${conversation}|${seq}`) ?? []),
    deletedCounts: async (user, ranges) =>
      ranges.map(({ conversation, from, to }) => {
        const states = [...rows.messageStates.values()].filter((state) => state.conversation === conversation)
        return states.filter(
          ({ seq, author, deleted_seq }) => deleted_seq !== null && seq >= from && seq <= to && author !== user,
        ).length
      }),
    reactions: async (user, spots) =>
      spots.map(({ conversation, seq, to }) =>
        countedReactions(user, [...(rows.reactions.get(`${conversation}|${seq}`)?.values() ?? [])], to),
      ),
    edits: async ({ conversation, message, from, to }, limit) =>
      editsOf(conversation, message, from, to).slice(0, limit),
    lastEdits: async (spots) =>
      spots.flatMap(({ conversation, seq, to }) => editsOf(conversation, seq, 1, to).slice(-1)),
    usersByNames: async (names) => {
      const asked = new Set(names)
      return [...rows.users.values()].filter((user) => asked.has(user.normalised_name))
    },
    readable: async (user, limit) =>
      seatsOf(user)
        .toSorted(
          (a, b) => b.conversation.last_at - a.conversation.last_at || compare(a.conversation.id, b.conversation.id),
        )
        .slice(0, limit),
    found: async (ranges, words, before, limit) =>
      ranges
        .flatMap(({ conversation, from, to }) => (rows.events.get(conversation) ?? []).slice(Math.max(from - 1, 0), to))
        .filter((event) => hasWords(event, words) && (before === undefined || newestFirst(event, before) > 0))
        .sort(newestFirst)
        .slice(0, limit),
    wordCounts: async (hours, limit) => {
      const counts = new Map<string, number>()
      for (const { hour, word, count } of rows.words.values())
        if (hour >= hours.from && hour <= hours.to) counts.set(word, (counts.get(word) ?? 0) + count)
      return Array.from(counts, ([word, count]) => ({ word, count }))
        .sort((a, b) => b.count - a.count || compare(a.word, b.word))
        .slice(0, limit)
    },
    usersByIds: async (ids) =>
      ids.flatMap((id) => {
        const user = rows.users.get(id)
        return user === undefined ? [] : [user]
      }),
    hasParked: async () => rows.parked.length > 0,
    registrations: async (ids) => {
      const asked = new Set(ids)
      return [...rows.users.values()].flatMap(({ registration_id: id }) => (asked.has(id) ? [id] : []))
    },
    ...reportsOf(rows),
    ...aliasesOf(rows),
    userByName: async (name) => [...rows.users.values()].find((user) => user.normalised_name === name),
    operators: async (afterName, limit) =>
      [...rows.users.values()]
        .filter((user) => user.operator_since !== null && compare(user.normalised_name, afterName) > 0)
        .sort((a, b) => compare(a.normalised_name, b.normalised_name))
        .slice(0, limit),
    suspended: async () => [...rows.users.values()].filter((user) => user.suspended_at !== null),
    usersChangedSince: async (events, limit) =>
      [...rows.users.values()]
        .filter((user) => user.changed_pos !== null && user.changed_pos >= (events[user.partition] ?? 0))
        .slice(0, limit),
    usersByPrefix: async (prefix, afterName, limit) =>
      [...rows.users.values()]
        .filter((user) => user.normalised_name.startsWith(prefix) || user.display_folded.startsWith(prefix))
        .filter((user) => compare(user.normalised_name, afterName) > 0)
        .sort((a, b) => compare(a.normalised_name, b.normalised_name))
        .slice(0, limit),
    similarUsers: async (prefix, grams, limit) =>
      [...rows.users.values()]
        .filter((user) => !user.normalised_name.startsWith(prefix) && !user.display_folded.startsWith(prefix))
        .map((user) => ({ user, shared: sharedOf(user, grams) }))
        .filter(({ shared }) => shared > 0 && isSimilar(shared, grams.length))
        .sort((a, b) => b.shared - a.shared || compare(a.user.normalised_name, b.user.normalised_name))
        .slice(0, limit)
        .map(({ user }) => user),
    userByRegistration: async (id) =>
      [...rows.users.values()].filter((user) => user.registration_id === id).sort((a, b) => a.id - b.id)[0],
    publicGroupByName: async (name) =>
      [...rows.conversations.values()].find(
        (conversation) => conversation.visibility === 'public' && conversation.normalised_name === name,
      )?.id,
    members: async (conversation, afterUser, limit) =>
      [...(rows.stays.get(conversation)?.values() ?? [])]
        .filter((stay) => stay.left_seq === null && stay.user_id > afterUser)
        .sort((a, b) => a.user_id - b.user_id)
        .flatMap((stay) => {
          const user = rows.users.get(stay.user_id)
          return user === undefined ? [] : [{ stay, user }]
        })
        .slice(0, limit),
    largeGroups: async (users, membersMin) =>
      [...new Set(users)].flatMap((user) =>
        seatsOf(user).flatMap(({ conversation: { id, kind, last_seq: lastSeq }, stays }) => {
          const stay = stays.find(({ left_seq: left }) => left === null)
          const isLarge = kind === 'group' && stay !== undefined && membersOf(id) >= membersMin
          return isLarge ? [{ conversation: id, user, joinedSeq: stay.joined_seq, lastSeq }] : []
        }),
      ),
    memberCursors: async (conversation, limit) => cursorsIn(conversation).slice(0, limit),
    cursorCounts: async (conversation, seq) => {
      const cursors = cursorsIn(conversation)
      return {
        delivered: cursors.filter(({ deliveredSeq }) => deliveredSeq >= seq).length,
        read: cursors.filter(({ readSeq }) => readSeq >= seq).length,
      }
    },
    ...relationsOf(rows),
    invitations: async (user, limit) =>
      [...rows.standings.values()]
        .flatMap(({ conversation, user_id, invited_by, invited_at }) => {
          const title = rows.conversations.get(conversation)?.title
          const isOpen = user_id === user && invited_by !== null && invited_at !== null && title !== undefined
          return isOpen ? [{ conversation, title, invited_by, invited_at }] : []
        })
        .sort((a, b) => b.invited_at - a.invited_at || compare(a.conversation, b.conversation))
        .slice(0, limit),
    requests: async (conversation) =>
      [...rows.standings.values()]
        .flatMap(({ conversation: id, user_id, requested_at: at }) => {
          const user = id === conversation && at !== null ? rows.users.get(user_id) : undefined
          return user === undefined || at === null ? [] : [{ at, user }]
        })
        .sort((a, b) => a.at - b.at || a.user.id - b.user.id),
    cursor: async (user, device, conversation) => {
      if (rows.rooms.has(conversation)) return 'not_kept'
      const found = rows.receiptsOf.get(memberKey(conversation, user))?.get(device)
      return { deliveredSeq: found?.delivered_seq ?? 0, readSeq: found?.read_seq ?? 0 }
    },
  }
}

const countedReactions = (user: number, all: readonly StoredReaction[], to: number): readonly ReactionCount[] => {
  const present = all
    .flatMap(({ emoji, user_id, seq }) => (seq !== null && seq <= to ? [{ emoji, user_id, seq }] : []))
    .sort((a, b) => a.seq - b.seq)
  const byEmoji = Map.groupBy(present, ({ emoji }) => emoji)
  return [...byEmoji].slice(0, reactionEmojisMax).map(([emoji, found]) => ({
    emoji,
    count: found.length,
    users: found
      .map(({ user_id }) => user_id)
      .sort((a, b) => Number(b === user) - Number(a === user))
      .slice(0, reactionUsersMax),
  }))
}

const nextOffsets = (rows: MemoryRows, source: Source): readonly number[] => {
  const known = rows.offsets[source]
  const length = Math.max(-1, ...known.keys()) + 1
  return Array.from({ length }, (_, partition) => known.get(partition)?.nextOffset ?? 0)
}

const hasWords = ({ words }: StoredEvent, asked: readonly string[]): boolean => {
  const has = new Set(words?.split(' '))
  return asked.every((word) => has.has(word))
}

const newestFirst = (a: FoundKey, b: FoundKey): number =>
  b.at - a.at || compare(b.conversation, a.conversation) || b.seq - a.seq

/** By code points, as PostgreSQL's "C" collation; `<` would go by UTF-16 units. */
const sharedOf = ({ grams }: StoredUser, asked: readonly string[]): number => {
  const own = new Set(grams.split(gramSeparator))
  return asked.filter((gram) => own.has(gram)).length
}

const compare = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))
