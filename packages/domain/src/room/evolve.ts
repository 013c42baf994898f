import type { GroupCreated } from '@chat/schemas'
import type { GroupEvent } from '../conversation-command.ts'
import { invariant, unexpected } from '../decision.ts'
import type { Room } from './state.ts'

/** What is not known to be online has members. */
export const isRoom = (event: GroupEvent): event is GroupCreated =>
  event.type === 'GroupCreated' && event.membership === 'online'

/** From its creation on. */
export const begin = ({ members, seq, at }: GroupCreated): Room => {
  invariant(members.length === 0, 'a room has no members')
  return { kind: 'room', isClosed: false, lastSeq: seq, lastAtMs: at }
}

export const evolve = (room: Room, event: GroupEvent): Room => {
  const place = { lastSeq: event.seq ?? room.lastSeq, lastAtMs: event.at }
  switch (event.type) {
    case 'MessagePosted':
    case 'MessageEdited':
    case 'MessageDeleted':
    case 'MessageReported':
    case 'ReactionAdded':
    case 'ReactionRemoved':
    case 'ReportResolved':
      return { ...room, ...place }
    case 'GroupClosed':
      return { ...room, ...place, isClosed: true }
    case 'GroupCreated':
    case 'GroupChanged':
    case 'GroupImported':
    case 'JoinRefused':
    case 'JoinRequested':
    case 'MemberBanned':
    case 'MemberInvited':
    case 'MemberJoined':
    case 'MemberLeft':
    case 'MemberMuted':
    case 'MemberRemoved':
    case 'MemberUnbanned':
    case 'MessagePinned':
    case 'MessageUnpinned':
    case 'RoleChanged':
      throw new Error(`a room has no ${event.type}`) // contained by the partition
    default:
      return unexpected(event)
  }
}
