import { assert } from '@chat/runtime'
import { idMax } from '@chat/schemas'
import { aliasesAskedMax } from './aliases.ts'
import { friendsPage } from './friends.ts'
import { historyPage } from './history.ts'
import { aheadWaitMs, type MemberView, type Position, type ReadModels } from './index.ts'
import { editsPage, messageFacts } from './message-reads.ts'
import { createOperatorQueries } from './operator-queries.ts'
import { pageOf } from './page.ts'
import { popularWords } from './popular-words.ts'
import { present } from './present.ts'
import { searchPage } from './search.ts'
import type { AtMoment, Seat, Snapshot } from './snapshot.ts'
import { startOf, syncPage, unchangedPage } from './sync.ts'
import { searchUsers } from './user-search.ts'
import { isUserId, toUserRow } from './users.ts'
import { conversationView, conversationViews, everConversation, seatView } from './views.ts'
import { highestOf, isMember, visibleTo } from './visibility.ts'

/** Every query, over whatever gives a moment of the tables; the same for PostgreSQL and its twin. */
export const createQueries = (
  atMoment: AtMoment,
  waitFor: ReadModels['waitFor'],
): Omit<ReadModels, 'waitFor' | 'waitForReceipts' | 'close'> => ({
  userById: (id) =>
    atMoment('single', async (snapshot) => {
      const [found] = await snapshot.usersByIds([id].filter(isUserId))
      return found === undefined ? undefined : toUserRow(found)
    }),
  userByName: (normalisedName) =>
    atMoment('single', async (snapshot) => {
      const found = await snapshot.userByName(normalisedName)
      return found === undefined ? undefined : toUserRow(found)
    }),
  existingUsers: (ids) =>
    atMoment(
      'single',
      async (snapshot) => new Set((await snapshot.usersByIds(ids.filter(isUserId))).map((user) => user.id)),
    ),
  registered: (registrationIds) =>
    atMoment('many', async (snapshot) => {
      if (await snapshot.hasParked()) return undefined
      return new Set(await snapshot.registrations(registrationIds))
    }),
  users: (query, after, limit) =>
    atMoment(query === '' ? 'single' : 'many', (snapshot) => searchUsers(snapshot, query, after, limit)),
  userByRegistration: (registrationId) =>
    atMoment('single', async (snapshot) => {
      const found = await snapshot.userByRegistration(registrationId)
      return found === undefined ? undefined : toUserRow(found)
    }),
  ...createOperatorQueries(atMoment),
  idsOfOld: (dialect, kind, oldIds) =>
    atMoment('single', async (snapshot) => {
      const found = await snapshot.aliasesOfOld(dialect, kind, aliasesAsked(oldIds))
      return new Map(found.map((alias) => [alias.old_id, alias.id]))
    }),
  oldIdsOf: (dialect, kind, ids) =>
    atMoment('single', async (snapshot) => {
      const found = await snapshot.aliasesOfIds(dialect, kind, aliasesAsked(ids))
      return new Map(found.map((alias) => [alias.id, alias.old_id]))
    }),
  groupByName: (normalisedName) => atMoment('single', (snapshot) => snapshot.publicGroupByName(normalisedName)),
  conversations: (user, after, limit) =>
    atMoment('many', (snapshot) => conversationViews(snapshot, user, after, limit)),
  conversation: (user, conversation) => atMoment('many', (snapshot) => conversationView(snapshot, user, conversation)),
  members: (user, conversation, after, limit) =>
    atMoment('many', async (snapshot) => {
      const seat = await snapshot.seat(user, conversation)
      if (seat?.conversation.membership === 'online') return 'not_kept'
      if (seat === undefined || !isMember(seat)) return undefined
      const afterUser = /^\d{1,10}$/.test(after ?? '') ? Math.min(Number(after), idMax) : 0
      const found = await snapshot.members(conversation, afterUser, limit + 1)
      const page = pageOf(
        found,
        limit,
        (member) => memberView(member, isAdmin(seat) || member.user.id === user),
        (member) => String(member.user.id),
      )
      if (after !== undefined || !isAdmin(seat)) return page
      const requests = await snapshot.requests(conversation)
      return { ...page, requests: requests.map(({ user: asking, at }) => ({ user: toUserRow(asking), at })) }
    }),
  largeGroups: (users, membersMin) =>
    atMoment('single', (snapshot) => snapshot.largeGroups(users.filter(isUserId), membersMin)),
  friends: (user, after, limit) => atMoment('many', (snapshot) => friendsPage(snapshot, user, after, limit)),
  blocksBetween: (by, whom) =>
    atMoment('single', (snapshot) => snapshot.blocksBetween(by.filter(isUserId), whom.filter(isUserId))),
  message: (user, conversation, seq) => atMoment('many', (snapshot) => messageFacts(snapshot, user, conversation, seq)),
  edits: (query) => atMoment('many', (snapshot) => editsPage(snapshot, query)),
  usersByNames: (normalisedNames) =>
    atMoment('single', async (snapshot) => {
      const found = normalisedNames.length === 0 ? [] : await snapshot.usersByNames(normalisedNames)
      return new Map(found.map(({ normalised_name, id }) => [normalised_name, id]))
    }),
  history: (query) => atMoment('many', (snapshot) => historyPage(snapshot, query)),
  everConversations: (user, after, limit) =>
    atMoment('single', async (snapshot) =>
      (await snapshot.everSeats(user, after, limit)).map((seat) => everConversation(user, seat)),
    ),
  ownMessages: (user, conversation, after, limit) =>
    atMoment('many', async (snapshot) => {
      const seat = await snapshot.seat(user, conversation)
      if (seat === undefined) return []
      const events = await snapshot.ownMessages(user, conversation, after, limit)
      const highest = highestOf(visibleTo(seat.conversation, seat.stays))
      const [shown] = await present(snapshot, user, [{ conversation: seat.conversation, highest, events }])
      return (shown ?? []).map(({ event }) => event)
    }),
  search: (query) => atMoment('many', (snapshot) => searchPage(snapshot, query)),
  popularWords: (query) => atMoment('single', (snapshot) => popularWords(snapshot, query)),
  cursor: (user, device, conversation) => atMoment('single', (snapshot) => snapshot.cursor(user, device, conversation)),
  seat: (user, conversation) => atMoment('many', (snapshot) => seatView(snapshot, user, conversation)),
  cursors: (user, conversation, membersMax) =>
    atMoment('many', async (snapshot) => {
      const seat = await snapshot.seat(user, conversation)
      if (seat === undefined || !hasCursors(seat)) return undefined
      const found = await snapshot.memberCursors(conversation, membersMax + 1)
      return found.length > membersMax ? undefined : found
    }),
  cursorCounts: (user, conversation, seq) =>
    atMoment('many', async (snapshot) => {
      const seat = await snapshot.seat(user, conversation)
      return seat !== undefined && hasCursors(seat) ? snapshot.cursorCounts(conversation, seq) : undefined
    }),
  visibleSeq: (user, conversation) =>
    atMoment('single', async (snapshot) => {
      const seat = await snapshot.seat(user, conversation)
      return seat === undefined ? undefined : highestOf(visibleTo(seat.conversation, seat.stays)) || undefined
    }),
  sync: async (query) => {
    const attempt = (isWaitOver: boolean) =>
      atMoment('many', async (snapshot) => {
        const now = await snapshot.offsets()
        const start = startOf(query, now)
        const isToWait = start.kind === 'token' && start.isAhead && !isWaitOver
        return isToWait ? positionsBefore(start.reached.events) : syncPage(snapshot, query, start, now)
      })
    const unchanged = await atMoment('single', (snapshot) => unchangedPage(snapshot, query))
    if (unchanged !== undefined) return unchanged
    const first = await attempt(false)
    if ('token' in first) return first
    await waitFor(first, aheadWaitMs)
    const second = await attempt(true)
    assert('token' in second, 'a wait that is over gives a page')
    return second
  },
})

/** Whether he is one of those whose cursors are told to each other. */
const hasCursors = (seat: Seat): boolean => seat.conversation.membership === 'stored' && isMember(seat)

const isAdmin = ({ stays }: Seat): boolean =>
  stays.some(({ left_seq: left, role }) => left === null && role !== 'member')

type Member = Awaited<ReturnType<Snapshot['members']>>[number]

const memberView = ({ user, stay }: Member, mayKnowMute: boolean): MemberView => ({
  user: toUserRow(user),
  role: stay.role,
  joinedSeq: stay.joined_seq,
  ...(mayKnowMute && stay.muted_until !== null ? { mutedUntil: stay.muted_until } : {}),
})
const positionsBefore = (offsets: readonly number[]): readonly Position[] =>
  offsets.flatMap((offset, partition) => (offset === 0 ? [] : [{ partition, pos: offset - 1 }]))

/** Beyond 32 bits nothing has a number, and PostgreSQL would not take it. */
const aliasesAsked = (numbers: readonly number[]): readonly number[] => {
  assert(numbers.length <= aliasesAskedMax, 'a call asks for a bounded number of aliases')
  return numbers.filter(isUserId)
}
