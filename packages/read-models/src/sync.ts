import { syncConversationsMax } from '@chat/schemas/protocol'
import type { SyncPage, SyncQuery } from './index.ts'
import type { Offsets, Seat, Snapshot } from './snapshot.ts'
import { fillPage, type Selection } from './sync-page.ts'
import { decodeSyncToken, encodeSyncToken, type SyncToken } from './sync-token.ts'
import { newestKeyOf } from './views.ts'

/** What a query asks for: a first page, or what follows a token. `ahead`: the projection has not come that far. */
export type Start =
  | { readonly kind: 'first'; readonly isReset: boolean }
  | { readonly kind: 'token'; readonly token: SyncToken; readonly reached: Offsets; readonly isAhead: boolean }

/** A token of another generation names places in other rows, one of another user hides what is new: both are reset. [G6] */
export const startOf = (query: SyncQuery, now: Offsets): Start => {
  if (query.token === undefined) return { kind: 'first', isReset: false }
  const token = decodeSyncToken(query.user, query.token)
  const reached = token === undefined ? undefined : token.kind === 'final' ? token.base : token.end
  if (token === undefined || reached?.generation !== now.generation) return { kind: 'first', isReset: true } // [G6]
  const isAhead = reached.events.some((offset, partition) => offset > (now.events[partition] ?? 0))
  return { kind: 'token', token, reached, isAhead }
}

/**
 * The answer to a device that missed nothing, which is what most ask; undefined: it needs a page. One statement, no transaction, so that
 * a crowd that reconnects is served.
 */
export const unchangedPage = async (snapshot: Snapshot, query: SyncQuery): Promise<SyncPage | undefined> => {
  const token = query.token === undefined ? undefined : decodeSyncToken(query.user, query.token)
  if (token?.kind !== 'final') return undefined
  const { now, isChanged } = await snapshot.standing(query.user, token.base)
  const start = startOf(query, now)
  if (isChanged || start.kind === 'first' || start.isAhead) return undefined
  const end = { kind: 'final', base: laterOf(token.base, now) } as const
  return { token: encodeSyncToken(query.user, end), conversations: [], hasMore: false }
}

/**
 * One page of a walk. Where a walk stands is in its token alone. Every walk ends with the offsets read on its first page, so what
 * happens while it lasts is in the next one.
 */
export const syncPage = async (snapshot: Snapshot, query: SyncQuery, start: Start, now: Offsets): Promise<SyncPage> => {
  const step = await nextStep(snapshot, query.user, start, now)
  const page = await fillPage(snapshot, query, step.selection)
  const last = page.last
  const token =
    last !== undefined && (page.isFull || step.hasMore)
      ? step.walkAfter(last)
      : await afterWalk(snapshot, query.user, step)
  return {
    token: encodeSyncToken(query.user, token),
    conversations: page.conversations,
    hasMore: token.kind !== 'final',
    ...(start.kind === 'first' && start.isReset ? { reset: true as const } : {}),
    ...(start.kind === 'token' && start.isAhead ? { stale: true as const } : {}),
  }
}

interface Step {
  readonly selection: Selection
  readonly hasMore: boolean
  /** The offsets of the walk's end. */
  readonly end: Offsets
  /** Conversations may have moved to before the place of this walk since it began. */
  readonly mayHaveMissed: boolean
  readonly walkAfter: (seat: Seat) => SyncToken
}

const nextStep = async (snapshot: Snapshot, user: number, start: Start, now: Offsets): Promise<Step> => {
  const limit = syncConversationsMax + 1
  const stepOf = (
    seats: readonly Seat[],
    base: Offsets | undefined,
    rest: Omit<Step, 'selection' | 'hasMore'>,
  ): Step => ({
    selection: { seats: seats.slice(0, syncConversationsMax), base },
    hasMore: seats.length > syncConversationsMax,
    ...rest,
  })
  const token = start.kind === 'first' ? ({ kind: 'all', end: now, after: undefined } as const) : start.token
  switch (token.kind) {
    case 'all': {
      const { end, after } = token
      return stepOf(await snapshot.newestSeats(user, after, limit), undefined, {
        end,
        mayHaveMissed: after !== undefined,
        walkAfter: (seat) => ({ kind: 'all', end, after: newestKeyOf(seat) }),
      })
    }
    case 'moved': {
      const { end, afterId } = token
      return stepOf(await snapshot.changedSeats(user, end, afterId, limit), undefined, {
        end,
        mayHaveMissed: false,
        walkAfter: (seat) => ({ kind: 'moved', end, afterId: seat.conversation.id }),
      })
    }
    case 'final':
    case 'changed': {
      const { base } = token
      // Never less than the token: a projection that is behind must not make a device ask for the same again for ever.
      const end = token.kind === 'changed' ? token.end : laterOf(base, now)
      const afterId = token.kind === 'changed' ? token.afterId : ''
      return stepOf(await snapshot.changedSeats(user, base, afterId, limit), base, {
        end,
        mayHaveMissed: false,
        walkAfter: (seat) => ({ kind: 'changed', base, end, afterId: seat.conversation.id }),
      })
    }
  }
}

const afterWalk = async (snapshot: Snapshot, user: number, step: Step): Promise<SyncToken> => {
  const { end } = step
  const isMissing = step.mayHaveMissed && (await snapshot.changedSeats(user, end, '', 1)).length > 0 // [G6]
  return isMissing ? { kind: 'moved', end, afterId: '' } : { kind: 'final', base: end }
}

const laterOf = (a: Offsets, b: Offsets): Offsets => ({
  generation: a.generation,
  events: laterList(a.events, b.events),
  receipts: laterList(a.receipts, b.receipts),
})

const laterList = (a: readonly number[], b: readonly number[]): readonly number[] =>
  Array.from({ length: Math.max(a.length, b.length) }, (_, partition) => Math.max(a[partition] ?? 0, b[partition] ?? 0))
