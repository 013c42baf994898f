import { type Rejected, rejected, type UserId } from '../decision.ts'
import type { Group, Member, Role } from './state.ts'

const ranks: Readonly<Record<Role, number>> = { member: 0, admin: 1, owner: 2 }

/** A private group does not exist for whoever neither is nor ever was a member, invited or banned. */
export const isKnownTo = (group: Group, user: UserId): boolean =>
  group.isPublic ||
  group.members.has(user) ||
  group.acquainted.has(user) ||
  group.invited.has(user) ||
  group.banned.has(user)

/** The member, if his role is `least` or higher. */
export const memberOfRank = (group: Group, user: UserId, least: Role): Member | Rejected => {
  const member = group.members.get(user)
  if (member === undefined) return rejected('not_member') // [G5]
  return ranks[member.role] >= ranks[least] ? member : rejected('forbidden')
}

/** Whom the actor acts on: another member, of lower rank. */
export const subordinateOf = (group: Group, actor: UserId, user: UserId): Member | Rejected => {
  if (user === actor) return rejected('forbidden')
  const member = group.members.get(user)
  if (member === undefined) return rejected('not_found')
  return isBelow(group, member, actor) ? member : rejected('forbidden')
}

export const isBelow = (group: Group, member: Member, actor: UserId): boolean => {
  const above = group.members.get(actor)
  return above !== undefined && ranks[member.role] < ranks[above.role]
}

export const isMuted = (member: Member, atMs: number): boolean => member.mutedUntilMs > atMs

export const hasOtherOwner = (group: Group, user: UserId): boolean => {
  for (const [other, { role }] of group.members) if (other !== user && role === 'owner') return true
  return false
}

export const isRefused = (found: Member | Rejected): found is Rejected => 'outcome' in found
