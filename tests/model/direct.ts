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

/** Two users, or one with himself: their messages, friendship and blocks. */
export interface Direct extends Conversation {
  readonly lo: User
  readonly hi: User
  readonly blockers: Set<User>
  areFriends: boolean
  /** Who asked and was not answered. */
  asking: User | undefined
}

export const createDirect = (one: User, other: User): Direct => {
  const [lo, hi] = one < other ? [one, other] : [other, one]
  return { ...emptyConversation(`d${lo}.${hi}`), lo, hi, blockers: new Set(), areFriends: false, asking: undefined }
}

export type FriendOp = 'request' | 'withdraw' | 'accept' | 'decline' | 'remove'

const isBlocked = ({ blockers }: Direct): boolean => blockers.size > 0

export const sendDirect = (direct: Direct, actor: User, text: string, replyTo: number | undefined): Expected =>
  isBlocked(direct) ? refuse('blocked') : post(direct, actor, text, replyTo)

export const actDirect = (direct: Direct, actor: User, what: Act): Expected => {
  if (what.op !== 'delete' && what.op !== 'report' && isBlocked(direct)) return refuse('blocked')
  return act(direct, actor, what, { message: direct.messages.get(what.seq), mayDeleteAll: false })
}

export const befriend = (direct: Direct, actor: User, op: FriendOp): Expected => {
  const { lo, hi, asking } = direct
  if (lo === hi) return refuse('invalid')
  const isAskedByOther = asking !== undefined && asking !== actor
  if ((op === 'request' || op === 'accept') && isBlocked(direct)) return refuse('blocked')
  switch (op) {
    case 'request':
      if (direct.areFriends) return refuse('already_friends')
      if (asking === actor) return refuse('too_many')
      if (isAskedByOther) return becomeFriends(direct, actor)
      direct.asking = actor
      return happen(direct, actor, 'friendRequested')
    case 'withdraw':
      return asking === actor ? answered(direct, actor, 'friendWithdrawn') : refuse('not_found')
    case 'accept':
      return isAskedByOther ? becomeFriends(direct, actor) : refuse('not_found')
    case 'decline':
      return isAskedByOther ? answered(direct, actor, 'friendDeclined') : refuse('not_found')
    case 'remove':
      if (!direct.areFriends) return refuse('not_friend')
      direct.areFriends = false
      return happen(direct, actor, 'friendRemoved')
  }
}

const becomeFriends = (direct: Direct, actor: User): Expected => {
  direct.areFriends = true
  return answered(direct, actor, 'friendAccepted')
}

const answered = (direct: Direct, actor: User, type: string): Expected => {
  direct.asking = undefined
  return happen(direct, actor, type)
}

/** Only he who blocks gets the event: it has no place in the sequence. */
export const block = (direct: Direct, actor: User, isOn: boolean): Expected => {
  if (direct.lo === direct.hi) return refuse('invalid')
  if (isOn) direct.blockers.add(actor)
  else direct.blockers.delete(actor)
  return { events: 0 }
}
