import type { Line, LineAnswer } from './line.ts'
import type { Numbers } from './old-numbers.ts'

/** Pages of a list that are read at most: 100 entries each. */
const pagesMax = 100
/** Of the members of one group: more than these clients can show. */
const memberPagesMax = 10

/** As a client calls him: by his old number where he has one. */
export interface User {
  readonly id: number
  readonly name: string
}

export interface Friend extends User {
  readonly isOnline: boolean
}

export interface Member extends Friend {
  readonly isOwner: boolean
}

/** `id`: as for users. */
export interface Group {
  readonly id: number
  readonly title: string
  readonly description: string
  /** Oneself and owners first; none of an online room, which has no list of them. */
  readonly members: readonly Member[]
}

/** What these clients are told at the login. */
export interface AccountView {
  readonly self: User
  readonly friends: readonly Friend[]
  readonly groups: readonly Group[]
  /** Who asks to be a friend. */
  readonly requests: readonly User[]
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
export const readAccountView = async (line: Line, numbers: Numbers, self: User): Promise<AccountView | undefined> => {
  const view = await readByIds(line, self)
  return view && numberView(view, numbers)
}

/** The same by ids, ordered. */
const readByIds = async (line: Line, self: User): Promise<AccountView | undefined> => {
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
    groups.push({ id: groupIdOf(id), title, description, members: inOrder(members.items, self.id) })
  }
  return {
    self,
    friends: friends.items.map(({ user, online }) => ({ id: user.id, name: user.name, isOnline: online })),
    groups: groups.toSorted((one, other) => one.id - other.id),
    requests: incoming(friends.first),
  }
}

/** All of it is looked up at once: it may be many thousands. */
const numberView = async (view: AccountView, numbers: Numbers): Promise<AccountView | undefined> => {
  const { self, friends, groups, requests } = view
  const users = [self, ...friends, ...requests, ...groups.flatMap(({ members }) => members)]
  const [userOf, groupNumberOf] = await Promise.all([
    numbered(numbers, users),
    numbers.numbersOf(
      'group',
      groups.map(({ id }) => id),
    ),
  ])
  if (userOf === undefined || groupNumberOf === undefined) return undefined
  return {
    self: userOf(self),
    friends: friends.map(userOf),
    groups: groups.map((group) => ({
      ...{ ...group, id: groupNumberOf(group.id), members: group.members.map(userOf) },
    })),
    requests: requests.map(userOf),
  }
}

/** Makes users by their ids users as a client calls them; undefined: not possible now. */
const numbered = async (
  numbers: Numbers,
  users: readonly User[],
): Promise<(<T extends User>(user: T) => T) | undefined> => {
  const numberOf = await numbers.numbersOf(
    'user',
    users.map(({ id }) => id),
  )
  return numberOf && ((user) => ({ ...user, id: numberOf(user.id) }))
}

const numberUsers = async (
  numbers: Numbers,
  users: readonly User[] | undefined,
): Promise<readonly User[] | undefined> => {
  const userOf = users && (await numbered(numbers, users))
  return userOf && users.map(userOf)
}

/** Who asks to be a friend; undefined: it cannot be read now. */
export const readRequests = async (line: Line, numbers: Numbers): Promise<readonly User[] | undefined> => {
  const answer = await line.ask('friends', { limit: 1 })
  return answer.op === 'error' ? undefined : numberUsers(numbers, incoming(answer))
}

/** undefined: they cannot be read now. */
export const readFriends = async (line: Line, numbers: Numbers): Promise<readonly User[] | undefined> =>
  numberUsers(numbers, usersOf(await readAll<FriendItem>(line, 'friends', {}, pagesMax)))

/** Of a group by its id; undefined: he is not one of them, or they cannot be read now. */
export const readMembers = async (line: Line, numbers: Numbers, group: number): Promise<readonly User[] | undefined> =>
  numberUsers(
    numbers,
    usersOf(await readAll<MemberItem>(line, 'members', { conversation: `g${group}` }, memberPagesMax)),
  )

/** Of whom a client means by a number; undefined: there is nobody, or nobody can tell now. */
export const readUser = async (line: Line, numbers: Numbers, number: number): Promise<User | undefined> => {
  const id = await numbers.idOf('user', number)
  const answer = id === undefined ? undefined : await line.ask('user', { id })
  if (answer === undefined || answer.op === 'error') return undefined
  const { user } = answer as unknown as { readonly user: User }
  return (await numberUsers(numbers, [{ id: user.id, name: user.name }]))?.[0]
}

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
