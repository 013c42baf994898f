import { normaliseName } from '@chat/schemas/protocol'
import { userBody } from '../../accounts/answers.ts'
import { ok } from '../../answer.ts'
import { read } from './handler.ts'
import { pageOf } from './page.ts'

/** `users`: by name or display name. PROTOCOL §2. */
export const users = read<'users'>(async (frame, _caller, { readModels }) => {
  const { limit, after } = pageOf(frame)
  const page = await readModels.users(normaliseName(frame.query ?? ''), after, limit)
  return ok({ ...page, items: page.items.map(userBody) })
})
