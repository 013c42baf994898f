import { write } from './handler.ts'
import { prepareRelation } from './relation.ts'

/** `friend.decline`: says no to a request. PROTOCOL §2. */
export const friendDecline = write<'friend.decline'>((frame, caller, services) =>
  prepareRelation(frame, caller, services, (envelope) => ({ type: 'DeclineFriend', ...envelope })),
)
