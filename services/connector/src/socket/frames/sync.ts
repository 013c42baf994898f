import { ok } from '../../answer.ts'
import { read } from './handler.ts'
import { syncQueryOf } from './sync-query.ts'

/** `sync` where there is no socket to push to: the page alone. On a socket it is catch-up.ts that answers. PROTOCOL §3. */
export const sync = read<'sync'>(async (frame, { identity }, { readModels }) =>
  ok({ ...(await readModels.sync(syncQueryOf(identity.userId, frame))) }),
)
