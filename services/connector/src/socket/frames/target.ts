import { directConversation } from '@chat/schemas'
import type { RequestFrame } from '@chat/schemas/protocol'

/** The conversation that a frame names, before anything is looked up; undefined: it names none, or only by a name. */
export const targetOf = (frame: RequestFrame, self: number): string | undefined => {
  if (frame.op === 'send') return 'user' in frame.to ? directConversation(self, frame.to.user) : frame.to.conversation
  return 'conversation' in frame ? frame.conversation : undefined
}
