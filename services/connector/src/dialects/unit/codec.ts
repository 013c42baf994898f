import type { Envelope } from '../envelope-splitter.ts'
import { type MessageType, readProto } from '../proto-file.ts'

/**
 * Up: `{type, request_msg}` without an end of its own (envelope-splitter.ts). Down: answers bare, without type or length, in the order of the requests; what
 * nobody asked for as `{type, response_msg}`. No answer is empty: a client that waits for it would hear nothing.
 */

const type = readProto(new URL('unit.proto', import.meta.url))

export interface User {
  readonly id: number
  readonly name: string
}

const response = type<{ readonly type: string; readonly response_msg: Buffer }>('Response')
const login = type<{ readonly id: number; readonly password: string }>('Login')
const loginReply = type<{ readonly is_success: boolean; readonly msg: { readonly message: string } }>('LoginReply')
const regist = type<{ readonly name: string; readonly password: string }>('Regist')
const registReply = type<{ readonly is_success: boolean; readonly id: number }>('RegistReply')
const friendship = type<{ readonly friendid: number }>('Friendship')
const user = type<User>('User')
const friendList = type<{ readonly is_success: boolean; readonly friends: readonly Partial<User>[] }>('FriendList')
const offlineMessages = type<{ readonly msg: readonly Buffer[] }>('OfflineMessages')
const createGroup = type<{ readonly group_name: string }>('CreateGroup')
const membership = type<{ readonly groupid: number }>('Membership')
const group = type<{ readonly groupid: number }>('Group')
const groupUsers = type<{ readonly users: readonly Partial<User>[] }>('GroupUsers')
const chat = type<{ readonly id: number; readonly msg: Buffer }>('Chat')

export type UnitRequest =
  | { readonly type: 'Login'; readonly id: number; readonly password: string }
  | { readonly type: 'Regist'; readonly name: string; readonly password: string }
  | { readonly type: 'LoginOut' }
  | { readonly type: 'GetFriendList' | 'ReadOfflineMsg' }
  | { readonly type: 'AddFriend' | 'DeleteFriend'; readonly friend: number }
  | { readonly type: 'GetUserInfo'; readonly id: number }
  | { readonly type: 'CreateGroup'; readonly name: string }
  | { readonly type: 'AddGroup' | 'QuitGroup' | 'GetGroupUsers'; readonly group: number }
  | { readonly type: 'ChatMsg'; readonly to: number; readonly bytes: Buffer }
  /** A known type around something else. */
  | { readonly type: 'invalid'; readonly of: KnownType }
  | { readonly type: 'unknown' }

export type KnownType = Exclude<UnitRequest['type'], 'invalid' | 'unknown'>

/** Who sent it is never read from it: that is the session's. */
export const decodeRequest = ({ type, request }: Envelope): UnitRequest => {
  const known = knownType(type)
  if (known === undefined) return { type: 'unknown' }
  return requestOf(known, request) ?? { type: 'invalid', of: known }
}

const knownTypes: readonly KnownType[] = [
  ...(['Login', 'Regist', 'LoginOut', 'GetFriendList', 'ReadOfflineMsg', 'AddFriend', 'DeleteFriend'] as const),
  ...(['GetUserInfo', 'CreateGroup', 'AddGroup', 'QuitGroup', 'GetGroupUsers', 'ChatMsg'] as const),
]

const knownType = (type: string): KnownType | undefined => {
  // As its servers spell it.
  if (type === 'DelteFriend') return 'DeleteFriend'
  return knownTypes.find((known) => known === type)
}

const requestOf = (type: KnownType, bytes: Buffer): UnitRequest | undefined => {
  switch (type) {
    case 'Login':
      return read(login, bytes, ({ id, password }) => ({ type, id, password }))
    case 'Regist':
      return read(regist, bytes, ({ name, password }) => ({ type, name, password }))
    case 'LoginOut':
    case 'GetFriendList':
    case 'ReadOfflineMsg':
      return { type }
    case 'AddFriend':
    case 'DeleteFriend':
      return read(friendship, bytes, ({ friendid }) => ({ type, friend: friendid }))
    case 'GetUserInfo':
      return read(user, bytes, ({ id }) => ({ type, id }))
    case 'CreateGroup':
      return read(createGroup, bytes, ({ group_name }) => ({ type, name: group_name }))
    case 'AddGroup':
    case 'QuitGroup':
      return read(membership, bytes, ({ groupid }) => ({ type, group: groupid }))
    case 'GetGroupUsers':
      return read(group, bytes, ({ groupid }) => ({ type, group: groupid }))
    case 'ChatMsg':
      // A copy: what the library gives may be a part of a large read.
      return read(chat, bytes, ({ id, msg }) => ({ type, to: id, bytes: Buffer.from(msg) }))
  }
}

const read = <T extends object>(
  type: MessageType<T>,
  bytes: Buffer,
  requestOf: (fields: T) => UnitRequest,
): UnitRequest | undefined => {
  const fields = type.decode(bytes)
  return fields === undefined ? undefined : requestOf(fields)
}

/** An element of a list is there even when there is nobody in it. */
const orEmpty = <T>(items: readonly T[], empty: T): readonly T[] => (items.length === 0 ? [empty] : items)

/** Answers, bare. */
export const answers = {
  loggedIn: (): Buffer => loginReply.encode({ is_success: true }),
  notLoggedIn: (message: string): Buffer => loginReply.encode({ msg: { message } }),
  registered: (id: number): Buffer => registReply.encode({ is_success: true, id }),
  notRegistered: (): Buffer => registReply.encode({ id: -1 }),
  /** undefined: there is none. */
  user: (found: User | undefined): Buffer => user.encode(found ?? { id: -1 }),
  /** undefined: they cannot be told. */
  friends: (friends: readonly User[] | undefined): Buffer =>
    friends === undefined ? friendList.encode({ friends: [{}] }) : friendList.encode({ is_success: true, friends }),
  offline: (messages: readonly Buffer[]): Buffer => offlineMessages.encode({ msg: orEmpty(messages, Buffer.alloc(0)) }),
  /** undefined: there is none. */
  group: (id: number | undefined): Buffer => group.encode({ groupid: id ?? -1 }),
  groupUsers: (users: readonly User[]): Buffer => groupUsers.encode({ users: orEmpty<Partial<User>>(users, {}) }),
  failure: (text: string): Buffer => Buffer.from(text),
} as const

/** What nobody asked for. */
export const pushes = {
  chat: (bytes: Buffer): Buffer => response.encode({ type: 'ChatMsg', response_msg: bytes }),
  serverStops: (): Buffer => response.encode({ type: 'LoginOut', response_msg: Buffer.from('server crash') }),
} as const
