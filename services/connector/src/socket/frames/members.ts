import { userBody } from '../../accounts/answers.ts'
import { ok, refused } from '../../answer.ts'
import { mutedUntil } from './conversation.ts'
import { read } from './handler.ts'
import { pageOf } from './page.ts'

/** `members`: of a conversation that the caller is in and that has some, with who is online now. PROTOCOL §2. */
export const members = read<'members'>(async (frame, { identity }, { readModels, whoIsOnline, clock }) => {
  const { limit, after } = pageOf(frame)
  const page = await readModels.members(identity.userId, frame.conversation, after, limit)
  if (page === undefined) return refused('not_found')
  if (page === 'not_kept')
    return refused('forbidden', 'everybody takes part in an online room: there is no list of its members')
  const online = await whoIsOnline(
    page.items.map(({ user }) => user.id),
    identity.userId,
  )
  const { requests } = page
  return ok({
    ...page,
    items: page.items.map((member) => ({
      ...member,
      user: userBody(member.user),
      ...(online === undefined ? {} : { online: online.has(member.user.id) }),
      mutedUntil: mutedUntil(member, clock),
    })),
    requests: requests?.map(({ user, at }) => ({ user: userBody(user), at: new Date(at).toISOString() })),
  })
})
