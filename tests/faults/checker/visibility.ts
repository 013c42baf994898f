import type { Interval, LoggedConversation } from './log-facts.ts'

/** Inside one of the user's stays, the event that ended it included, or anywhere in an online room: what he may post, and what may be pushed to him. [G5] */
export const isMemberAt = (conversation: LoggedConversation, user: number, seq: number): boolean => {
  if (conversation.isRoom) return true
  const stays = conversation.stays.get(user)
  if (stays === undefined) return false
  for (const stay of stays) if (seq >= stay.from && seq <= stay.to) return true
  return false
}

/** Of whom a cursor and an unread count are kept: of an online room nobody. */
export const isMemberAtEnd = (conversation: LoggedConversation, user: number): boolean =>
  conversation.stays.get(user)?.at(-1)?.to === Number.POSITIVE_INFINITY

/** What the user may read at the end; in order, apart from each other, nothing beyond the last event. */
export const visibleTo = (conversation: LoggedConversation, user: number): readonly Interval[] => {
  const { lastSeq } = conversation
  if (conversation.isRoom) return [{ from: 1, to: lastSeq }]
  const stays = (conversation.stays.get(user) ?? []).map(({ from, to }) => ({ from, to: Math.min(to, lastSeq) }))
  const last = stays.at(-1)
  if (last === undefined || !conversation.sharesAll) return stays
  return [{ from: 1, to: last.to }]
}

export const canRead = (conversation: LoggedConversation, user: number, seq: number): boolean => {
  if (conversation.isRoom) return seq >= 1 && seq <= conversation.lastSeq
  const stays = conversation.stays.get(user)
  if (stays === undefined) return false
  if (!conversation.sharesAll) return isMemberAt(conversation, user, seq)
  return seq >= 1 && seq <= Math.min(stays.at(-1)?.to ?? 0, conversation.lastSeq)
}
