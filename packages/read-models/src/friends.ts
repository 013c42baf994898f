import { idMax } from '@chat/schemas'
import { blockedListMax, friendRequestsListMax } from '@chat/schemas/protocol'
import type { FriendsPage } from './index.ts'
import type { Snapshot } from './snapshot.ts'
import { toUserRow } from './users.ts'

/** A page of a user's friends by id; the first one says also who asked whom, and whom he blocks. */
export const friendsPage = async (
  snapshot: Snapshot,
  user: number,
  after: string | undefined,
  limit: number,
): Promise<FriendsPage> => {
  const afterUser = /^\d{1,10}$/.test(after ?? '') ? Math.min(Number(after), idMax) : 0
  const found = await snapshot.friends(user, afterUser, limit + 1)
  const shown = found.slice(0, limit)
  const last = shown.at(-1)
  return {
    items: shown.map(({ friend, since, isHidden }) => ({ user: toUserRow(friend), since, isHidden })),
    ...(found.length > limit && last !== undefined ? { next: String(last.friend.id) } : {}),
    ...(afterUser === 0 ? await firstPageOf(snapshot, user) : {}),
  }
}

const firstPageOf = async (snapshot: Snapshot, user: number): Promise<Pick<FriendsPage, 'requests' | 'blocked'>> => {
  const requests = await snapshot.friendRequests(user, friendRequestsListMax)
  const blocked = await snapshot.blocked(user, blockedListMax)
  return {
    requests: requests.map(({ friendship, other }) => ({
      user: toUserRow(other),
      direction: friendship.requested_by === user ? 'outgoing' : 'incoming',
      ...(friendship.note === null ? {} : { note: friendship.note }),
      at: friendship.since,
    })),
    blocked: blocked.map(({ block, other }) => ({ user: toUserRow(other), since: block.since })),
  }
}
