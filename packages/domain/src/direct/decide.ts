import type { JoinGroup, LeaveGroup, PostMessage } from '@chat/schemas'
import { type ConversationHappening, type Decision, rejected } from '../decision.ts'
import { post } from '../message.ts'
import type { Policy } from '../policy.ts'
import { decideRelation } from './decide-relation.ts'
import type { RelationCommand } from './relation.ts'
import { type Direct, isBlocked, isParty } from './state.ts'

export const decide = (
  command: PostMessage | JoinGroup | LeaveGroup | RelationCommand,
  direct: Direct,
  policy: Policy,
): Decision<ConversationHappening> => {
  // A third person must not learn whether two others ever talked.
  if (!isParty(direct, command.actor)) return rejected('no_such_conversation') // [G5]
  switch (command.type) {
    case 'PostMessage':
      return postMessage(command, direct, policy)
    case 'JoinGroup':
    case 'LeaveGroup':
      return rejected('forbidden')
    default:
      return decideRelation(command, direct)
  }
}

const postMessage = (command: PostMessage, direct: Direct, policy: Policy): Decision<ConversationHappening> => {
  if (isBlocked(direct)) return rejected('blocked')
  const isWithSelf = direct.lo === direct.hi
  if (policy.direct === 'friends' && !isWithSelf && direct.friendship !== 'friends') return rejected('not_friend')
  return post(command, direct.lastSeq)
}
