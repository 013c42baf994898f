import type { Position, ReadModels, SyncedConversation, SyncPage, SyncQuery } from '@chat/read-models'
import { readWaitMs } from '@chat/schemas/protocol'
import type { Watermark } from '../watermark.ts'

export type CaughtUp =
  /** Everything up to these places was given, or comes with the next pages of the same walk. */
  { readonly outcome: 'complete'; readonly to: readonly Position[] } | { readonly outcome: 'behind' | 'resync' }

export interface CatchUpTarget {
  /** Answers the request. */
  readonly answer: (page: SyncPage, isStale: boolean) => void
  /** Pushes what was projected after the answer. */
  readonly topUp: (conversations: readonly SyncedConversation[]) => void
  /** How long live pushes may still be held back, ms. */
  readonly leftMs: () => number
}

/**
 * Answers a sync without a gap to the live pushes. The caller has registered the user and holds back his pushes; then, in this
 * order: the watermark (the log's end now), the answer from the read models, and, when they pass the watermark only later, what came
 * between. Everything before the watermark is in the answer or the top-up, everything after it was pushed. [G1]
 *
 * `behind`: the read models did not pass the watermark in time; what was answered said `stale`, and the client asks again.
 * `resync`: what is missing is too much for pushes, so the client has to be told to sync once more.
 */
export const catchUp = async (
  { watermark, readModels }: { readonly watermark: Watermark; readonly readModels: ReadModels },
  query: SyncQuery,
  target: CatchUpTarget,
): Promise<CaughtUp> => {
  const end = await watermark.now()
  const isCurrent = await readModels.waitFor(end, readWaitMs)
  const page = await readModels.sync(query)
  target.answer(page, !isCurrent)
  if (isCurrent) return { outcome: 'complete', to: end }
  if (page.hasMore) return { outcome: 'resync' } // All pages of a walk are as of its first one: no later page makes up for this one.
  if (!(await readModels.waitFor(end, target.leftMs()))) return { outcome: 'behind' }
  const rest = await readModels.sync({ user: query.user, token: page.token, known: knownAfter(page) })
  if (rest.hasMore || rest.reset === true || rest.conversations.some(({ truncated }) => truncated))
    return { outcome: 'resync' }
  target.topUp(rest.conversations)
  return { outcome: 'complete', to: end }
}

const knownAfter = (page: SyncPage): Readonly<Record<string, number>> =>
  Object.fromEntries(page.conversations.map(({ id, to }) => [id, to]))
