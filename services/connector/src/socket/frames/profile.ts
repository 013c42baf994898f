import { clientMsgIdOf, refuseFutureId } from './client-msg-id.ts'
import { write } from './handler.ts'

/** `profile`: what others see of the caller. PROTOCOL §2. */
export const profile = write<'profile'>((frame, { identity }, services) => {
  const future = refuseFutureId(frame.clientMsgId, services)
  if (future !== undefined) return future
  const { displayName, about } = frame
  return {
    draft: {
      type: 'ChangeProfile',
      actor: identity.userId,
      device: identity.device,
      clientMsgId: clientMsgIdOf(frame, services),
      displayName: displayName === undefined ? null : Buffer.from(displayName),
      about: about === undefined ? null : Buffer.from(about),
      keyId: null,
    },
  }
})
