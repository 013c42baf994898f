import { userBody } from '../../accounts/answers.ts'
import { ok, refused } from '../../answer.ts'
import { read } from './handler.ts'
import { pageOf } from './page.ts'

/** `members`: of a conversation that the caller is in. PROTOCOL §2. */
export const members = read<'members'>(async (frame, { identity }, { readModels }) => {
  const { limit, after } = pageOf(frame)
  const page = await readModels.members(identity.userId, frame.conversation, after, limit)
  if (page === undefined) return refused('not_found')
  return ok({ ...page, items: page.items.map((member) => ({ ...member, user: userBody(member.user) })) })
})
