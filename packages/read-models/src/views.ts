import { invitationsListedMax } from '@chat/schemas/protocol'
import { pinsOf } from './conversations.ts'
import type { ConversationsPage, ConversationView, EverConversation, SeatView } from './index.ts'
import type { NewestKey, Seat, Snapshot } from './snapshot.ts'
import { cursorsOf, unreadOf } from './unread.ts'
import { clip, highestOf, isMember, visibleTo } from './visibility.ts'

export const conversationViews = async (
  snapshot: Snapshot,
  user: number,
  after: string | undefined,
  limit: number,
): Promise<ConversationsPage> => {
  const seats = await snapshot.newestSeats(user, decodeNewestKey(after), limit + 1)
  const shown = seats.slice(0, limit)
  const unread = await unreadOf(user, shown, snapshot)
  const items = shown.map((seat, index) => viewOf(user, seat, unread[index] ?? 0, seat.conversation.last_at))
  const last = shown.at(-1)
  return {
    items,
    ...(seats.length > limit && last !== undefined ? { next: encodeNewestKey(newestKeyOf(last)) } : {}),
    ...(after === undefined ? { invitations: await invitationsOf(snapshot, user) } : {}),
  }
}

const invitationsOf = async (snapshot: Snapshot, user: number) =>
  (await snapshot.invitations(user, invitationsListedMax)).map((invitation) => ({
    conversation: invitation.conversation,
    title: invitation.title,
    by: invitation.invited_by,
    at: invitation.invited_at,
  }))

export const conversationView = async (
  snapshot: Snapshot,
  user: number,
  conversation: string,
): Promise<ConversationView | undefined> => {
  const seat = await snapshot.seat(user, conversation)
  if (seat === undefined) return undefined
  const highest = highestOf(visibleTo(seat.conversation, seat.stays))
  const isInvited = typeof seat.standing?.invited_at === 'number'
  if (highest === 0 && seat.conversation.visibility !== 'public' && !isInvited) return undefined
  const [unread] = await unreadOf(user, [seat], snapshot)
  return viewOf(user, seat, unread ?? 0, await lastAtOf(snapshot, seat, highest))
}

/** Who left is not told when others went on, nor is who is invited to a private group; a stranger of a public group sees when it was alive last. */
const lastAtOf = async (snapshot: Snapshot, seat: Seat, highest: number): Promise<number> => {
  const { id, last_at } = seat.conversation
  const invitedAt = seat.standing?.invited_at ?? null
  if (highest === 0 && seat.conversation.visibility === 'private' && invitedAt !== null) return invitedAt
  if (highest === 0 || isMember(seat)) return last_at
  const [found] = await snapshot.events([{ conversation: id, from: highest, to: highest }], 1, 'first')
  return found?.[0]?.at ?? last_at
}

const viewOf = (user: number, seat: Seat, unread: number, lastAt: number): ConversationView => {
  const { conversation } = seat
  const other = otherOf(user, seat)
  const visible = visibleTo(conversation, seat.stays)
  const pinned = isMember(seat) ? pinsOf(conversation) : []
  const pins = pinned.filter((seq) => clip(visible, { from: seq, to: seq }).length > 0)
  return {
    id: conversation.id,
    kind: conversation.kind,
    title: titleOf(seat),
    ...membershipOf(seat),
    ...(other === undefined ? {} : { with: other }),
    ...(conversation.name === null ? {} : { name: conversation.name }),
    ...(conversation.description === null ? {} : { description: conversation.description }),
    ...(conversation.visibility === null ? {} : { visibility: conversation.visibility }),
    ...(conversation.join_policy === null ? {} : { joinPolicy: conversation.join_policy }),
    ...(conversation.kind === 'direct' ? {} : { history: conversation.history }),
    ...(conversation.posting === null ? {} : { posting: conversation.posting }),
    ...(conversation.closed_at === null ? {} : { closed: true as const }),
    ...(conversation.kind === 'direct' ? {} : standingOf(seat)),
    ...(pins.length === 0 ? {} : { pins }),
    lastSeq: highestOf(visible),
    lastAt,
    unread,
    ...cursorsOf(seat),
  }
}

export const seatView = async (
  snapshot: Snapshot,
  user: number,
  conversation: string,
): Promise<SeatView | undefined> => {
  const seat = await snapshot.seat(user, conversation)
  if (seat === undefined) return undefined
  const { stays, standing } = seat
  // Nobody asks to join a private group: whoever has a standing there was invited or banned.
  const isThere = seat.conversation.visibility === 'public' || stays.length > 0 || standing !== undefined
  if (!isThere) return undefined
  const { user_lo: lo, user_hi: hi, closed_at: closedAt } = seat.conversation
  const both = lo === null || hi === null ? [] : [lo, hi]
  const blocks = both.length === 0 ? [] : await snapshot.blocksBetween(both, both)
  const { mutedUntil, ...own } = standingOf(seat)
  const role = seat.conversation.membership === 'online' ? 'member' : own.role
  return {
    isClosed: closedAt !== null,
    isBanned: typeof standing?.banned_at === 'number',
    isBlocked: blocks.length > 0,
    ...(role === undefined ? {} : { role }),
    ...(mutedUntil === undefined ? {} : { mutedUntil }),
  }
}

export const everConversation = (user: number, seat: Seat): EverConversation => {
  const { id, kind } = seat.conversation
  const other = otherOf(user, seat)
  return {
    ...{ id, kind, title: titleOf(seat), isMember: isMember(seat) },
    ...(other === undefined ? {} : { with: other }),
  }
}

/** What he is to the group now. */
const standingOf = ({ stays, standing }: Seat): Partial<ConversationView> => {
  const stay = stays.find(({ left_seq: left }) => left === null)
  return {
    ...(stay === undefined ? {} : { role: stay.role }),
    ...(stay === undefined || stay.muted_until === null ? {} : { mutedUntil: stay.muted_until }),
    ...(standing === undefined || standing.invited_at === null ? {} : { invited: true }),
    ...(standing === undefined || standing.requested_at === null ? {} : { requested: true }),
  }
}

/** Said of an online room only. */
export const membershipOf = ({ conversation }: Pick<Seat, 'conversation'>): { readonly membership?: 'online' } =>
  conversation.membership === 'online' ? { membership: 'online' } : {}

export const titleOf = (seat: Seat): string =>
  seat.conversation.kind === 'direct' ? seat.otherName : seat.conversation.title

/** The other one of a direct conversation; oneself in the conversation with oneself. */
export const otherOf = (user: number, { conversation }: Pick<Seat, 'conversation'>): number | undefined => {
  const { user_lo: lo, user_hi: hi } = conversation
  if (lo === null || hi === null) return undefined
  return lo === user ? hi : lo
}

export const newestKeyOf = ({ conversation }: Seat): NewestKey => ({
  lastAt: conversation.last_at,
  id: conversation.id,
})

const encodeNewestKey = (key: NewestKey): string => Buffer.from(`${key.lastAt} ${key.id}`).toString('base64url')

/** undefined: from the start; so is anything that is no key. */
const decodeNewestKey = (text: string | undefined): NewestKey | undefined => {
  const match = /^(\d{1,15}) ([dg][\d.]{1,30})$/.exec(Buffer.from(text ?? '', 'base64url').toString('latin1'))
  return match?.[1] === undefined || match[2] === undefined ? undefined : { lastAt: Number(match[1]), id: match[2] }
}
