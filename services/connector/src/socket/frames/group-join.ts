import { normaliseName } from '@chat/schemas/protocol'
import { refused } from '../../answer.ts'
import type { Identity } from '../../ports.ts'
import { clientMsgIdOf, refuseFutureId } from './client-msg-id.ts'
import { type Prepared, write } from './handler.ts'

/** `group.join`: by conversation, or by the name of a public group. PROTOCOL §2. */
export const groupJoin = write<'group.join'>((frame, { identity }, services) => {
  const future = refuseFutureId(frame.clientMsgId, services)
  if (future !== undefined) return future
  const clientMsgId = clientMsgIdOf(frame, services)
  if ('conversation' in frame) return join(frame.conversation, identity, clientMsgId)
  return services.directory.groupByName(normaliseName(frame.name)).then((found) => {
    if (found === undefined) return { refusal: refused('no_such_conversation') }
    if (found === 'unavailable') return { refusal: refused('unavailable') }
    return join(found, identity, clientMsgId)
  })
})

const join = (conversation: string, { userId, device }: Identity, clientMsgId: string): Prepared =>
  conversation.startsWith('g')
    ? { draft: { type: 'JoinGroup', conversation, actor: userId, device, clientMsgId } }
    : { refusal: refused('invalid', 'only a group can be joined') }
