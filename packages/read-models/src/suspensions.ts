import { type Standing, type SuspensionMark, type SuspensionsPage, suspensionChangesMax } from './account.ts'
import type { Snapshot } from './snapshot.ts'
import type { StoredUser } from './users.ts'

/** Whose standing is to be looked at, for somebody who keeps who is suspended and comes again. */
export const suspensionsPage = async (
  snapshot: Snapshot,
  since: SuspensionMark | undefined,
): Promise<SuspensionsPage> => {
  const { generation, events } = await snapshot.offsets()
  const mark = { generation, events }
  if (since !== undefined && canGoOn(since, mark)) {
    const changed = await snapshot.usersChangedSince(since.events, suspensionChangesMax + 1)
    if (changed.length <= suspensionChangesMax) return { kind: 'changes', users: changed.map(standingOf), mark }
  }
  return { kind: 'all', users: (await snapshot.suspended()).map(standingOf), mark }
}

/** A view of another log, or one that went back, says nothing of what was seen before. */
const canGoOn = (since: SuspensionMark, now: SuspensionMark): boolean =>
  since.generation === now.generation &&
  since.events.every((offset, partition) => offset <= (now.events[partition] ?? 0))

const standingOf = ({ id, partition, changed_pos, suspended_at }: StoredUser): Standing => ({
  id,
  partition,
  pos: changed_pos ?? 0,
  isSuspended: suspended_at !== null,
})
