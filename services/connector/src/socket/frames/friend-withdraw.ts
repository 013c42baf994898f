import { write } from './handler.ts'
import { prepareRelation } from './relation.ts'

/** `friend.withdraw`: takes a request back. PROTOCOL §2. */
export const friendWithdraw = write<'friend.withdraw'>((frame, caller, services) =>
  prepareRelation(frame, caller, services, (envelope) => ({ type: 'WithdrawFriendRequest', ...envelope })),
)
