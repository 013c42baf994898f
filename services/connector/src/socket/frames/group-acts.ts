import type { RequestOp } from '@chat/schemas/protocol'
import { refused } from '../../answer.ts'
import type { CommandDraft } from '../../ports.ts'
import type { Caller } from '../caller.ts'
import { clientMsgIdOf, refuseFutureId } from './client-msg-id.ts'
import { type FrameOf, type FrameServices, type Prepared, write } from './handler.ts'

/** What one does to a group that one runs. Who may is for the router to say; nothing is looked up here. PROTOCOL §2. */

interface GroupFrame {
  readonly conversation: string
  readonly clientMsgId?: string
}

/** Who does it, and where: the same for every command to a group. A refusal: it is no group, or the id is from the future. */
export const sentToGroup = (frame: GroupFrame, { identity }: Caller, services: FrameServices) => {
  const future = refuseFutureId(frame.clientMsgId, services)
  if (future !== undefined) return future
  const { conversation } = frame
  if (!conversation.startsWith('g')) return { refusal: refused('invalid', 'this conversation is no group') }
  const { userId: actor, device } = identity
  return { sent: { conversation, actor, device, clientMsgId: clientMsgIdOf(frame, services) } }
}

type Sent = Extract<ReturnType<typeof sentToGroup>, { sent: unknown }>['sent']
type ActOp = Exclude<
  Extract<RequestOp, `group.${string}`>,
  'group.create' | 'group.join' | 'group.invite' | 'group.ban'
>

const act = <Op extends ActOp>(draftOf: (frame: FrameOf<Op>, sent: Sent) => CommandDraft) =>
  write<Op>((frame, caller, services): Prepared => {
    const found = sentToGroup(frame, caller, services)
    return 'refusal' in found ? found : { draft: draftOf(frame, found.sent) }
  })

export const groupLeave = act<'group.leave'>((_frame, sent) => ({ type: 'LeaveGroup', ...sent }))
export const groupApprove = act<'group.approve'>(({ user }, sent) => ({ type: 'ApproveJoin', ...sent, user }))
export const groupRefuse = act<'group.refuse'>(({ user }, sent) => ({ type: 'RefuseJoin', ...sent, user }))
export const groupKick = act<'group.kick'>(({ user }, sent) => ({ type: 'RemoveMember', ...sent, user }))
export const groupUnban = act<'group.unban'>(({ user }, sent) => ({ type: 'UnbanMember', ...sent, user }))
export const groupRole = act<'group.role'>(({ user, role }, sent) => ({ type: 'ChangeRole', ...sent, user, role }))
export const groupTransfer = act<'group.transfer'>(({ user }, sent) => ({ type: 'TransferGroup', ...sent, user }))
export const groupClose = act<'group.close'>((_frame, sent) => ({ type: 'CloseGroup', ...sent }))
export const groupMute = act<'group.mute'>(({ user, untilMs }, sent) => ({
  type: 'MuteMember',
  ...sent,
  user,
  untilMs,
}))
export const groupChange = act<'group.change'>((frame, sent) => ({
  type: 'ChangeGroup',
  ...sent,
  title: bytesOf(frame.title),
  description: bytesOf(frame.description),
  keyId: null,
  joinPolicy: frame.joinPolicy ?? null,
  history: frame.history ?? null,
  posting: frame.posting ?? null,
}))

const bytesOf = (text: string | undefined): Buffer | null => (text === undefined ? null : Buffer.from(text))
