import type { Circumstances, GroupCommand } from '../conversation-command.ts'
import { type ConversationHappening, type Decision, type Rejected, rejected, unexpected } from '../decision.ts'
import { reportMessage } from '../message-acts.ts'
import { isKnownTo } from './access.ts'
import { banMember, muteMember, removeMember, unbanMember } from './discipline.ts'
import { approveJoin, inviteMembers, joinGroup, leaveGroup, refuseJoin } from './joining.ts'
import { changeGroup, changeRole, closeGroup, transferGroup } from './leading.ts'
import { actInGroup, postMessage } from './posting.ts'
import type { Group } from './state.ts'

export const decide = (
  command: GroupCommand,
  group: Group,
  { atMs: commandAtMs, deletions }: Circumstances,
): Decision<ConversationHappening> => {
  const atMs = Math.max(commandAtMs, group.lastAtMs)
  const refusal = screen(command, group)
  if (refusal !== undefined) return refusal
  switch (command.type) {
    case 'PostMessage':
      return postMessage(command, group, atMs)
    case 'EditMessage':
    case 'DeleteMessage':
    case 'AddReaction':
    case 'RemoveReaction':
    case 'PinMessage':
    case 'UnpinMessage':
      return actInGroup(command, group, deletions, atMs)
    case 'ReportMessage':
      return reportMessage(command, group, deletions)
    case 'JoinGroup':
      return joinGroup(command, group)
    case 'LeaveGroup':
      return leaveGroup(command, group)
    case 'InviteMembers':
      return inviteMembers(command, group)
    case 'ApproveJoin':
      return approveJoin(command, group)
    case 'RefuseJoin':
      return refuseJoin(command, group)
    case 'RemoveMember':
      return removeMember(command, group)
    case 'BanMember':
      return banMember(command, group)
    case 'UnbanMember':
      return unbanMember(command, group)
    case 'MuteMember':
      return muteMember(command, group)
    case 'ChangeRole':
      return changeRole(command, group)
    case 'TransferGroup':
      return transferGroup(command, group)
    case 'ChangeGroup':
      return changeGroup(command, group)
    case 'CloseGroup':
      return closeGroup(command, group)
    default:
      return unexpected(command)
  }
}

/** What is looked at before anybody's role, in this order: is it there for him, is it closed, is he banned. [G5] */
const screen = ({ type, actor }: GroupCommand, group: Group): Rejected | undefined => {
  if (!isKnownTo(group, actor)) return rejected('no_such_conversation')
  if (group.isClosed && type !== 'LeaveGroup') return rejected('forbidden')
  return group.banned.has(actor) ? rejected('banned') : undefined
}
