import type { ChangeGroup, ChangeRole, CloseGroup, TransferGroup } from '@chat/schemas'
import { accepted, type ConversationHappening, type Decision, rejected } from '../decision.ts'
import { hasOtherOwner, isRefused, memberOfRank, subordinateOf } from './access.ts'
import { type Group, isRole } from './state.ts'

type Outcome = Decision<ConversationHappening>

/** By an owner, of anybody who is none; of himself as long as another owner remains. */
export const changeRole = ({ actor, user, role }: ChangeRole, group: Group): Outcome => {
  const owner = memberOfRank(group, actor, 'owner')
  if (isRefused(owner)) return owner
  if (!isRole(role)) return rejected('invalid')
  if (user === actor)
    return hasOtherOwner(group, actor) ? accepted({ type: 'RoleChanged', user, role }) : rejected('forbidden')
  const member = subordinateOf(group, actor, user)
  return isRefused(member) ? member : accepted({ type: 'RoleChanged', user, role })
}

/** The new owner first: the group is never without one. */
export const transferGroup = ({ actor, user }: TransferGroup, group: Group): Outcome => {
  const owner = memberOfRank(group, actor, 'owner')
  if (isRefused(owner)) return owner
  const member = subordinateOf(group, actor, user)
  if (isRefused(member)) return member
  return accepted({ type: 'RoleChanged', user, role: 'owner' }, { type: 'RoleChanged', user: actor, role: 'admin' })
}

export const changeGroup = (command: ChangeGroup, group: Group): Outcome => {
  const admin = memberOfRank(group, command.actor, 'admin')
  if (isRefused(admin)) return admin
  const { title, description, keyId, joinPolicy, history, posting } = command
  if ([title, description, joinPolicy, history, posting].every((setting) => setting === null))
    return rejected('invalid')
  return accepted({ type: 'GroupChanged', title, description, keyId, joinPolicy, history, posting })
}

export const closeGroup = ({ actor }: CloseGroup, group: Group): Outcome => {
  const owner = memberOfRank(group, actor, 'owner')
  return isRefused(owner) ? owner : accepted({ type: 'GroupClosed' })
}
