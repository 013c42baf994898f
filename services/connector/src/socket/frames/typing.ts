import { effect } from './handler.ts'

/** `typing`: the caller writes a message, or stopped. Never stored. PROTOCOL §2. */
export const typing = effect<'typing'>((frame, caller, { signals }) =>
  signals.typing(caller, frame.conversation, frame.isTyping),
)
