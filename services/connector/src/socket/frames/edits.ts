import { ok, refused } from '../../answer.ts'
import { read } from './handler.ts'
import { pageOf } from './page.ts'

/** `edits`: what a message said, from its posting on. PROTOCOL §2. */
export const edits = read<'edits'>(async (frame, { identity }, { readModels }) => {
  const { limit, after } = pageOf(frame)
  const { conversation, seq } = frame
  const place = /^\d{1,10}$/.test(after ?? '') ? { after: Number(after) } : {}
  const page = await readModels.edits({ user: identity.userId, conversation, seq, limit, ...place })
  if (page === undefined) return refused('not_found')
  return page === 'no_such_message' ? refused(page) : ok({ ...page })
})
