import { noDevice } from '@chat/connector/no-device'
import { directConversation } from '@chat/schemas'
import type { House } from './house.ts'
import { parseNumbers } from './number.ts'
import type { Refusal, Verdict } from './report.ts'
import type { Step } from './step.ts'

interface OldFriendship {
  readonly userid: number
  readonly friendid: number
}

/** The one asks, the other accepts. What is there already, from an interrupted run or from themselves, is told by the refusals. */
export const friendshipsStep = (house: House): Step<'friendships', OldFriendship> => {
  const make = async (user: number, friend: number): Promise<Verdict> => {
    const conversation = directConversation(user, friend)
    const by = (actor: number) => ({ conversation, actor, device: noDevice, clientMsgId: house.newClientMsgId() })
    const asked = await house.submit({ type: 'RequestFriend', ...by(user), note: Buffer.alloc(0), keyId: null })
    if (asked.outcome === 'accepted' && asked.event.type === 'FriendAccepted') return 'taken' // The other had asked.
    // `too_many`: he asks already.
    if (asked.outcome === 'refused' && asked.code !== 'too_many') return refusalOf(asked.code)
    const accepted = await house.submit({ type: 'AcceptFriend', ...by(friend) })
    return accepted.outcome === 'refused' ? refusalOf(accepted.code) : 'taken'
  }
  return {
    kind: 'friendships',
    parse: ({ userid, friendid }) => {
      const numbers = parseNumbers({ userid, friendid })
      if ('why' in numbers) return numbers
      return numbers.userid === numbers.friendid ? { why: 'nobody is his own friend' } : numbers
    },
    bounds: ({ userid, friendid }) => [[`${Math.min(userid, friendid)} ${Math.max(userid, friendid)}`, 1]],
    take: async (rows) => {
      const ids = await house.idsOf(
        'user',
        rows.flatMap(({ userid, friendid }) => [userid, friendid]),
      )
      return await Promise.all(
        rows.map(({ userid, friendid }) => {
          const [user, friend] = [ids.get(userid), ids.get(friendid)]
          if (user === undefined || friend === undefined) return unknownUser(user === undefined ? userid : friendid)
          return make(user, friend)
        }),
      )
    },
  }
}

export const unknownUser = (oldId: number): Refusal => ({ why: `nobody was imported with the number ${oldId}` })

const refusalOf = (code: string): Verdict => {
  if (code === 'already_friends') return 'there'
  return { why: code === 'blocked' ? 'one of the two blocks the other' : `it was refused: ${code}` }
}
