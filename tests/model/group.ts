import {
  type Act,
  act,
  type Conversation,
  type Expected,
  emptyConversation,
  happen,
  post,
  refuse,
  type User,
} from './conversation.ts'

export type Role = 'owner' | 'admin' | 'member'
export type JoinPolicy = 'open' | 'request' | 'invite'

/** What can be changed. */
export interface Settings {
  title: string
  joinPolicy: JoinPolicy
  history: 'all' | 'sinceJoin'
  posting: 'all' | 'admins'
}

interface Member {
  role: Role
  isMuted: boolean
}

/** From which event to which somebody was there; no end: he is. */
interface Stay {
  readonly from: number
  to: number | undefined
}

export interface Group extends Conversation, Settings {
  readonly isPublic: boolean
  isClosed: boolean
  readonly members: Map<User, Member>
  readonly stays: Map<User, Stay[]>
  readonly banned: Set<User>
  readonly invited: Set<User>
  readonly asking: Set<User>
  /** Whoever ever was a member, invited or banned: a private group is there for them alone. */
  readonly known: Set<User>
}

export type GroupAct =
  | { readonly op: 'join' | 'leave' }
  | { readonly op: 'close' }
  | { readonly op: 'invite'; readonly users: readonly User[] }
  | { readonly op: 'approve' | 'kick' | 'ban' | 'unban'; readonly user: User }
  | { readonly op: 'refuse'; readonly user: User }
  | { readonly op: 'transfer'; readonly user: User }
  | { readonly op: 'mute'; readonly user: User; readonly isOn: boolean }
  | { readonly op: 'role'; readonly user: User; readonly role: Role }
  | { readonly op: 'change'; readonly settings: Partial<Settings> }

export const createGroup = (
  id: string,
  owner: User,
  others: readonly User[],
  settings: Settings & { readonly isPublic: boolean },
): Group => {
  const group: Group = {
    ...emptyConversation(id),
    ...settings,
    isClosed: false,
    ...{ members: new Map(), stays: new Map(), banned: new Set(), invited: new Set(), asking: new Set() },
    known: new Set(),
  }
  happen(group, owner, 'groupCreated')
  for (const user of new Set([owner, ...others])) arrive(group, user, user === owner ? 'owner' : 'member')
  return group
}

const rank: Readonly<Record<Role, number>> = { owner: 2, admin: 1, member: 0 }

/** He is there from the newest event on. */
const arrive = (group: Group, user: User, role: Role) => {
  group.members.set(user, { role, isMuted: false })
  group.stays.set(user, [...(group.stays.get(user) ?? []), { from: group.entries.length, to: undefined }])
  for (const waiting of [group.invited, group.asking]) waiting.delete(user)
  group.known.add(user)
}

/** The newest event is the last that he sees. */
const depart = (group: Group, user: User) => {
  group.members.delete(user)
  const stay = group.stays.get(user)?.at(-1)
  if (stay !== undefined) stay.to = group.entries.length
}

export const isVisible = (group: Group, user: User, seq: number): boolean => {
  const stays = group.stays.get(user) ?? []
  const last = stays.at(-1)
  if (last === undefined) return false
  if (group.history === 'all' && seq <= (last.to ?? Number.POSITIVE_INFINITY)) return true
  return stays.some(({ from, to }) => seq >= from && seq <= (to ?? Number.POSITIVE_INFINITY))
}

const exists = (group: Group, user: User): boolean => group.isPublic || group.known.has(user)

/** Why somebody may do nothing there that only members do. */
const refusalOfStranger = (group: Group, user: User): Expected | undefined => {
  if (!exists(group, user)) return refuse('no_such_conversation')
  if (group.isClosed) return refuse('forbidden')
  if (group.banned.has(user)) return refuse('banned')
  return group.members.has(user) ? undefined : refuse('not_member')
}

/** Why somebody may not even report what he sees there. */
const refusalOfWitness = (group: Group, user: User): Expected | undefined => {
  if (!exists(group, user)) return refuse('no_such_conversation')
  if (group.isClosed) return refuse('forbidden')
  return group.banned.has(user) ? refuse('banned') : undefined
}

const roleOf = (group: Group, user: User): Role => group.members.get(user)?.role ?? 'member'
const leads = (group: Group, user: User): boolean => group.members.has(user) && roleOf(group, user) !== 'member'
const isSilenced = (group: Group, user: User): boolean => group.posting === 'admins' && !leads(group, user)

export const sendToGroup = (group: Group, actor: User, text: string, replyTo: number | undefined): Expected => {
  const refusal = refusalOfStranger(group, actor)
  if (refusal !== undefined) return refusal
  if (group.members.get(actor)?.isMuted === true) return refuse('muted')
  if (isSilenced(group, actor)) return refuse('forbidden')
  return post(group, actor, text, replyTo)
}

export const actInGroup = (group: Group, actor: User, what: Act): Expected => {
  const refusal = what.op === 'report' ? refusalOfWitness(group, actor) : refusalOfStranger(group, actor)
  if (refusal !== undefined) return refusal
  const isOfTheMuted = what.op === 'edit' || what.op === 'react' || what.op === 'unreact'
  if (isOfTheMuted && group.members.get(actor)?.isMuted === true) return refuse('muted')
  if (what.op === 'edit' && isSilenced(group, actor)) return refuse('forbidden')
  if ((what.op === 'pin' || what.op === 'unpin') && !leads(group, actor)) return refuse('forbidden')
  const message = isVisible(group, actor, what.seq) ? group.messages.get(what.seq) : undefined
  return act(group, actor, what, { message, mayDeleteAll: leads(group, actor) })
}

/** `userExists`: of the person whom it is about. */
export const actOnGroup = (
  group: Group,
  actor: User,
  what: GroupAct,
  userExists: (user: User) => boolean,
): Expected => {
  switch (what.op) {
    case 'join':
      return join(group, actor)
    case 'leave':
      return leave(group, actor)
    case 'refuse':
      return refuseEntry(group, actor, what.user)
    case 'invite':
    case 'close':
    case 'change':
      return refusalOfStranger(group, actor) ?? govern(group, actor, what, userExists)
    default:
      return refusalOfStranger(group, actor) ?? actOnPerson(group, actor, what, userExists)
  }
}

const join = (group: Group, actor: User): Expected => {
  if (!exists(group, actor)) return refuse('no_such_conversation')
  if (group.isClosed) return refuse('forbidden')
  if (group.banned.has(actor)) return refuse('banned')
  if (group.members.has(actor)) return refuse('already_member')
  const mayEnter = group.invited.has(actor) || (group.isPublic && group.joinPolicy === 'open')
  if (mayEnter) return enter(group, actor, actor)
  if (!group.isPublic || group.joinPolicy === 'invite') return refuse('forbidden')
  if (group.asking.has(actor)) return refuse('too_many')
  group.asking.add(actor)
  return happen(group, actor, 'joinRequested')
}

const enter = (group: Group, actor: User, user: User): Expected => {
  const happened = happen(group, actor, 'memberJoined')
  arrive(group, user, 'member')
  return happened
}

const hasOtherOwner = (group: Group, user: User): boolean =>
  [...group.members].some(([other, { role }]) => other !== user && role === 'owner')

const leave = (group: Group, actor: User): Expected => {
  if (!exists(group, actor)) return refuse('no_such_conversation')
  if (group.banned.has(actor)) return refuse('banned')
  if (!group.members.has(actor)) return refuse('not_member')
  const isLastOwner = roleOf(group, actor) === 'owner' && !hasOtherOwner(group, actor)
  if (isLastOwner && group.members.size > 1) return refuse('forbidden')
  const happened = happen(group, actor, 'memberLeft')
  depart(group, actor)
  return happened
}

/** An invitation or a request ends: by those who lead, or by himself. */
const refuseEntry = (group: Group, actor: User, user: User): Expected => {
  if (actor === user) {
    if (!exists(group, actor)) return refuse('no_such_conversation')
    if (group.isClosed) return refuse('forbidden')
    if (group.banned.has(actor)) return refuse('banned')
  } else {
    const refusal = refusalOfStranger(group, actor)
    if (refusal !== undefined) return refusal
    if (!leads(group, actor)) return refuse('forbidden')
  }
  const wasWaiting = [group.invited.delete(user), group.asking.delete(user)].includes(true)
  return wasWaiting ? happen(group, actor, 'joinRefused') : refuse('not_found')
}

type Governing = Extract<GroupAct, { readonly op: 'invite' | 'close' | 'change' }>

const govern = (group: Group, actor: User, what: Governing, userExists: (user: User) => boolean): Expected => {
  switch (what.op) {
    case 'close':
      if (roleOf(group, actor) !== 'owner') return refuse('forbidden')
      group.isClosed = true
      return happen(group, actor, 'groupClosed')
    case 'change':
      if (!leads(group, actor)) return refuse('forbidden')
      Object.assign(group, what.settings)
      return happen(group, actor, 'groupChanged')
    case 'invite': {
      if (!leads(group, actor) && group.joinPolicy !== 'open') return refuse('forbidden')
      for (const user of what.users) {
        if (!userExists(user)) return refuse('no_such_user')
        if (group.members.has(user)) return refuse('already_member')
        if (group.banned.has(user)) return refuse('banned')
      }
      for (const user of what.users) for (const of of [group.invited, group.known]) of.add(user)
      return happen(group, actor, ...what.users.map(() => 'memberInvited'))
    }
  }
}

type OnPerson = Exclude<GroupAct, { readonly op: 'join' | 'leave' | 'refuse' | 'invite' | 'close' | 'change' }>

const actOnPerson = (group: Group, actor: User, what: OnPerson, userExists: (user: User) => boolean): Expected => {
  const { op, user } = what
  const mine = roleOf(group, actor)
  if (op === 'role' || op === 'transfer') return mine === 'owner' ? give(group, actor, what) : refuse('forbidden')
  if (mine === 'member') return refuse('forbidden')
  if (user === actor) return refuse('forbidden')
  if (op === 'approve') return group.asking.has(user) ? enter(group, actor, user) : refuse('not_found')
  if (op === 'unban') {
    if (!group.banned.delete(user)) return refuse('not_found')
    return happen(group, actor, 'memberUnbanned')
  }
  const target = group.members.get(user)
  if (target === undefined) return op === 'ban' ? banStranger(group, actor, user, userExists) : refuse('not_found')
  if (rank[target.role] >= rank[mine]) return refuse('forbidden')
  switch (op) {
    case 'mute':
      target.isMuted = what.isOn
      return happen(group, actor, 'memberMuted')
    case 'kick': {
      const happened = happen(group, actor, 'memberRemoved')
      depart(group, user)
      return happened
    }
    case 'ban': {
      const happened = happen(group, actor, 'memberBanned')
      depart(group, user)
      group.banned.add(user)
      return happened
    }
  }
}

const banStranger = (group: Group, actor: User, user: User, userExists: (user: User) => boolean): Expected => {
  if (!userExists(user)) return refuse('no_such_user')
  for (const waiting of [group.invited, group.asking]) waiting.delete(user)
  for (const of of [group.banned, group.known]) of.add(user)
  return happen(group, actor, 'memberBanned')
}

/** Roles, by an owner. */
const give = (group: Group, actor: User, what: Extract<GroupAct, { readonly op: 'role' | 'transfer' }>): Expected => {
  const { user } = what
  if (what.op === 'transfer' && user === actor) return refuse('forbidden')
  const target = group.members.get(user)
  if (target === undefined) return refuse('not_found')
  if (what.op === 'transfer' && target.role === 'owner') return refuse('forbidden')
  if (what.op === 'transfer') {
    target.role = 'owner'
    const self = group.members.get(actor)
    if (self !== undefined) self.role = 'admin'
    return happen(group, actor, 'roleChanged', 'roleChanged')
  }
  const isAllowed = user === actor ? hasOtherOwner(group, actor) : target.role !== 'owner'
  if (!isAllowed) return refuse('forbidden')
  target.role = what.role
  return happen(group, actor, 'roleChanged')
}
