import type { AccountView, Friend, Group, Member, User } from '../account-view.ts'
import { shownText } from '../texts.ts'
import { jsonBytes, jsonBytesMax } from './codec.ts'
import type { JsonDialect } from './numbers.ts'

/** The answer to a login, as much of it as fits, and what did not. */
export interface LoginAnswer {
  readonly message: object
  /** How many of the missed messages are in it. */
  readonly offline: number
  /** What is told afterwards, in words. */
  readonly rest: readonly string[]
}

/**
 * Everything is an array of JSON texts; a key is absent when its array is empty. What does not fit is left out in this order: missed messages,
 * members of groups but oneself and owners, groups, friends. So it is filled the other way round, and the first that does not fit ends it.
 */
export const loginAnswer = (
  dialect: JsonDialect,
  { self, friends, groups }: Omit<AccountView, 'requests'>,
  offline: readonly object[],
): LoginAnswer => {
  const shown: Shown = { friends: [], groups: [], offline: [] }
  const messageOf = () => answerOf(dialect, self, shown)
  const fits = () => jsonBytes(messageOf()) <= jsonBytesMax
  const add = <T>(to: T[], one: T): boolean => {
    to.push(one)
    if (fits()) return true
    to.pop()
    return false
  }
  const isFull =
    !friends.every((friend) => add(shown.friends, friend)) ||
    !groups.every((group) => add(shown.groups, { group, members: firstMembers(group, self.id) })) ||
    !shown.groups.every(({ group, members }) =>
      group.members.every((member) => members.includes(member) || add(members, member)),
    ) ||
    !offline.every((message) => add(shown.offline, message))
  const rest = isFull ? restOf(friends, groups, shown) : []
  return { message: messageOf(), offline: shown.offline.length, rest }
}

interface Shown {
  readonly friends: Friend[]
  readonly groups: { readonly group: Group; readonly members: Member[] }[]
  readonly offline: object[]
}

const firstMembers = ({ members }: Group, self: number): Member[] =>
  members.filter(({ id, isOwner }) => isOwner || id === self)

const answerOf = ({ numbers }: JsonDialect, { id, name }: User, shown: Shown) => {
  const friends = shown.friends.map((friend) =>
    JSON.stringify({ id: friend.id, name: friend.name, state: stateOf(friend) }),
  )
  const groups = shown.groups.map(({ group, members }) =>
    JSON.stringify({
      id: group.id,
      groupname: shownText(group.title),
      groupdesc: shownText(group.description),
      users: members.map((member) =>
        JSON.stringify({ id: member.id, name: member.name, state: stateOf(member), role: roleOf(member) }),
      ),
    }),
  )
  const offlinemsg = shown.offline.map((message) => JSON.stringify(message))
  return {
    ...{ msgid: numbers.logInAck, errno: 0, id, name },
    ...(friends.length === 0 ? {} : { friends }),
    ...(groups.length === 0 ? {} : { groups }),
    ...(offlinemsg.length === 0 ? {} : { offlinemsg }),
  }
}

const stateOf = ({ isOnline }: Friend): 'online' | 'offline' => (isOnline ? 'online' : 'offline')
const roleOf = ({ isOwner }: Member): 'creator' | 'normal' => (isOwner ? 'creator' : 'normal')

const restOf = (friends: readonly Friend[], groups: readonly Group[], shown: Shown): readonly string[] => [
  ...friends.slice(shown.friends.length).map((friend) => `friend ${friend.id} ${friend.name} ${stateOf(friend)}`),
  ...groups
    .slice(shown.groups.length)
    .map(({ id, title, description }) =>
      shownText(description === '' ? `group ${id} ${title}` : `group ${id} ${title}: ${description}`),
    ),
  ...groups.flatMap((group, index) => {
    const told = shown.groups[index]?.members ?? []
    return group.members
      .filter((member) => !told.includes(member))
      .map((member) => `group ${group.id} member ${member.id} ${member.name} ${stateOf(member)} ${roleOf(member)}`)
  }),
]
