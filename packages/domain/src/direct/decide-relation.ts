import type { RequestFriend } from '@chat/schemas'
import { accepted, type ConversationHappening, type Decision, rejected, unexpected } from '../decision.ts'
import type { RelationCommand } from './relation.ts'
import { type Direct, isBlocked, otherOf, requesterOf } from './state.ts'

/** By one of the two. A friendship outlives a block. */
export const decideRelation = (command: RelationCommand, direct: Direct): Decision<ConversationHappening> => {
  if (direct.lo === direct.hi) return rejected('invalid')
  const user = otherOf(direct, command.actor)
  const requester = requesterOf(direct)
  switch (command.type) {
    case 'BlockUser':
      return accepted({ type: 'UserBlocked', user })
    case 'UnblockUser':
      return accepted({ type: 'UserUnblocked', user })
    case 'RequestFriend':
      return requestFriend(command, direct)
    case 'WithdrawFriendRequest':
      return requester === command.actor ? accepted({ type: 'FriendWithdrawn', user }) : rejected('not_found')
    case 'AcceptFriend':
      if (isBlocked(direct)) return rejected('blocked')
      return requester === user ? accepted({ type: 'FriendAccepted', user }) : rejected('not_found')
    case 'DeclineFriend':
      return requester === user ? accepted({ type: 'FriendDeclined', user }) : rejected('not_found')
    case 'RemoveFriend':
      return direct.friendship === 'friends' ? accepted({ type: 'FriendRemoved', user }) : rejected('not_friend')
    default:
      return unexpected(command)
  }
}

/** Two requests that cross make a friendship. */
const requestFriend = (command: RequestFriend, direct: Direct): Decision<ConversationHappening> => {
  const user = otherOf(direct, command.actor)
  if (isBlocked(direct)) return rejected('blocked')
  if (direct.friendship === 'friends') return rejected('already_friends')
  switch (requesterOf(direct)) {
    case command.actor:
      return rejected('too_many')
    case user:
      return accepted({ type: 'FriendAccepted', user })
    default:
      return accepted({ type: 'FriendRequested', user, note: command.note, keyId: command.keyId })
  }
}
