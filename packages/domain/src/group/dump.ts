import type { GroupEntry, MemberEntry } from '@chat/schemas'
import { invariant, type UserId } from '../decision.ts'
import { noPins } from '../message-acts.ts'
import { type Group, joinPolicyOf, type Member, noUsers, type Role } from './state.ts'

/** Larger groups are spread over several entries; of each of its lists an entry has at most so many. */
export const membersOfEntryMax = 4000

/** A group as entries of a dump, in their order. */
export function* groupEntries(conversation: string, group: Group): Iterable<GroupEntry> {
  const { isPublic, joinPolicy, isForAdmins, isClosed, lastSeq, lastAtMs } = group
  const isOpen = joinPolicy === 'open'
  const members = [...group.members].map(([user, member]) => memberEntry(user, member))
  const formerMembers = [...group.acquainted]
  const [invited, requested, banned] = [[...group.invited], [...group.requested], [...group.banned]]
  const longest = Math.max(...[members, formerMembers, invited, requested, banned].map(({ length }) => length))
  for (let from = 0; from === 0 || from < longest; from += membersOfEntryMax) {
    const part = <T>(all: readonly T[]): readonly T[] => all.slice(from, from + membersOfEntryMax)
    yield {
      ...{
        conversation,
        isContinued: from > 0,
        isPublic,
        isOpen,
        joinPolicy,
        isForAdmins,
        isClosed,
        lastSeq,
        lastAtMs,
      },
      members: part(members),
      formerMembers: part(formerMembers),
      invited: part(invited),
      requested: part(requested),
      banned: part(banned),
      pins: [...group.pins],
    }
  }
}

const memberEntry = (user: UserId, { role, joinedSeq, mutedUntilMs }: Member): MemberEntry => ({
  user,
  isOwner: role === 'owner',
  isAdmin: role === 'admin',
  joinedSeq,
  mutedUntilMs,
})

/** The group of an entry; `earlier`: of the one before, which it may continue. */
export const loadGroup = (entry: GroupEntry, earlier: { readonly kind: string } | Group | undefined): Group => {
  const begun = entry.isContinued ? earlier : undefined
  invariant(!entry.isContinued || isGroup(begun), 'only a group is continued')
  const before = isGroup(begun) ? begun : undefined
  const members = new Map<UserId, Member>(before?.members)
  for (const { user, joinedSeq, mutedUntilMs, ...roles } of entry.members)
    members.set(user, { role: roleOf(roles), joinedSeq, mutedUntilMs })
  const { isPublic, isForAdmins, isClosed, lastSeq, lastAtMs } = entry
  return {
    kind: 'group',
    isPublic,
    joinPolicy: entry.joinPolicy === null ? (entry.isOpen ? 'open' : 'invite') : joinPolicyOf(entry.joinPolicy),
    isForAdmins,
    isClosed,
    members,
    acquainted: together(before?.acquainted, entry.formerMembers),
    invited: together(before?.invited, entry.invited),
    requested: together(before?.requested, entry.requested),
    banned: together(before?.banned, entry.banned),
    pins: entry.pins.length === 0 ? noPins : entry.pins,
    lastSeq,
    lastAtMs,
  }
}

const isGroup = (value: { readonly kind: string } | Group | undefined): value is Group => value?.kind === 'group'

const roleOf = ({ isOwner, isAdmin }: Pick<MemberEntry, 'isOwner' | 'isAdmin'>): Role =>
  isOwner ? 'owner' : isAdmin ? 'admin' : 'member'

const together = (before: ReadonlySet<UserId> = noUsers, more: readonly UserId[]): ReadonlySet<UserId> =>
  more.length === 0 ? before : new Set([...before, ...more])
