import type { StoredConversation } from './conversations.ts'
import type { StoredStay } from './memberships.ts'

/** Seqs, both inclusive. */
export interface Interval {
  readonly from: number
  readonly to: number
}

/**
 * What a user may see: every seq inside one of his stays, the leaving event included; everything up to the end of his last stay
 * where history is `all`; all of an online room. In order, apart from each other. [G5]
 */
export const visibleTo = (
  conversation: Pick<StoredConversation, 'last_seq' | 'history' | 'membership'>,
  stays: readonly StoredStay[],
): readonly Interval[] => {
  if (conversation.membership === 'online') return [{ from: 1, to: conversation.last_seq }]
  const intervals = stays
    .map((stay) => ({ from: stay.joined_seq, to: stay.left_seq ?? conversation.last_seq })) // [G5]
    .sort((a, b) => a.from - b.from)
  const last = intervals.at(-1)
  if (last === undefined || conversation.history === 'sinceJoin') return intervals // [G5]
  return [{ from: 1, to: last.to }]
}

/** The part of `intervals` that lies within `range`. */
export const clip = (intervals: readonly Interval[], range: Interval): readonly Interval[] =>
  intervals
    .map(({ from, to }) => ({ from: Math.max(from, range.from), to: Math.min(to, range.to) }))
    .filter(({ from, to }) => from <= to)

/** 0: nothing. */
export const highestOf = (intervals: readonly Interval[]): number => intervals.at(-1)?.to ?? 0

/** Whether he takes part now. */
export const isMember = ({
  conversation,
  stays,
}: {
  readonly conversation: Pick<StoredConversation, 'membership'>
  readonly stays: readonly StoredStay[]
}): boolean => conversation.membership === 'online' || stays.some((stay) => stay.left_seq === null)
