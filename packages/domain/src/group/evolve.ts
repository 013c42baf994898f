import type { GroupChanged, GroupCreated, MemberMuted, RoleChanged } from '@chat/schemas'
import type { GroupEvent } from '../conversation-command.ts'
import { invariant, type UserId, unexpected } from '../decision.ts'
import { noPins, pinsAfter } from '../message-acts.ts'
import { type Group, isRole, joinPolicyOf, type Member, noUsers } from './state.ts'

export const evolve = (group: Group | undefined, event: GroupEvent): Group => {
  if (event.type === 'GroupCreated') return groupCreated(group, event)
  invariant(group !== undefined, `${event.type} in a group that was never created`)
  return { ...changed(group, event), lastSeq: event.seq ?? group.lastSeq, lastAtMs: event.at }
}

const changed = (group: Group, event: Exclude<GroupEvent, GroupCreated>): Group => {
  switch (event.type) {
    case 'GroupImported':
    case 'MessagePosted':
    case 'MessageReported':
    case 'ReportResolved':
      return group
    case 'MessageEdited':
    case 'MessageDeleted':
    case 'ReactionAdded':
    case 'ReactionRemoved':
    case 'MessagePinned':
    case 'MessageUnpinned':
      return { ...group, pins: pinsAfter(group.pins, event) }
    case 'MemberJoined':
      return memberJoined(group, event)
    case 'MemberLeft':
    case 'MemberRemoved':
      return withAcquaintance(withoutMember(group, event.user), event.user)
    case 'MemberBanned':
      return memberBanned(group, event.user)
    case 'MemberUnbanned':
      invariant(group.banned.has(event.user), 'only who is banned is banned no longer')
      return withAcquaintance({ ...group, banned: removed(group.banned, event.user) }, event.user)
    case 'MemberInvited':
      invariant(!group.members.has(event.user) && !group.banned.has(event.user), 'who is in or out is not invited')
      return { ...group, invited: added(group.invited, event.user) }
    case 'JoinRequested':
      invariant(!group.members.has(event.user) && !group.banned.has(event.user), 'who is in or out does not ask')
      return { ...group, requested: added(group.requested, event.user) }
    case 'JoinRefused':
      return withAcquaintance(withoutOpen(group, event.user), event.user)
    case 'MemberMuted':
      return memberMuted(group, event)
    case 'RoleChanged':
      return roleChanged(group, event)
    case 'GroupChanged':
      return groupChanged(group, event)
    case 'GroupClosed':
      return { ...group, isClosed: true }
    default:
      return unexpected(event)
  }
}

const groupCreated = (group: Group | undefined, event: GroupCreated): Group => {
  invariant(group === undefined, 'a group is created once')
  const members = new Map<number, Member>([[event.actor, { role: 'owner', joinedSeq: event.seq, mutedUntilMs: 0 }]])
  const member: Member = { role: 'member', joinedSeq: event.seq, mutedUntilMs: 0 }
  for (const user of event.members) members.set(user, member)
  return {
    kind: 'group',
    isPublic: event.visibility === 'public',
    joinPolicy: joinPolicyOf(event.joinPolicy),
    isForAdmins: false,
    isClosed: false,
    members,
    acquainted: noUsers,
    invited: noUsers,
    requested: noUsers,
    banned: noUsers,
    pins: noPins,
    lastSeq: event.seq,
    lastAtMs: event.at,
  }
}

const memberJoined = (group: Group, { user, seq }: { readonly user: UserId; readonly seq: number }): Group => {
  invariant(!group.members.has(user), 'a member does not join again')
  const members = new Map(group.members).set(user, { role: 'member', joinedSeq: seq, mutedUntilMs: 0 })
  return { ...withoutOpen(group, user), members, acquainted: removed(group.acquainted, user) }
}

const memberBanned = (group: Group, user: UserId): Group => {
  const rest = group.members.has(user) ? withoutMember(group, user) : group
  return { ...withoutOpen(rest, user), acquainted: removed(rest.acquainted, user), banned: added(group.banned, user) }
}

const memberMuted = (group: Group, { user, untilMs, at }: MemberMuted): Group => {
  const member = existing(group, user)
  const mutedUntilMs = untilMs > at ? untilMs : 0
  return { ...group, members: new Map(group.members).set(user, { ...member, mutedUntilMs }) }
}

const roleChanged = (group: Group, { user, role }: RoleChanged): Group => {
  invariant(isRole(role), 'a role is one of three')
  return { ...group, members: new Map(group.members).set(user, { ...existing(group, user), role }) }
}

const groupChanged = (group: Group, { joinPolicy, posting }: GroupChanged): Group => ({
  ...group,
  joinPolicy: joinPolicy === null ? group.joinPolicy : joinPolicyOf(joinPolicy),
  isForAdmins: posting === null ? group.isForAdmins : posting === 'admins',
})

const existing = (group: Group, user: UserId): Member => {
  const member = group.members.get(user)
  invariant(member !== undefined, 'only a member has a role and can be muted')
  return member
}

const withoutMember = (group: Group, user: UserId): Group => {
  const members = new Map(group.members)
  invariant(members.delete(user), 'only a member leaves')
  return { ...group, members }
}

/** Ends an invitation and a request. */
const withoutOpen = (group: Group, user: UserId): Group => ({
  ...group,
  invited: removed(group.invited, user),
  requested: removed(group.requested, user),
})

/** Who was something to a private group knows of it; that a public one exists is no secret. */
const withAcquaintance = (group: Group, user: UserId): Group =>
  group.isPublic ? group : { ...group, acquainted: added(group.acquainted, user) }

const added = (users: ReadonlySet<UserId>, user: UserId): ReadonlySet<UserId> =>
  users.has(user) ? users : new Set(users).add(user)

const removed = (users: ReadonlySet<UserId>, user: UserId): ReadonlySet<UserId> => {
  if (!users.has(user)) return users
  const rest = new Set(users)
  rest.delete(user)
  return rest.size === 0 ? noUsers : rest
}
