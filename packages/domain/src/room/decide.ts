import type { CreateRoom } from '@chat/schemas'
import type { Circumstances, GroupCommand } from '../conversation-command.ts'
import { accepted, type ConversationHappening, type Decision, rejected, unexpected } from '../decision.ts'
import { post } from '../message.ts'
import { actOnMessage, noPins, reportMessage } from '../message-acts.ts'
import type { Room } from './state.ts'

type Outcome = Decision<ConversationHappening>

/** Everybody may read all of it and nobody has to join, whatever else a group may say. */
export const createRoom = (command: CreateRoom, isNameTaken: boolean, nextId: number | undefined): Outcome => {
  if (isNameTaken) return rejected('name_taken')
  if (nextId === undefined) return rejected('unavailable')
  const { name, normalisedName, title, description, keyId } = command
  return accepted({
    ...{ type: 'GroupCreated', groupId: nextId, name, normalisedName, title, description, keyId },
    ...{ visibility: 'public', joinPolicy: 'open', history: 'all', members: [], membership: 'online' },
  })
}

/** Whoever may send a command exists, and so takes part. */
const everyone = { has: () => true }

/** What needs a role or a stay is refused: in a room nobody has either. */
export const decide = (command: GroupCommand, room: Room, { atMs, deletions }: Circumstances): Outcome => {
  if (room.isClosed) return rejected('forbidden')
  switch (command.type) {
    case 'PostMessage':
      return post(command, room.lastSeq, everyone)
    case 'EditMessage':
    case 'DeleteMessage':
    case 'AddReaction':
    case 'RemoveReaction': {
      const seat = { members: everyone, lastSeq: room.lastSeq, pins: noPins, isModerator: false }
      return actOnMessage(command, seat, deletions, Math.max(atMs, room.lastAtMs))
    }
    case 'ReportMessage':
      return reportMessage(command, room, deletions)
    case 'JoinGroup':
      return rejected('already_member')
    case 'ApproveJoin':
    case 'BanMember':
    case 'ChangeGroup':
    case 'ChangeRole':
    case 'CloseGroup':
    case 'InviteMembers':
    case 'LeaveGroup':
    case 'MuteMember':
    case 'PinMessage':
    case 'RefuseJoin':
    case 'RemoveMember':
    case 'TransferGroup':
    case 'UnbanMember':
    case 'UnpinMessage':
      return rejected('forbidden')
    default:
      return unexpected(command)
  }
}

/** An operator asks. */
export const closeRoom = ({ isClosed }: Room): Outcome =>
  isClosed ? rejected('forbidden') : accepted({ type: 'GroupClosed' })
