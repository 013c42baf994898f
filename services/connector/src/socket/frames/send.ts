import { directConversation, type MentionCandidates, parseConversation } from '@chat/schemas'
import { refused } from '../../answer.ts'
import type { CommandDraft, Identity } from '../../ports.ts'
import { refuseFutureId } from './client-msg-id.ts'
import { type FrameOf, type Prepared, write } from './handler.ts'
import { mayMention, mentionsOf } from './mentions.ts'

/** When the read models are behind, ms: they are asked anew by then. */
const directoryRetryMs = 1000

/** `send`: a message to a user or a conversation. PROTOCOL §2. */
export const send = write<'send'>((frame, { identity }, services) => {
  const future = refuseFutureId(frame.clientMsgId, services)
  if (future !== undefined) return future
  const target = targetOf(frame.to, identity.userId)
  if ('refusal' in target) return target
  const { conversation, peer } = target
  const { directory } = services
  const exists = peer === undefined ? true : directory.allExist([peer])
  const draft = (mentions: readonly MentionCandidates[]) => draftOf(frame, conversation, identity, mentions)
  if (exists === true && !mayMention(frame.body)) return { draft: draft([]) }
  return Promise.all([exists, mentionsOf(frame.body, directory)]).then(([found, mentions]) => {
    if (found === 'no_such_user') return { refusal: refused(found) }
    if (found === true && mentions !== 'unavailable') return { draft: draft(mentions) }
    return { refusal: refused('unavailable', undefined, directoryRetryMs), comesAgain: draft([]) }
  })
})

type Target =
  | { readonly conversation: string; readonly peer: number | undefined }
  | Extract<Prepared, { refusal: unknown }>

/** Of a direct conversation the peer must exist; other people's is refused like a group one is not a member of. */
const targetOf = (to: FrameOf<'send'>['to'], self: number): Target => {
  if ('user' in to) return { conversation: directConversation(self, to.user), peer: other(to.user, self) }
  const id = parseConversation(to.conversation)
  if (id?.kind !== 'direct') return { conversation: to.conversation, peer: undefined }
  if (id.lo !== self && id.hi !== self) return { refusal: refused('not_member') }
  return { conversation: to.conversation, peer: other(id.lo === self ? id.hi : id.lo, self) }
}

/** A conversation with oneself needs no looking up. */
const other = (user: number, self: number): number | undefined => (user === self ? undefined : user)

const draftOf = (
  frame: FrameOf<'send'>,
  conversation: string,
  { userId, device }: Identity,
  mentions: readonly MentionCandidates[],
): CommandDraft => ({
  type: 'PostMessage',
  conversation,
  actor: userId,
  device,
  clientMsgId: frame.clientMsgId,
  after: frame.after ?? null,
  body: Buffer.from(JSON.stringify(frame.body)),
  keyId: null,
  replyTo: frame.replyTo ?? null,
  mentions,
})
