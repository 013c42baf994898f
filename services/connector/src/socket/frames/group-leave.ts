import { refused } from '../../answer.ts'
import { clientMsgIdOf, refuseFutureId } from './client-msg-id.ts'
import { write } from './handler.ts'

/** `group.leave`. PROTOCOL §2. */
export const groupLeave = write<'group.leave'>((frame, { identity }, services) => {
  const future = refuseFutureId(frame.clientMsgId, services)
  if (future !== undefined) return future
  const { conversation } = frame
  if (!conversation.startsWith('g')) return { refusal: refused('invalid', 'only a group can be left') }
  const clientMsgId = clientMsgIdOf(frame, services)
  return { draft: { type: 'LeaveGroup', conversation, actor: identity.userId, device: identity.device, clientMsgId } }
})
