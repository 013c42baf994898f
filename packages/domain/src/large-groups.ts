import type { LogEvent } from '@chat/schemas'
import type { Conversation } from './conversation.ts'
import type { UserId } from './decision.ts'
import { hasNoPlace } from './placeless.ts'

/** A group as an event of it finds its members: all of them get it. */
export interface GroupReach {
  readonly conversation: string
  /** Whom it is about: who came, went or is asked in hears of it himself, whatever is known of the group where he is. */
  readonly persons: readonly UserId[]
}

/**
 * How an event finds its audience. `each`: by everybody's place. `each_of_large`: the same, and connectors are told that the group is one to
 * register. `members`: by the connectors that registered it; they know their members.
 */
export type Way = 'each' | 'each_of_large' | 'members'

/** undefined: it is no event that all members of a group get. */
export const reachOf = (event: LogEvent, conversation: Conversation | undefined): GroupReach | undefined => {
  if (conversation?.kind !== 'group' || hasNoPlace(event) || !('conversation' in event)) return undefined
  return { conversation: event.conversation, persons: personsOf(event) }
}

const nobody: readonly UserId[] = []

const personsOf = (event: LogEvent): readonly UserId[] => {
  switch (event.type) {
    case 'MemberJoined':
    case 'MemberLeft':
    case 'MemberRemoved':
    case 'MemberBanned':
    case 'MemberInvited':
    case 'JoinRefused':
      return [event.user]
    default:
      return nobody
  }
}
