import type { PostMessage } from '@chat/schemas'
import type { Circumstances, ParticipantCommand } from '../conversation-command.ts'
import { type ConversationHappening, type Decision, rejected } from '../decision.ts'
import { post } from '../message.ts'
import { actOnMessage, type MessageAct, reportMessage } from '../message-acts.ts'
import type { Policy } from '../policy.ts'
import { decideRelation } from './decide-relation.ts'
import { type Direct, isBlocked, isParty } from './state.ts'

export const decide = (
  command: ParticipantCommand,
  direct: Direct,
  circumstances: Circumstances,
): Decision<ConversationHappening> => {
  // A third person must not learn whether two others ever talked.
  if (!isParty(direct, command.actor)) return rejected('no_such_conversation') // [G5]
  switch (command.type) {
    case 'PostMessage':
      return postMessage(command, direct, circumstances.policy)
    case 'EditMessage':
    case 'DeleteMessage':
    case 'AddReaction':
    case 'RemoveReaction':
    case 'PinMessage':
    case 'UnpinMessage':
      return act(command, direct, circumstances)
    case 'ReportMessage':
      return reportMessage(command, direct, circumstances.deletions)
    case 'ApproveJoin':
    case 'BanMember':
    case 'ChangeGroup':
    case 'ChangeRole':
    case 'CloseGroup':
    case 'InviteMembers':
    case 'JoinGroup':
    case 'LeaveGroup':
    case 'MuteMember':
    case 'RefuseJoin':
    case 'RemoveMember':
    case 'TransferGroup':
    case 'UnbanMember':
      return rejected('forbidden')
    default:
      return decideRelation(command, direct)
  }
}

const postMessage = (command: PostMessage, direct: Direct, policy: Policy): Decision<ConversationHappening> => {
  if (isBlocked(direct)) return rejected('blocked')
  const isWithSelf = direct.lo === direct.hi
  if (policy.direct === 'friends' && !isWithSelf && direct.friendship !== 'friends') return rejected('not_friend')
  return post(command, direct.lastSeq, membersOf(direct))
}

/** A block does not keep anybody from taking back what he wrote. */
const act = (
  command: MessageAct,
  direct: Direct,
  { deletions, atMs }: Circumstances,
): Decision<ConversationHappening> => {
  if (isBlocked(direct) && command.type !== 'DeleteMessage') return rejected('blocked')
  return actOnMessage(command, { ...direct, members: membersOf(direct), isModerator: false }, deletions, atMs)
}

const membersOf = (direct: Direct) => ({ has: (user: number) => isParty(direct, user) })
