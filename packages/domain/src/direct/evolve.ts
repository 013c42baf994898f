import type { GroupCreated, MemberJoined, MemberLeft, MessagePosted } from '@chat/schemas'
import { invariant } from '../decision.ts'
import type { Direct } from './state.ts'

export const evolve = (direct: Direct, event: GroupCreated | MemberJoined | MemberLeft | MessagePosted): Direct => {
  invariant(event.type === 'MessagePosted', `a direct conversation has no ${event.type}`)
  return { ...direct, lastSeq: event.seq, lastAtMs: event.at }
}
