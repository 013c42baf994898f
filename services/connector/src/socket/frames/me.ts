import { userBody } from '../../accounts/answers.ts'
import { ok, refused } from '../../answer.ts'
import { read } from './handler.ts'

/** `me`: the caller, and whether he is an operator. PROTOCOL §2. */
export const me = read<'me'>(async (_frame, { identity }, { directory }) => {
  const found = await directory.user(identity.userId)
  if (found === undefined || found === 'unavailable') return refused('unavailable')
  return ok({ user: userBody(found), ...(found.isOperator ? { operator: true } : {}) })
})
