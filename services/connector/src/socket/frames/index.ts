import type { RequestOp } from '@chat/schemas/protocol'
import { block } from './block.ts'
import { conversation } from './conversation.ts'
import { conversations } from './conversations.ts'
import { deleteMessage } from './delete.ts'
import { delivered } from './delivered.ts'
import { edit } from './edit.ts'
import { edits } from './edits.ts'
import { friendAccept } from './friend-accept.ts'
import { friendDecline } from './friend-decline.ts'
import { friendRemove } from './friend-remove.ts'
import { friendRequest } from './friend-request.ts'
import { friendWithdraw } from './friend-withdraw.ts'
import { friends } from './friends.ts'
import {
  groupApprove,
  groupChange,
  groupClose,
  groupKick,
  groupLeave,
  groupMute,
  groupRefuse,
  groupRole,
  groupTransfer,
  groupUnban,
} from './group-acts.ts'
import { groupBan } from './group-ban.ts'
import { groupCreate } from './group-create.ts'
import { groupInvite } from './group-invite.ts'
import { groupJoin } from './group-join.ts'
import type { EffectHandler, FrameOf, ReadHandler, WriteHandler } from './handler.ts'
import { history } from './history.ts'
import { me } from './me.ts'
import { members } from './members.ts'
import { passwordChange } from './password-change.ts'
import { pin, unpin } from './pin.ts'
import { ping } from './ping.ts'
import { popular } from './popular.ts'
import { presenceUnwatch } from './presence-unwatch.ts'
import { presenceWatchFrame } from './presence-watch.ts'
import { profile } from './profile.ts'
import { react, unreact } from './react.ts'
import { readFrame } from './read.ts'
import { report } from './report.ts'
import { search } from './search.ts'
import { send } from './send.ts'
import { sessionEnd } from './session-end.ts'
import { sessions } from './sessions.ts'
import { sync } from './sync.ts'
import { typing } from './typing.ts'
import { unblock } from './unblock.ts'
import { user } from './user.ts'
import { users } from './users.ts'

/** `hello` opens a connection and `logout` ends one: they belong to whoever holds it. */
type HandledOp = Exclude<RequestOp, 'hello' | 'logout'>
export type HandledFrame = FrameOf<HandledOp>

type Handler<F> = ReadHandler<F> | WriteHandler<F> | EffectHandler<F>

/** Every request frame and what answers it. */
const handlers: { readonly [Op in HandledOp]: Handler<FrameOf<Op>> } = {
  ping,
  send,
  edit,
  delete: deleteMessage,
  react,
  unreact,
  pin,
  unpin,
  report,
  edits,
  history,
  sync,
  conversations,
  conversation,
  members,
  users,
  user,
  me,
  profile,
  search,
  popular,
  delivered,
  read: readFrame,
  typing,
  'presence.watch': presenceWatchFrame,
  'presence.unwatch': presenceUnwatch,
  'group.create': groupCreate,
  'group.join': groupJoin,
  'group.leave': groupLeave,
  sessions,
  'session.end': sessionEnd,
  'password.change': passwordChange,
  friends,
  'friend.request': friendRequest,
  'friend.withdraw': friendWithdraw,
  'friend.accept': friendAccept,
  'friend.decline': friendDecline,
  'friend.remove': friendRemove,
  block,
  unblock,
  'group.change': groupChange,
  'group.invite': groupInvite,
  'group.approve': groupApprove,
  'group.refuse': groupRefuse,
  'group.kick': groupKick,
  'group.ban': groupBan,
  'group.unban': groupUnban,
  'group.mute': groupMute,
  'group.role': groupRole,
  'group.transfer': groupTransfer,
  'group.close': groupClose,
}

/** The table gives each op the handler of its own frame, which the compiler cannot follow through a look-up. */
export const handlerOf = (frame: HandledFrame): Handler<HandledFrame> => handlers[frame.op] as Handler<HandledFrame>
