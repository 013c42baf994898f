import type { ConversationView } from '@chat/read-models'
import type { Clock } from '@chat/runtime'
import { hintedMembersMax } from '@chat/schemas/protocol'
import { ok, refused } from '../../answer.ts'
import { read } from './handler.ts'

/** `conversation`: one that the caller may see; to members of a small one with the cursors of all. PROTOCOL §2. */
export const conversation = read<'conversation'>(async (frame, { identity }, { readModels, clock }) => {
  const { conversation: id, countsAt } = frame
  const view = await readModels.conversation(identity.userId, id)
  if (view === undefined) return refused('not_found')
  const cursors = await readModels.cursors(identity.userId, id, hintedMembersMax)
  const counts = countsAt === undefined ? undefined : await readModels.cursorCounts(identity.userId, id, countsAt)
  return ok({
    conversation: {
      ...conversationView(view, clock),
      ...(cursors === undefined ? {} : { cursors }),
      ...(counts === undefined ? {} : { counts: { seq: countsAt, ...counts } }),
    },
  })
})

export const conversationView = (view: ConversationView, clock: Clock) => ({
  ...view,
  lastAt: new Date(view.lastAt).toISOString(),
  mutedUntil: mutedUntil(view, clock),
})

/** undefined, and so not in the answer: he may write. */
export const mutedUntil = (
  { mutedUntil: untilMs }: { readonly mutedUntil?: number },
  clock: Clock,
): string | undefined => (untilMs === undefined || untilMs <= clock.now() ? undefined : new Date(untilMs).toISOString())
