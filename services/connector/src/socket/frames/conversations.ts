import { ok } from '../../answer.ts'
import { conversationView } from './conversation.ts'
import { read } from './handler.ts'
import { pageOf } from './page.ts'

/** `conversations`: the caller's, newest first. PROTOCOL §2. */
export const conversations = read<'conversations'>(async (frame, { identity }, { readModels }) => {
  const { limit, after } = pageOf(frame)
  const page = await readModels.conversations(identity.userId, after, limit)
  return ok({ ...page, items: page.items.map(conversationView) })
})
