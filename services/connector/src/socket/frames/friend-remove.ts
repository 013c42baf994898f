import { write } from './handler.ts'
import { prepareRelation } from './relation.ts'

/** `friend.remove`: ends a friendship. PROTOCOL §2. */
export const friendRemove = write<'friend.remove'>((frame, caller, services) =>
  prepareRelation(frame, caller, services, (envelope) => ({ type: 'RemoveFriend', ...envelope })),
)
