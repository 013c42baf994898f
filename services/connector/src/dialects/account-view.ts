import type { Line, LineAnswer } from './line.ts'

/** Pages of a list that are read at most: 100 entries each. */
const pagesMax = 100
/** Of the members of one group: more than these clients can show. */
const memberPagesMax = 10

export interface Friend {
  readonly id: number
  readonly name: string
  readonly isOnline: boolean
}

export interface Member extends Friend {
  readonly isOwner: boolean
}

export interface Group {
  readonly id: number
  readonly title: string
  readonly description: string
  /** Oneself and owners first; none of an online room, which has no list of them. */
  readonly members: readonly Member[]
}

/** What these clients are told at the login. */
export interface AccountView {
  readonly friends: readonly Friend[]
  readonly groups: readonly Group[]
  /** Who asks to be a friend. */
  readonly requests: readonly { readonly id: number; readonly name: string }[]
}

interface User {
  readonly id: number
  readonly name: string
}
interface FriendItem {
  readonly user: User
  readonly online: boolean
}
interface ConversationItem {
  readonly id: string
  readonly kind: 'direct' | 'group'
  readonly title: string
  readonly description?: string
  readonly role?: string
  readonly membership?: 'online'
}
interface MemberItem {
  readonly user: User
  readonly role: string
  readonly online?: boolean
}

/** Reads it over the line; undefined: not possible now. */
export const readAccountView = async (line: Line, self: number): Promise<AccountView | undefined> => {
  const [friends, conversations] = await Promise.all([
    readAll<FriendItem>(line, 'friends', {}, pagesMax),
    readAll<ConversationItem>(line, 'conversations', {}, pagesMax),
  ])
  if (friends === undefined || conversations === undefined) return undefined
  const groups: Group[] = []
  for (const { id, kind, title, description = '', role, membership } of conversations.items) {
    if (kind !== 'group') continue
    if (membership === 'online') groups.push({ id: groupIdOf(id), title, description, members: [] })
    if (role === undefined) continue
    const members = await readAll<MemberItem>(line, 'members', { conversation: id }, memberPagesMax)
    if (members === undefined) continue // He was a member a moment ago.
    groups.push({ id: groupIdOf(id), title, description, members: inOrder(members.items, self) })
  }
  return {
    friends: friends.items.map(({ user, online }) => ({ id: user.id, name: user.name, isOnline: online })),
    groups: groups.toSorted((one, other) => one.id - other.id),
    requests: incoming(friends.first),
  }
}

/** Who asks to be a friend; undefined: it cannot be read now. */
export const readRequests = async (line: Line): Promise<readonly User[] | undefined> => {
  const answer = await line.ask('friends', { limit: 1 })
  return answer.op === 'error' ? undefined : incoming(answer)
}

/** undefined: they cannot be read now. */
export const readFriends = async (line: Line): Promise<readonly User[] | undefined> =>
  usersOf(await readAll<FriendItem>(line, 'friends', {}, pagesMax))

/** undefined: he is not one of them. */
export const readMembers = async (line: Line, group: number): Promise<readonly User[] | undefined> =>
  usersOf(await readAll<MemberItem>(line, 'members', { conversation: `g${group}` }, memberPagesMax))

const usersOf = (whole: Whole<{ readonly user: User }> | undefined): readonly User[] | undefined =>
  whole?.items.map(({ user: { id, name } }) => ({ id, name }))

const incoming = (firstPage: LineAnswer): readonly User[] => {
  const { requests = [] } = firstPage as unknown as { requests?: { user: User; direction: string }[] }
  return requests
    .filter(({ direction }) => direction === 'incoming')
    .map(({ user }) => ({ id: user.id, name: user.name }))
}

/** `g31` → 31. */
export const groupIdOf = (conversation: string): number => Number(conversation.slice(1))

const inOrder = (items: readonly MemberItem[], self: number): readonly Member[] => {
  const members = items.map(({ user, role, online }) => ({
    ...{ id: user.id, name: user.name, isOnline: online === true, isOwner: role === 'owner' },
  }))
  const isFirst = ({ id, isOwner }: Member) => isOwner || id === self
  return [...members.filter(isFirst), ...members.filter((member) => !isFirst(member))]
}

interface Whole<T> {
  readonly items: readonly T[]
  readonly first: LineAnswer
}

const readAll = async <T>(line: Line, op: string, fields: object, pages: number): Promise<Whole<T> | undefined> => {
  const items: T[] = []
  let first: LineAnswer | undefined
  let after: string | undefined
  for (let page = 0; page < pages; page++) {
    const answer = await line.ask(op, { ...fields, limit: 100, ...(after === undefined ? {} : { after }) })
    if (answer.op === 'error') return undefined
    first ??= answer
    const { items: some, next } = answer as unknown as { items: readonly T[]; next?: string }
    items.push(...some)
    if (next === undefined) break
    after = next
  }
  return first === undefined ? undefined : { items, first }
}
