import type { ApproveJoin, InviteMembers, JoinGroup, LeaveGroup, RefuseJoin } from '@chat/schemas'
import { accepted, type ConversationHappening, type Decision, type Rejected, rejected } from '../decision.ts'
import { hasOtherOwner, isRefused, memberOfRank } from './access.ts'
import { type Group, groupMembersMax, groupOpenMax } from './state.ts'

type Outcome = Decision<ConversationHappening>

/** Open to all, by a request that somebody approves, or by invitation; a private group by invitation alone. */
export const joinGroup = ({ actor }: JoinGroup, group: Group): Outcome => {
  if (group.members.has(actor)) return rejected('already_member')
  const policy = group.isPublic ? group.joinPolicy : 'invite'
  const isInvited = group.invited.has(actor)
  if (!isInvited && policy === 'invite') return rejected('forbidden')
  if (isFull(group)) return rejected('too_many')
  if (isInvited || policy === 'open') return accepted({ type: 'MemberJoined', user: actor })
  if (group.requested.has(actor) || openOf(group) >= groupOpenMax) return rejected('too_many')
  return accepted({ type: 'JoinRequested', user: actor })
}

/** The last owner goes last. */
export const leaveGroup = ({ actor }: LeaveGroup, group: Group): Outcome => {
  const member = group.members.get(actor)
  if (member === undefined) return rejected('not_member')
  if (member.role === 'owner' && group.members.size > 1 && !hasOtherOwner(group, actor)) return rejected('forbidden')
  return accepted({ type: 'MemberLeft', user: actor })
}

/** All of them or, for the first who does not fit, nobody. Who is invited already is invited again. */
export const inviteMembers = ({ actor, users, unknown }: InviteMembers, group: Group): Outcome => {
  const inviter = memberOfRank(group, actor, group.joinPolicy === 'open' ? 'member' : 'admin')
  if (isRefused(inviter)) return inviter
  const [first, ...others] = new Set(users)
  if (first === undefined) return rejected('invalid')
  const unknownUsers = new Set(unknown)
  for (const user of [first, ...others]) {
    if (unknownUsers.has(user)) return rejected('no_such_user')
    if (group.members.has(user)) return rejected('already_member')
    if (group.banned.has(user)) return rejected('banned')
  }
  const added = [first, ...others].filter((user) => !group.invited.has(user)).length
  if (added > 0 && openOf(group) + added > groupOpenMax) return rejected('too_many')
  return accepted(...[first, ...others].map((user) => ({ type: 'MemberInvited', user }) as const))
}

export const approveJoin = ({ actor, user }: ApproveJoin, group: Group): Outcome => {
  const refusal = refusalToAnswer(group, actor)
  if (refusal !== undefined) return refusal
  if (user === actor) return rejected('forbidden')
  if (!group.requested.has(user)) return rejected('not_found')
  return isFull(group) ? rejected('too_many') : accepted({ type: 'MemberJoined', user })
}

/** An invitation or a request; one's own is everybody's to end. */
export const refuseJoin = ({ actor, user }: RefuseJoin, group: Group): Outcome => {
  const refusal = user === actor ? undefined : refusalToAnswer(group, actor)
  if (refusal !== undefined) return refusal
  if (!group.invited.has(user) && !group.requested.has(user)) return rejected('not_found')
  return accepted({ type: 'JoinRefused', user })
}

const refusalToAnswer = (group: Group, actor: number): Rejected | undefined => {
  const member = memberOfRank(group, actor, 'admin')
  return isRefused(member) ? member : undefined
}

const isFull = (group: Group): boolean => group.members.size >= groupMembersMax
const openOf = (group: Group): number => group.invited.size + group.requested.size
