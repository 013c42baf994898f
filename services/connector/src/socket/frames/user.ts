import { normaliseName } from '@chat/schemas/protocol'
import { userBody } from '../../accounts/answers.ts'
import { ok, refused } from '../../answer.ts'
import { read } from './handler.ts'

/** `user`: by id or name. PROTOCOL §2. */
export const user = read<'user'>(async (frame, _caller, { directory }) => {
  const found = await ('id' in frame ? directory.user(frame.id) : directory.userByName(normaliseName(frame.name)))
  if (found === undefined) return refused('no_such_user')
  return found === 'unavailable' ? refused('unavailable') : ok({ user: userBody(found) })
})
