import type { RequestFrame } from '@chat/schemas/protocol'
import { effect } from './handler.ts'

/** `session.end`: one of the caller's sessions, or all but this one. PROTOCOL §2. */
export const sessionEnd = effect<'session.end'>((frame, { identity }, { ownAccount }) =>
  'session' in frame ? ownAccount.endSession(identity, frame.session) : ownAccount.endOthers(identity),
)

/** What ends the session it came by is answered before that ends, like `logout`. */
export const endsOwn = (frame: RequestFrame, sessionId: string): boolean =>
  frame.op === 'session.end' && 'session' in frame && frame.session === sessionId
