import { directConversation } from '@chat/schemas'
import { refused } from '../../answer.ts'
import type { CommandDraft } from '../../ports.ts'
import type { Caller } from '../caller.ts'
import { clientMsgIdOf, refuseFutureId } from './client-msg-id.ts'
import type { FrameServices, Prepared } from './handler.ts'

/** When the read models are behind, ms: they are asked anew by then. */
const directoryRetryMs = 1000

interface About {
  readonly user: number
  readonly clientMsgId?: string
}

interface Envelope {
  readonly conversation: string
  readonly actor: number
  readonly device: string
  readonly clientMsgId: string
}

/** A command about the caller and another user, who must exist: friendship and blocks. With oneself there is neither. */
export const prepareRelation = (
  frame: About,
  { identity }: Caller,
  services: FrameServices,
  make: (envelope: Envelope) => CommandDraft,
): Prepared | Promise<Prepared> => {
  const future = refuseFutureId(frame.clientMsgId, services)
  if (future !== undefined) return future
  const { userId: actor, device } = identity
  if (frame.user === actor) return { refusal: refused('invalid', 'that is the caller') }
  const conversation = directConversation(actor, frame.user)
  const draft = make({ conversation, actor, device, clientMsgId: clientMsgIdOf(frame, services) })
  const exists = services.directory.allExist([frame.user])
  if (exists === true) return { draft }
  return exists.then((found) => {
    if (found === true) return { draft }
    return found === 'unavailable'
      ? { refusal: refused(found, undefined, directoryRetryMs), comesAgain: draft }
      : { refusal: refused(found) }
  })
}
