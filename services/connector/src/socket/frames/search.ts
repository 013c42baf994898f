import { ok, refused } from '../../answer.ts'
import { read } from './handler.ts'
import { pageOf } from './page.ts'
import { snippetOf } from './snippet.ts'

/** `search`: messages that say all words of the query, newest first. PROTOCOL §2. */
export const search = read<'search'>(async (frame, { identity }, { readModels }) => {
  const { after, limit } = pageOf(frame)
  const page = await readModels.search({
    user: identity.userId,
    query: frame.query,
    limit,
    ...(frame.conversation === undefined ? {} : { conversation: frame.conversation }),
    ...(after === undefined ? {} : { after }),
  })
  if (page === undefined) return refused('not_found')
  const items = page.items.map(({ conversation, seq, at, actor, text, highlights }) => ({
    ...{ conversation, seq, at: new Date(at).toISOString(), actor },
    ...snippetOf(text, highlights),
  }))
  return ok({ ...page, items })
})
