import type { Conversation, Expected, User } from './conversation.ts'
import { type Act, refuse } from './conversation.ts'
import { actDirect, befriend, block, createDirect, type Direct, type FriendOp, sendDirect } from './direct.ts'
import {
  actInGroup,
  actOnGroup,
  createGroup,
  type Group,
  type GroupAct,
  isVisible,
  type Settings,
  sendToGroup,
} from './group.ts'
import { actInRoom, actOnRoom, type Room, sendToRoom } from './room.ts'

/** What somebody does. `frame` of it is what a client sends. */
export type Deed =
  | { readonly op: 'create'; readonly name?: string; readonly others: readonly User[]; readonly settings: NewGroup }
  | { readonly op: 'send'; readonly to: Target; readonly text: string; readonly replyTo?: number }
  | { readonly op: 'act'; readonly to: Target; readonly what: Act }
  | { readonly op: 'group'; readonly group: Group; readonly what: GroupAct }
  | { readonly op: 'room'; readonly room: Room; readonly what: GroupAct }
  | { readonly op: 'friend'; readonly user: User; readonly what: FriendOp }
  | { readonly op: 'block'; readonly user: User; readonly isOn: boolean }

type NewGroup = Settings & { readonly isPublic: boolean }
export type Target = { readonly user: User } | { readonly group: Group } | { readonly room: Room }

/** Everybody and everything there is, by the rules. */
export interface House {
  readonly users: readonly User[]
  readonly groups: Group[]
  readonly rooms: Room[]
  readonly directs: Map<string, Direct>
  readonly names: Set<string>
}

export const createHouse = (users: readonly User[]): House => ({
  users,
  groups: [],
  rooms: [],
  directs: new Map(),
  names: new Set(),
})

const directOf = ({ directs }: House, one: User, other: User): Direct => {
  const fresh = createDirect(one, other)
  const direct = directs.get(fresh.id) ?? fresh
  directs.set(direct.id, direct)
  return direct
}

/** What has to be answered, and what is so from then on. A group that is made gets its id later, from the answer. */
export const decide = (house: House, actor: User, deed: Deed): Expected => {
  const exists = (user: User) => house.users.includes(user)
  switch (deed.op) {
    case 'create':
      if (deed.others.some((user) => !exists(user))) return refuse('no_such_user')
      if (deed.name !== undefined && house.names.has(deed.name)) return refuse('name_taken')
      return { events: 1 }
    case 'send':
      if ('room' in deed.to) return sendToRoom(deed.to.room, actor, deed.text, deed.replyTo)
      if ('group' in deed.to) return sendToGroup(deed.to.group, actor, deed.text, deed.replyTo)
      if (!exists(deed.to.user)) return refuse('no_such_user')
      return sendDirect(directOf(house, actor, deed.to.user), actor, deed.text, deed.replyTo)
    case 'act':
      if ('room' in deed.to) return actInRoom(deed.to.room, actor, deed.what)
      return 'group' in deed.to
        ? actInGroup(deed.to.group, actor, deed.what)
        : actDirect(directOf(house, actor, deed.to.user), actor, deed.what)
    case 'group':
      return actOnGroup(deed.group, actor, deed.what, exists)
    case 'room':
      return actOnRoom(deed.room, deed.what)
    case 'friend':
      if (!exists(deed.user)) return refuse('no_such_user')
      return befriend(directOf(house, actor, deed.user), actor, deed.what)
    case 'block':
      if (!exists(deed.user)) return refuse('no_such_user')
      return block(directOf(house, actor, deed.user), actor, deed.isOn)
  }
}

export const founded = (
  house: House,
  id: string,
  owner: User,
  { name, others, settings }: Extract<Deed, { readonly op: 'create' }>,
): void => {
  if (name !== undefined) house.names.add(name)
  house.groups.push(createGroup(id, owner, others, settings))
}

/** What a deed is done in. */
export const conversationOf = (house: House, actor: User, to: Target): Conversation =>
  'room' in to ? to.room : 'group' in to ? to.group : directOf(house, actor, to.user)

/** Each conversation that somebody may see something of, with the test of what, and the last event that he knows of. */
export const viewsOf = (house: House, user: User) => [
  ...house.groups
    .filter((group) => group.stays.has(user))
    .map((group) => ({
      conversation: group,
      sees: (seq: number) => isVisible(group, user, seq),
      last: group.stays.get(user)?.at(-1)?.to ?? Number.POSITIVE_INFINITY,
    })),
  ...house.rooms.map((room) => ({ conversation: room, sees: () => true, last: Number.POSITIVE_INFINITY })),
  ...[...house.directs.values()]
    .filter(({ lo, hi, entries }) => (lo === user || hi === user) && entries.length > 0)
    .map((direct) => ({ conversation: direct, sees: () => true, last: Number.POSITIVE_INFINITY })),
]

/** The frame of a deed, but for `ref` and `clientMsgId`. */
export const frameOf = (house: House, actor: User, deed: Deed): Record<string, unknown> => {
  switch (deed.op) {
    case 'create': {
      const { isPublic, joinPolicy, history, title } = deed.settings
      return {
        op: 'group.create',
        ...(deed.name === undefined ? {} : { name: deed.name }),
        ...{ title, visibility: isPublic ? 'public' : 'private', joinPolicy, history, members: deed.others },
      }
    }
    case 'send': {
      const to = 'user' in deed.to ? deed.to : { conversation: conversationOf(house, actor, deed.to).id }
      const reply = deed.replyTo === undefined ? {} : { replyTo: deed.replyTo }
      return { op: 'send', to, body: { kind: 'text', text: deed.text }, ...reply }
    }
    case 'act': {
      const { id: conversation } = conversationOf(house, actor, deed.to)
      const { op, seq } = deed.what
      const more =
        deed.what.op === 'edit'
          ? { body: { kind: 'text', text: deed.what.text } }
          : 'emoji' in deed.what
            ? { emoji: deed.what.emoji }
            : op === 'report'
              ? { reason: 'rude' }
              : {}
      return { op, conversation, seq, ...more }
    }
    case 'group':
      return { op: `group.${deed.what.op}`, conversation: deed.group.id, ...fieldsOf(deed.what) }
    case 'room':
      return { op: `group.${deed.what.op}`, conversation: deed.room.id, ...fieldsOf(deed.what) }
    case 'friend':
      return { op: `friend.${deed.what}`, user: deed.user }
    case 'block':
      return { op: deed.isOn ? 'block' : 'unblock', user: deed.user }
  }
}

/** Far enough away that no walk gets there. */
const longMs = Date.UTC(2100, 0, 1)

const fieldsOf = (what: GroupAct): Record<string, unknown> => {
  switch (what.op) {
    case 'change':
      return what.settings
    case 'invite':
      return { users: what.users }
    case 'mute':
      return { user: what.user, untilMs: what.isOn ? longMs : 0 }
    case 'role':
      return { user: what.user, role: what.role }
    case 'join':
    case 'leave':
    case 'close':
      return {}
    default:
      return { user: what.user }
  }
}
