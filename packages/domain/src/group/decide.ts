import type { CreateGroup, JoinGroup, LeaveGroup, PostMessage } from '@chat/schemas'
import type { Circumstances, GroupCommand } from '../conversation-command.ts'
import {
  accepted,
  type ConversationHappening,
  type Decision,
  type Rejected,
  rejected,
  type UserId,
  unexpected,
} from '../decision.ts'
import { post } from '../message.ts'
import { actOnMessage, type MessageAct } from '../message-acts.ts'
import { type Group, groupMembersMax } from './state.ts'

/** `isNameTaken`: another group has the name; `nextId`: the id a new group gets, undefined when the partition has none left. */
export const decideCreation = (
  command: CreateGroup,
  isNameTaken: boolean,
  nextId: number | undefined,
): Decision<ConversationHappening> => {
  const isPublic = command.visibility === 'public'
  if (isPublic !== (command.normalisedName !== null)) return rejected('invalid')
  if (isNameTaken) return rejected('name_taken')
  const members = [...new Set(command.members)].filter((user) => user !== command.actor)
  if (members.length + 1 > groupMembersMax) return rejected('too_many')
  if (nextId === undefined) return rejected('unavailable')
  const { name, normalisedName, title, description, keyId, visibility, joinPolicy, history } = command
  return accepted({
    type: 'GroupCreated',
    groupId: nextId,
    name,
    normalisedName,
    title,
    description,
    keyId,
    visibility,
    joinPolicy,
    history,
    members,
  })
}

export const decide = (
  command: GroupCommand,
  group: Group,
  circumstances: Circumstances,
): Decision<ConversationHappening> => {
  switch (command.type) {
    case 'PostMessage':
      return postMessage(command, group)
    case 'EditMessage':
    case 'DeleteMessage':
    case 'AddReaction':
    case 'RemoveReaction':
    case 'PinMessage':
    case 'UnpinMessage':
      return act(command, group, circumstances)
    case 'JoinGroup':
      return joinGroup(command, group)
    case 'LeaveGroup':
      return leaveGroup(command, group)
    default:
      return unexpected(command)
  }
}

const postMessage = (command: PostMessage, group: Group): Decision<ConversationHappening> => {
  if (!group.members.has(command.actor)) return rejected(unlessHidden('not_member', group, command.actor)) // [G5]
  return post(command, group.lastSeq, group.members)
}

const act = (
  command: MessageAct,
  group: Group,
  { deletions, atMs }: Circumstances,
): Decision<ConversationHappening> => {
  const member = group.members.get(command.actor)
  if (member === undefined) return rejected(unlessHidden('not_member', group, command.actor)) // [G5]
  const isModerator = member.role !== 'member'
  const isForModerators = command.type === 'PinMessage' || command.type === 'UnpinMessage'
  if (isForModerators && !isModerator) return rejected('forbidden')
  return actOnMessage(command, { ...group, isModerator }, deletions, atMs)
}

const joinGroup = (command: JoinGroup, group: Group): Decision<ConversationHappening> => {
  if (group.members.has(command.actor)) return rejected('already_member')
  if (!group.isPublic || !group.isOpen) return rejected(unlessHidden('forbidden', group, command.actor))
  if (group.members.size >= groupMembersMax) return rejected('too_many')
  return accepted({ type: 'MemberJoined', user: command.actor })
}

const leaveGroup = (command: LeaveGroup, group: Group): Decision<ConversationHappening> => {
  const member = group.members.get(command.actor)
  if (member === undefined) return rejected(unlessHidden('not_member', group, command.actor))
  if (member.role === 'owner' && group.members.size > 1 && !hasOtherOwner(group, command.actor))
    return rejected('forbidden')
  return accepted({ type: 'MemberLeft', user: command.actor })
}

const hasOtherOwner = (group: Group, user: UserId): boolean => {
  for (const [other, { role }] of group.members) if (other !== user && role === 'owner') return true
  return false
}

/** A private group does not exist for whoever never was in it. */
const unlessHidden = (code: Rejected['code'], group: Group, user: UserId): Rejected['code'] =>
  group.isPublic || group.formerMembers.has(user) ? code : 'no_such_conversation'
