import { historyEventsDefault, historyEventsMax } from '@chat/schemas/protocol'
import { ok, refused } from '../../answer.ts'
import { read } from './handler.ts'

/** `history`: a page of a conversation's visible events. PROTOCOL §2. */
export const history = read<'history'>(async (frame, { identity }, { readModels }) => {
  const { conversation, before, after } = frame
  const page = await readModels.history({
    user: identity.userId,
    conversation,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
    limit: Math.min(frame.limit ?? historyEventsDefault, historyEventsMax),
  })
  return page === undefined ? refused('not_found') : ok({ ...page })
})
