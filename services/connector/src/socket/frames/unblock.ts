import { write } from './handler.ts'
import { prepareRelation } from './relation.ts'

/** `unblock`: takes a block back. PROTOCOL §2. */
export const unblock = write<'unblock'>((frame, caller, services) =>
  prepareRelation(frame, caller, services, (envelope) => ({ type: 'UnblockUser', ...envelope })),
)
