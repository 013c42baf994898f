import type { BanMember, MuteMember, RemoveMember, UnbanMember } from '@chat/schemas'
import { accepted, type ConversationHappening, type Decision, rejected } from '../decision.ts'
import { isBelow, isRefused, memberOfRank, subordinateOf } from './access.ts'
import { type Group, groupBansMax } from './state.ts'

type Outcome = Decision<ConversationHappening>

export const removeMember = ({ actor, user }: RemoveMember, group: Group): Outcome => {
  const admin = memberOfRank(group, actor, 'admin')
  if (isRefused(admin)) return admin
  const member = subordinateOf(group, actor, user)
  return isRefused(member) ? member : accepted({ type: 'MemberRemoved', user })
}

/** Of a member of lower rank, or of anybody who is none; a ban is said again. */
export const banMember = ({ actor, user, isKnown }: BanMember, group: Group): Outcome => {
  const admin = memberOfRank(group, actor, 'admin')
  if (isRefused(admin)) return admin
  if (user === actor) return rejected('forbidden')
  const member = group.members.get(user)
  if (member !== undefined && !isBelow(group, member, actor)) return rejected('forbidden')
  if (member === undefined && !isKnown) return rejected('no_such_user')
  if (!group.banned.has(user) && group.banned.size >= groupBansMax) return rejected('too_many')
  return accepted({ type: 'MemberBanned', user })
}

export const unbanMember = ({ actor, user }: UnbanMember, group: Group): Outcome => {
  const admin = memberOfRank(group, actor, 'admin')
  if (isRefused(admin)) return admin
  if (user === actor) return rejected('forbidden')
  return group.banned.has(user) ? accepted({ type: 'MemberUnbanned', user }) : rejected('not_found')
}

/** A time that is past ends it. */
export const muteMember = ({ actor, user, untilMs }: MuteMember, group: Group): Outcome => {
  const admin = memberOfRank(group, actor, 'admin')
  if (isRefused(admin)) return admin
  const member = subordinateOf(group, actor, user)
  return isRefused(member) ? member : accepted({ type: 'MemberMuted', user, untilMs })
}
