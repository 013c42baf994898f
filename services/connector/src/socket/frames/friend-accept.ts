import { write } from './handler.ts'
import { prepareRelation } from './relation.ts'

/** `friend.accept`: says yes to a request. PROTOCOL §2. */
export const friendAccept = write<'friend.accept'>((frame, caller, services) =>
  prepareRelation(frame, caller, services, (envelope) => ({ type: 'AcceptFriend', ...envelope })),
)
