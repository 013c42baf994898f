import { ok } from '../../answer.ts'
import { hasSocket } from '../caller.ts'
import { effect } from './handler.ts'

/** `presence.unwatch`: no more pushes of these, or of anybody. PROTOCOL §2. */
export const presenceUnwatch = effect<'presence.unwatch'>((frame, caller, { presenceWatch }) => {
  if (hasSocket(caller)) presenceWatch.unwatch(caller, frame.users)
  return ok({})
})
