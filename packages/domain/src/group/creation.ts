import type { CreateGroup } from '@chat/schemas'
import { accepted, type ConversationHappening, type Decision, rejected } from '../decision.ts'
import { groupMembersMax } from './state.ts'

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
    membership: 'stored',
  })
}
