import type { JoinGroup, LeaveGroup, PostMessage } from '@chat/schemas'
import { type ConversationHappening, type Decision, rejected, unexpected } from '../decision.ts'
import { post } from '../message.ts'
import { type Direct, isParty } from './state.ts'

export const decide = (
  command: PostMessage | JoinGroup | LeaveGroup,
  direct: Direct,
): Decision<ConversationHappening> => {
  // A third person must not learn whether two others ever talked.
  if (!isParty(direct, command.actor)) return rejected('no_such_conversation') // [G5]
  switch (command.type) {
    case 'PostMessage':
      return post(command, direct.lastSeq)
    case 'JoinGroup':
    case 'LeaveGroup':
      return rejected('forbidden')
    default:
      return unexpected(command)
  }
}
