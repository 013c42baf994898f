import type { ConversationView } from '@chat/read-models'
import { ok, refused } from '../../answer.ts'
import { read } from './handler.ts'

/** `conversation`: one that the caller may see. PROTOCOL §2. */
export const conversation = read<'conversation'>(async (frame, { identity }, { readModels }) => {
  const view = await readModels.conversation(identity.userId, frame.conversation)
  return view === undefined ? refused('not_found') : ok({ conversation: conversationView(view) })
})

export const conversationView = (view: ConversationView) => ({ ...view, lastAt: new Date(view.lastAt).toISOString() })
