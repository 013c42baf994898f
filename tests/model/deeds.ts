import type { Random } from '@chat/runtime'
import type { Act, User } from './conversation.ts'
import type { FriendOp } from './direct.ts'
import type { Group, GroupAct, JoinPolicy, Role, Settings } from './group.ts'
import { conversationOf, type Deed, type House, type Target } from './house.ts'

/** Of every hundred deeds, so many are of a kind. */
const weights: readonly (readonly [kind: keyof Kinds, weight: number])[] = [
  ['send', 34],
  ['act', 24],
  ['group', 26],
  ['friend', 8],
  ['block', 3],
  ['create', 5],
  ['room', 2],
]
const groupsMax = 60
const emojis = ['👍', '🎉', '👩‍🚀'] as const

type Kinds = { readonly [K in Deed['op']]: (house: House, actor: User, pick: Pick) => Deed }

/** Choices out of one seed. */
export interface Pick {
  number(below: number): number
  from<T>(items: readonly T[]): T
  chance(share: number): boolean
}

export const createPick = (random: Random): Pick => {
  const number = (below: number) => Math.floor(random.fraction() * below)
  return {
    number,
    from: (items) => {
      const item = items[number(items.length)]
      if (item === undefined) throw new Error('nothing to choose from')
      return item
    },
    chance: (share) => random.fraction() < share,
  }
}

/** Somebody does something, sensible or not. */
export const nextDeed = (house: House, pick: Pick): { readonly actor: User; readonly deed: Deed } => {
  const actor = pick.from(house.users)
  let left = pick.number(weights.reduce((sum, [, weight]) => sum + weight, 0))
  const [kind] = weights.find(([, weight]) => {
    left -= weight
    return left < 0
  }) ?? ['send' as const]
  const isPossible = kind === 'group' ? house.groups.length > 0 : kind !== 'room' || house.rooms.length > 0
  const isWanted = kind !== 'create' || house.groups.length < groupsMax
  return { actor, deed: kinds[isPossible && isWanted ? kind : 'send'](house, actor, pick) }
}

/** Hardly ever nobody; few enough pairs that they meet again. */
const anybody = (house: House, actor: User, pick: Pick): User => {
  if (pick.chance(0.02)) return 2_000_000_011
  const near = house.users.indexOf(actor) + 1 + pick.number(5)
  return pick.chance(0.6) ? (house.users[near % house.users.length] ?? actor) : pick.from(house.users)
}

/** More often one of his own groups. */
const groupFor = (house: House, actor: User, pick: Pick): Group => {
  const own = house.groups.filter((group) => group.members.has(actor))
  return own.length > 0 && pick.chance(0.75) ? pick.from(own) : pick.from(house.groups)
}

const target = (house: House, actor: User, pick: Pick): Target => {
  if (house.rooms.length > 0 && pick.chance(0.1)) return { room: pick.from(house.rooms) }
  return house.groups.length > 0 && pick.chance(0.6)
    ? { group: groupFor(house, actor, pick) }
    : { user: anybody(house, actor, pick) }
}

const seqIn = (house: House, actor: User, to: Target, pick: Pick): number => {
  const { entries, messages } = conversationOf(house, actor, to)
  const known = [...messages.keys()]
  if (known.length === 0 || pick.chance(0.1)) return 1 + pick.number(entries.length + 2)
  return pick.chance(0.5) ? pick.from(known.slice(-8)) : pick.from(known)
}

const settingsOf = (pick: Pick): Settings => ({
  title: `title ${pick.number(1000)}`,
  joinPolicy: pick.from<JoinPolicy>(['open', 'request', 'invite']),
  history: pick.from(['all', 'sinceJoin'] as const),
  posting: 'all',
})

const some = <T extends object>(pick: Pick, all: T): Partial<T> => {
  const entries = Object.entries(all)
  const kept = entries.filter(() => pick.chance(0.4))
  return Object.fromEntries(kept.length > 0 ? kept : [pick.from(entries)]) as Partial<T>
}

const kinds: Kinds = {
  create: (house, actor, pick) => {
    const isPublic = pick.chance(0.5)
    const others = Array.from({ length: pick.number(8) }, () => anybody(house, actor, pick))
    const settings = { ...settingsOf(pick), isPublic }
    return { op: 'create', ...(isPublic ? { name: `room ${pick.number(80)}` } : {}), others, settings }
  },
  send: (house, actor, pick) => {
    const to = target(house, actor, pick)
    const reply = pick.chance(0.2) ? { replyTo: seqIn(house, actor, to, pick) } : {}
    return { op: 'send', to, text: `text ${pick.number(1_000_000)}`, ...reply }
  },
  act: (house, actor, pick) => {
    const found = target(house, actor, pick)
    const isNobody = 'user' in found && !house.users.includes(found.user)
    const to = isNobody ? { user: actor } : found
    const seq = seqIn(house, actor, to, pick)
    const op = pick.from<Act['op']>(['edit', 'delete', 'react', 'react', 'unreact', 'pin', 'unpin', 'report'])
    if (op === 'edit') return { op: 'act', to, what: { op, seq, text: `edited ${pick.number(1_000_000)}` } }
    const isOfEmoji = op === 'react' || op === 'unreact'
    return { op: 'act', to, what: isOfEmoji ? { op, seq, emoji: pick.from(emojis) } : { op, seq } }
  },
  group: (house, actor, pick) => {
    const group = groupFor(house, actor, pick)
    return { op: 'group', group, what: actOf(house, actor, group, pick) }
  },
  room: (house, actor, pick) => ({
    op: 'room',
    room: pick.from(house.rooms),
    what: actOnRoomOf(anybodyThere(house, actor, pick), pick),
  }),
  friend: (house, actor, pick) => ({
    op: 'friend',
    user: anybody(house, actor, pick),
    what: pick.from<FriendOp>(['request', 'request', 'accept', 'accept', 'withdraw', 'decline', 'remove']),
  }),
  block: (house, actor, pick) => ({ op: 'block', user: anybody(house, actor, pick), isOn: pick.chance(0.4) }),
}

/** Whom it is about: those whom it makes sense with, more often than not. */
const concerned = (house: House, actor: User, likely: Iterable<User>, pick: Pick): User => {
  const users = [...likely]
  return users.length > 0 && pick.chance(0.8) ? pick.from(users) : anybody(house, actor, pick)
}

const actOf = (house: House, actor: User, group: Group, pick: Pick): GroupAct => {
  const member = () => concerned(house, actor, group.members.keys(), pick)
  const op = pick.from<GroupAct['op']>([
    ...(['join', 'join', 'join', 'leave', 'invite', 'invite', 'approve', 'approve', 'refuse'] as const),
    ...(['kick', 'ban', 'unban', 'unban', 'mute', 'mute', 'role', 'role', 'transfer', 'change', 'change'] as const),
    ...(pick.chance(0.1) ? (['close'] as const) : []),
  ])
  switch (op) {
    case 'join':
    case 'leave':
    case 'close':
      return { op }
    case 'invite':
      return {
        op,
        users: [...new Set(Array.from({ length: 1 + pick.number(2) }, () => anybodyThere(house, actor, pick)))],
      }
    case 'approve':
      return { op, user: concerned(house, actor, group.asking, pick) }
    case 'refuse':
      return { op, user: pick.chance(0.3) ? actor : concerned(house, actor, [...group.asking, ...group.invited], pick) }
    case 'unban':
      return { op, user: concerned(house, actor, group.banned, pick) }
    case 'mute':
      return { op, user: member(), isOn: pick.chance(0.5) }
    case 'role': {
      const user = member()
      // What an owner who gives himself his own role is answered is not written anywhere.
      const roles: readonly Role[] = user === actor ? ['admin', 'member'] : ['owner', 'admin', 'admin', 'member']
      return { op, user, role: pick.from(roles) }
    }
    case 'change':
      return {
        op,
        settings: some(pick, { ...settingsOf(pick), posting: pick.from(['all', 'all', 'admins'] as const) }),
      }
    default:
      return { op, user: member() }
  }
}

/** Whatever is done to groups: none of it makes sense. */
const actOnRoomOf = (user: User, pick: Pick): GroupAct =>
  pick.from<GroupAct>([
    ...(['join', 'join', 'leave', 'close'] as const).map((op) => ({ op })),
    ...(['approve', 'refuse', 'kick', 'ban', 'unban', 'transfer'] as const).map((op) => ({ op, user })),
    { op: 'invite', users: [user] },
    { op: 'mute', user, isOn: true },
    { op: 'role', user, role: 'admin' },
    { op: 'change', settings: { title: 'mine' } },
  ])

const anybodyThere = (house: House, actor: User, pick: Pick): User => {
  const user = anybody(house, actor, pick)
  return house.users.includes(user) ? user : actor
}
