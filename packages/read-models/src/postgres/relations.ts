import { blocks, type StoredBlock } from '../blocks.ts'
import { friendships, type StoredFriendship } from '../friendships.ts'
import type { Block } from '../index.ts'
import type { Snapshot } from '../snapshot.ts'
import { type StoredUser, users } from '../users.ts'
import type { Session } from './database.ts'
import { liveSchema } from './migrate.ts'
import { asJson, list } from './rows.ts'

/** Friendship and blocks, in one transaction. */
export const createRelations = (
  session: Session,
): Pick<Snapshot, 'friends' | 'friendRequests' | 'blocked' | 'blocksBetween'> => ({
  friends: async (user, afterUser, limit) => {
    const found = await session.rows<{ since: number; is_hidden: boolean } & StoredUser>(friends, [
      user,
      afterUser,
      limit,
    ])
    return found.map(({ since, is_hidden: isHidden, ...friend }) => ({ friend, since, isHidden }))
  },
  friendRequests: async (user, limit) => {
    const found = await session.rows<{ friendship: StoredFriendship } & StoredUser>(friendRequests, [user, limit])
    return found.map(({ friendship, ...other }) => ({ friendship, other }))
  },
  blocked: async (user, limit) => {
    const found = await session.rows<{ block: StoredBlock } & StoredUser>(blocked, [user, limit])
    return found.map(({ block, ...other }) => ({ block, other }))
  },
  blocksBetween: (by, whom) =>
    by.length === 0 || whom.length === 0 ? Promise.resolve([]) : session.rows<Block>(blocksBetween, [by, whom]),
})

const read = {
  friendships: `${liveSchema}.friendships`,
  blocks: `${liveSchema}.blocks`,
  users: `${liveSchema}.users`,
}

/** Whoever has the other id of the pair: by the primary key where the user's is the lower one, by the second index where it is not. */
const friendsWhere = (own: 'lo' | 'hi', other: 'lo' | 'hi'): string => `
  (select ${list(users, 'u')}, f.since from ${read.friendships} f join ${read.users} u on u.id = f.${other}
    where f.${own} = $1 and f.${other} > $2 and f.state = 'friends' order by f.${other} limit $3)`

const friends = `
  select f.*, exists (select from ${read.blocks} b where b.user_id = f.id and b.blocked_id = $1 and b.until is null) as is_hidden
  from (${friendsWhere('lo', 'hi')} union all ${friendsWhere('hi', 'lo')}) f order by f.id limit $3`

const friendRequests = `
  select ${list(users, 'u')}, ${asJson(friendships, 'f')} as friendship
  from ${read.friendships} f join ${read.users} u on u.id = case when f.lo = $1 then f.hi else f.lo end
  where (f.lo = $1 or f.hi = $1) and f.state = 'requested' order by f.since desc, u.id limit $2`

const blocked = `
  select ${list(users, 'u')}, ${asJson(blocks, 'b')} as block
  from ${read.blocks} b join ${read.users} u on u.id = b.blocked_id
  where b.user_id = $1 and b.until is null order by b.since desc, u.id limit $2`

const blocksBetween = `
  select user_id as by, blocked_id as whom from ${read.blocks}
  where user_id = any($1::int[]) and blocked_id = any($2::int[]) and until is null`
