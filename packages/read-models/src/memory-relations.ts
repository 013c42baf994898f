import type { MemoryRows } from './memory-rows.ts'
import type { Snapshot } from './snapshot.ts'

/** Friendship and blocks. A user whose registration is not projected yet is left out. */
export const relationsOf = (
  rows: MemoryRows,
): Pick<Snapshot, 'friends' | 'friendRequests' | 'blocked' | 'blocksBetween'> => {
  const friendshipsOf = (user: number) =>
    [...rows.friendships.values()].flatMap((friendship) => {
      if (friendship.lo !== user && friendship.hi !== user) return []
      const other = rows.users.get(friendship.lo === user ? friendship.hi : friendship.lo)
      return other === undefined ? [] : [{ friendship, other }]
    })
  const isBlockedBy = (user: number, by: number) => rows.blocks.get(`${by}|${user}`)?.until === null

  return {
    friends: async (user, afterUser, limit) =>
      friendshipsOf(user)
        .filter(({ friendship, other }) => friendship.state === 'friends' && other.id > afterUser)
        .sort((a, b) => a.other.id - b.other.id)
        .slice(0, limit)
        .map(({ friendship: { since }, other: friend }) => ({ friend, since, isHidden: isBlockedBy(user, friend.id) })),
    friendRequests: async (user, limit) =>
      friendshipsOf(user)
        .filter(({ friendship }) => friendship.state === 'requested')
        .sort((a, b) => b.friendship.since - a.friendship.since || a.other.id - b.other.id)
        .slice(0, limit),
    blocked: async (user, limit) =>
      [...rows.blocks.values()]
        .filter((block) => block.user_id === user && block.until === null)
        .flatMap((block) => {
          const other = rows.users.get(block.blocked_id)
          return other === undefined ? [] : [{ block, other }]
        })
        .sort((a, b) => b.block.since - a.block.since || a.other.id - b.other.id)
        .slice(0, limit),
    blocksBetween: async (by, whom) => {
      const [blockers, blocked] = [new Set(by), new Set(whom)]
      return [...rows.blocks.values()]
        .filter((block) => block.until === null && blockers.has(block.user_id) && blocked.has(block.blocked_id))
        .map((block) => ({ by: block.user_id, whom: block.blocked_id }))
    },
  }
}
