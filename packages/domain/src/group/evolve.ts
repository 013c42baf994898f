import type { GroupCreated, MemberJoined, MemberLeft } from '@chat/schemas'
import type { GroupEvent } from '../conversation-command.ts'
import { invariant, unexpected } from '../decision.ts'
import { noPins, pinsAfter } from '../message-acts.ts'
import type { Group, Member } from './state.ts'

export const evolve = (group: Group | undefined, event: GroupEvent): Group => {
  if (event.type === 'GroupCreated') return groupCreated(group, event)
  invariant(group !== undefined, `${event.type} in a group that was never created`)
  const place = { lastSeq: event.seq, lastAtMs: event.at }
  switch (event.type) {
    case 'MessagePosted':
      return { ...group, ...place }
    case 'MessageEdited':
    case 'MessageDeleted':
    case 'ReactionAdded':
    case 'ReactionRemoved':
    case 'MessagePinned':
    case 'MessageUnpinned':
      return { ...group, ...place, pins: pinsAfter(group.pins, event) }
    case 'MemberJoined':
      return { ...memberJoined(group, event), ...place }
    case 'MemberLeft':
      return { ...memberLeft(group, event), ...place }
    default:
      return unexpected(event)
  }
}

const groupCreated = (group: Group | undefined, event: GroupCreated): Group => {
  invariant(group === undefined, 'a group is created once')
  const members = new Map<number, Member>([[event.actor, { role: 'owner', joinedSeq: event.seq }]])
  const member: Member = { role: 'member', joinedSeq: event.seq }
  for (const user of event.members) members.set(user, member)
  return {
    kind: 'group',
    isPublic: event.visibility === 'public',
    isOpen: event.joinPolicy === 'open',
    members,
    formerMembers: new Set(),
    pins: noPins,
    lastSeq: event.seq,
    lastAtMs: event.at,
  }
}

const memberJoined = (group: Group, event: MemberJoined): Group => {
  invariant(!group.members.has(event.user), 'a member does not join again')
  const member: Member = { role: 'member', joinedSeq: event.seq }
  return { ...group, members: new Map(group.members).set(event.user, member) }
}

const memberLeft = (group: Group, event: MemberLeft): Group => {
  const members = new Map(group.members)
  invariant(members.delete(event.user), 'only a member leaves')
  const formerMembers = group.isPublic ? group.formerMembers : new Set(group.formerMembers).add(event.user)
  return { ...group, members, formerMembers }
}
