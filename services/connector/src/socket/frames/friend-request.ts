import { write } from './handler.ts'
import { prepareRelation } from './relation.ts'

/** `friend.request`: asks another user to be friends; when that one asked before, they are. PROTOCOL §2. */
export const friendRequest = write<'friend.request'>((frame, caller, services) =>
  prepareRelation(frame, caller, services, (envelope) => ({
    type: 'RequestFriend',
    ...envelope,
    note: Buffer.from(frame.note ?? ''),
    keyId: null,
  })),
)
