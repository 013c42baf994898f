import type { PostMessage } from '@chat/schemas'
import {
  type ConversationHappening,
  type Decision,
  type Rejected,
  rejected,
  type UserId,
  unexpected,
} from '../decision.ts'
import { post } from '../message.ts'
import { actOnMessage, type Deletions, type MessageAct } from '../message-acts.ts'
import { isMuted, isRefused, memberOfRank } from './access.ts'
import type { Group } from './state.ts'

export const postMessage = (command: PostMessage, group: Group, atMs: number): Decision<ConversationHappening> =>
  refusalToPost(group, command.actor, atMs) ?? post(command, group.lastSeq, group.members)

export const actInGroup = (
  command: MessageAct,
  group: Group,
  deletions: Deletions,
  atMs: number,
): Decision<ConversationHappening> => {
  const refusal = refusalToAct(command, group, atMs)
  if (refusal !== undefined) return refusal
  const isModerator = !isRefused(memberOfRank(group, command.actor, 'admin'))
  return actOnMessage(command, { ...group, isModerator }, deletions, atMs)
}

/** An edit is a way of posting; who is muted may take back what he wrote, and run the group if he does. */
const refusalToAct = (command: MessageAct, group: Group, atMs: number): Rejected | undefined => {
  switch (command.type) {
    case 'EditMessage':
      return refusalToPost(group, command.actor, atMs)
    case 'AddReaction':
    case 'RemoveReaction':
      return refusalToSpeak(group, command.actor, atMs)
    case 'DeleteMessage':
      return refusalOf(memberOfRank(group, command.actor, 'member'))
    case 'PinMessage':
    case 'UnpinMessage':
      return refusalOf(memberOfRank(group, command.actor, 'admin'))
    default:
      return unexpected(command)
  }
}

const refusalOf = (found: ReturnType<typeof memberOfRank>): Rejected | undefined =>
  isRefused(found) ? found : undefined

/** Why somebody may not write into the group at this time; undefined: he may. */
const refusalToPost = (group: Group, user: UserId, atMs: number): Rejected | undefined => {
  const refusal = refusalToSpeak(group, user, atMs)
  if (refusal !== undefined) return refusal
  return group.isForAdmins && group.members.get(user)?.role === 'member' ? rejected('forbidden') : undefined
}

const refusalToSpeak = (group: Group, user: UserId, atMs: number): Rejected | undefined => {
  const member = group.members.get(user)
  if (member === undefined) return rejected('not_member') // [G5]
  return isMuted(member, atMs) ? rejected('muted') : undefined
}
