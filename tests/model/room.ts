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
import type { GroupAct } from './group.ts'

/** An online room: everybody is in it, nobody runs it, and nothing in it is unread. */
export interface Room extends Conversation {
  readonly kind: 'room'
  isClosed: boolean
}

export const createRoom = (id: string, operator: User): Room => {
  const room: Room = { kind: 'room', ...emptyConversation(id), isClosed: false }
  happen(room, operator, 'groupCreated')
  return room
}

/** By an operator. */
export const closeRoom = (room: Room, operator: User): void => {
  happen(room, operator, 'groupClosed')
  room.isClosed = true
}

export const isRoom = (conversation: Conversation): boolean => 'kind' in conversation

export const sendToRoom = (room: Room, actor: User, text: string, replyTo: number | undefined): Expected =>
  room.isClosed ? refuse('forbidden') : post(room, actor, text, replyTo)

export const actInRoom = (room: Room, actor: User, what: Act): Expected => {
  if (room.isClosed || what.op === 'pin' || what.op === 'unpin') return refuse('forbidden')
  return act(room, actor, what, { message: room.messages.get(what.seq), mayDeleteAll: false })
}

/** What one does to a group that one runs, or joins and leaves. */
export const actOnRoom = (room: Room, what: GroupAct): Expected =>
  refuse(what.op === 'join' && !room.isClosed ? 'already_member' : 'forbidden')
