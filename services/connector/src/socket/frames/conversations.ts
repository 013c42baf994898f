import { ok } from '../../answer.ts'
import { conversationView } from './conversation.ts'
import { read } from './handler.ts'
import { pageOf } from './page.ts'

/** `conversations`: the caller's, newest first; the first page with the groups that he is invited to. PROTOCOL §2. */
export const conversations = read<'conversations'>(async (frame, { identity }, { readModels, clock }) => {
  const { limit, after } = pageOf(frame)
  const page = await readModels.conversations(identity.userId, after, limit)
  return ok({
    ...page,
    items: page.items.map((view) => conversationView(view, clock)),
    invitations: page.invitations?.map((invitation) => ({
      ...invitation,
      at: new Date(invitation.at).toISOString(),
    })),
  })
})
