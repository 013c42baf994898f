import type { DeleteMessage, MentionCandidates } from '@chat/schemas'
import { parseConversation } from '@chat/schemas'
import { refused } from '../../answer.ts'
import type { CommandDraft } from '../../ports.ts'
import { clientMsgIdOf, refuseFutureId } from './client-msg-id.ts'
import type { FrameOf, FrameServices, Prepared, WriteHandler } from './handler.ts'
import { mentionsOf } from './mentions.ts'

type ActFrame = FrameOf<'edit' | 'delete' | 'react' | 'unreact' | 'pin' | 'unpin' | 'report'>

/** What every command about a message carries. */
export type AboutMessage = Omit<DeleteMessage, 'type' | 'replySlot' | 'replyEpoch' | 'request'>

/** When the read models are behind, ms: they are asked anew by then. */
const retryMs = 1000

/**
 * A write about a message that is there. Whose it is and since when never changes, so the read models are asked and the router is told
 * what they said and as of when; whether he may, and whether it is still there, the router decides.
 */
export const aboutMessage = <F extends ActFrame>(
  draftOf: (
    about: AboutMessage,
    frame: F,
    mentions: readonly MentionCandidates[],
    services: FrameServices,
  ) => CommandDraft,
): WriteHandler<F> => ({
  kind: 'write',
  prepare: async (frame, { identity }, services): Promise<Prepared> => {
    const future = refuseFutureId(frame.clientMsgId, services)
    if (future !== undefined) return future
    const { conversation, seq: message } = frame
    const { userId: actor, device } = identity
    const { directory } = services
    const exists = await directory.allExist(othersOf(conversation, actor))
    if (exists === 'no_such_user') return { refusal: refused(exists) }
    const clientMsgId = clientMsgIdOf(frame, services)
    const facts = await directory.message(actor, conversation, message)
    const known = facts === 'unavailable' ? nothingKnown : facts
    const mentions = 'body' in frame ? await mentionsOf(frame.body, directory) : []
    const meant = mentions === 'unavailable' ? [] : mentions
    const draft = draftOf({ conversation, actor, device, clientMsgId, message, ...known }, frame, meant, services)
    if (exists === true && facts !== 'unavailable' && mentions !== 'unavailable') return { draft }
    return { refusal: refused('unavailable', undefined, retryMs), comesAgain: draft }
  },
})

const nothingKnown = { author: null, postedAt: 0, asOf: 0 } as const

/** The other one of a direct conversation, who must exist; that of two others is not looked into. */
const othersOf = (conversation: string, self: number): readonly number[] => {
  const id = parseConversation(conversation)
  if (id?.kind !== 'direct' || (id.lo !== self && id.hi !== self)) return []
  const other = id.lo === self ? id.hi : id.lo
  return other === self ? [] : [other]
}
