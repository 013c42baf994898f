import { directConversation, parseConversation } from '@chat/schemas'
import { refused } from '../../answer.ts'
import type { Identity } from '../../ports.ts'
import { refuseFutureId } from './client-msg-id.ts'
import { type FrameOf, type Prepared, write } from './handler.ts'

/** `send`: a message to a user or a conversation. PROTOCOL §2. */
export const send = write<'send'>((frame, { identity }, services) => {
  const future = refuseFutureId(frame.clientMsgId, services)
  if (future !== undefined) return future
  const target = targetOf(frame.to, identity.userId)
  if ('refusal' in target) return target
  const { conversation, peer } = target
  const exists = peer === undefined ? true : services.directory.allExist([peer])
  if (exists === true) return post(frame, conversation, identity)
  return exists.then((found) => (found === true ? post(frame, conversation, identity) : { refusal: refused(found) }))
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

const post = (frame: FrameOf<'send'>, conversation: string, { userId, device }: Identity): Prepared => ({
  draft: {
    type: 'PostMessage',
    conversation,
    actor: userId,
    device,
    clientMsgId: frame.clientMsgId,
    after: frame.after ?? null,
    body: Buffer.from(JSON.stringify(frame.body)),
    keyId: null,
    replyTo: frame.replyTo ?? null,
  },
})
